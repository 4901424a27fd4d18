//! The pages of headquarters as people use them: in a real browser, while a night runs.
//!
//! In: the real program, which serves a small synthetic nation. Out: what moves, what a keyboard
//! reaches, what a screen reader is told, what the console says; pictures in `target/pages`.
//! Never: a look into the program's memory.

mod desk;
mod kit;
mod live;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::browser::kit::{Browser, Wish, browse};
use crate::kit::{run, text};
use crate::serve::kit::Server;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// Every view, without its language.
const VIEWS: [&str; 12] = [
    "/",
    "/province/3",
    "/county/0",
    "/district/tehran",
    "/district/city-00-001",
    "/stations",
    "/stations?state=all&province=3",
    "/reception",
    "/corrections",
    "/search?q=%D8%AA%D9%87%D8%B1%D8%A7%D9%86",
    "/wall",
    "/wall?views=%2F,%2Fdistrict%2Ftehran&seconds=600&at=1",
];

/// A nation whose stations have sealed, and a server to which they have sent nothing yet.
struct Night {
    _folder: tempfile::TempDir,
    sealed: PathBuf,
    server: Server,
}

fn night() -> Night {
    let folder = tempfile::tempdir().unwrap();
    let sealed = folder.path().join("sealed");
    let out = text(&sealed).to_owned();
    let (code, _, stderr) = run(["generate", "--ballots", "100000", "--signed", "--out", &out]);
    assert_eq!(code, 0, "{stderr}");
    let server = Server::start(&sealed.join("election"), &folder.path().join("data"), &[]);
    Night { _folder: folder, sealed, server }
}

impl Night {
    /// Sends everything at so many batches a second, beside whoever looks.
    fn send(&self, rate: &str) -> std::thread::JoinHandle<()> {
        let (sealed, url) = (self.sealed.clone(), format!("http://{}", self.server.address));
        let rate = rate.to_owned();
        std::thread::spawn(move || replay(&sealed, &url, &rate))
    }

    /// Sends everything, and waits until it is counted.
    fn send_all(&self) {
        replay(&self.sealed, &format!("http://{}", self.server.address), "20000");
        self.server.caught_up();
    }
}

fn replay(sealed: &Path, url: &str, rate: &str) {
    let (code, stdout, stderr) = run(["replay", text(sealed), "--to", url, "--rate", rate]);
    assert_eq!(code, 0, "{stdout}{stderr}");
}

/// The number of records that the page names, in whatever digits.
const RECORDS: &str =
    "return Number([...document.querySelector('.asof span:nth-child(2)').textContent]
    .map((digit) => '۰۱۲۳۴۵۶۷۸۹'.includes(digit) ? '۰۱۲۳۴۵۶۷۸۹'.indexOf(digit) : digit)
    .join('').replace(/\\D/g, ''))";

#[test]
fn numbers_move_on_an_open_page_while_a_night_runs() {
    let night = night();
    let address = night.server.address.clone();
    browse("numbers_move", &address, Wish::default(), async |browser: Browser| {
        browser.open("/").await;
        assert_eq!(browser.path().await, "/fa/", "Persian first");
        let script = "return ['navigation', 'resource']
            .flatMap((own) => performance.getEntriesByType(own))
            .reduce((sum, own) => sum + own.transferSize, 0)";
        let bytes = browser.ask(script).await.as_u64().unwrap();
        assert!((10_000..100_000).contains(&bytes), "{bytes} bytes before all is seen");
        assert_eq!(browser.ask(RECORDS).await, 0);
        // A page that loads itself again would forget this.
        browser.ask("window.neverLoadedAgain = true").await;
        let sender = night.send("300");
        browser
            .until(
                "some records",
                &format!("const seen = (() => {{ {RECORDS} }})(); return seen > 0 && seen < 1000"),
            )
            .await;
        browser.picture("nation-while-it-runs").await;
        sender.join().unwrap();
        let all = night.server.caught_up()["position"].as_u64().unwrap();
        browser.until("all records", &format!("return (() => {{ {RECORDS} }})() === {all}")).await;
        browser
            .until(
                "a complete nation",
                "return document.querySelector('[data-live=\"n.in\"]').textContent === '۱۰۰٫۰۰٪'",
            )
            .await;
        assert_eq!(browser.ask("return window.neverLoadedAgain").await, Value::Bool(true));
        // What the page says is what the count says.
        let (_, tally) = night.server.get("/v1/tally");
        let tally: Value = serde_json::from_str(&tally).unwrap();
        browser.open("/en/district/tehran").await;
        let valid = browser
            .ask_text("return document.querySelector('table.persons caption').textContent")
            .await;
        let tehran = tally["districts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|own| own["district"] == "tehran")
            .unwrap();
        let expected = tehran["ballots"]["valid"].as_u64().unwrap();
        let said: String = valid.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(said, expected.to_string());
        browser.assert_quiet("the night").await;
        browser
    });
}

#[test]
fn every_view_is_clean_and_accessible_in_both_languages_light_and_dark() {
    let night = night();
    night.send_all();
    let address = night.server.address.clone();
    for is_dark in [false, true] {
        let wish = Wish { is_dark, ..Wish::default() };
        browse("every_view", &address, wish, async |browser: Browser| {
            for (language, direction) in [("fa", "rtl"), ("en", "ltr")] {
                for view in VIEWS {
                    let path = format!("/{language}{view}");
                    browser.open(&path).await;
                    let html = "const html = document.documentElement; return html.lang + html.dir";
                    assert_eq!(browser.ask_text(html).await, format!("{language}{direction}"));
                    let wide = browser
                        .ask("return document.documentElement.scrollWidth - innerWidth")
                        .await;
                    assert!(
                        wide.as_i64().is_some_and(|wide| wide <= 0),
                        "{path} is {wide} too wide"
                    );
                    // Structure is that of the language, contrast that of the shade: two of four.
                    if is_dark == (language == "en") {
                        browser.assert_accessible(&path).await;
                    }
                    browser.assert_quiet(&path).await;
                    let name: String = view
                        .chars()
                        .map(|own| if own.is_ascii_alphanumeric() { own } else { '-' })
                        .collect();
                    let shade = if is_dark { "dark" } else { "light" };
                    browser
                        .picture(&format!("{language}-{shade}{}", name.trim_end_matches('-')))
                        .await;
                }
            }
            browser
        });
    }
}

#[test]
fn a_stranger_finds_who_won_and_why_in_three_clicks_also_with_arabic_letters() {
    let night = night();
    night.send_all();
    let address = night.server.address.clone();
    browse(
        "three_clicks",
        &address,
        Wish { width: 390, height: 844, ..Wish::default() },
        async |browser: Browser| {
            browser.open("/fa/").await;
            let narrow =
                browser.ask("return document.documentElement.scrollWidth <= innerWidth").await;
            assert_eq!(narrow, Value::Bool(true), "a phone shows all of it");
            // Somebody elected in Tehran, as the page names them, typed with Arabic letters.
            let name =
                browser.ask_text("return document.querySelector('.names bdi').textContent").await;
            let typed = name.replace('ی', "ي").replace('ک', "ك").replace(' ', "\u{200c}");
            assert!(!name.is_empty());
            browser.ask("document.getElementById('q').focus()").await;
            browser.press(&typed).await;
            browser.press(ENTER).await;
            browser.until("what was found", "return location.pathname === '/fa/search' && !!document.querySelector('.found a')").await;
            browser.picture("phone-search").await;
            let find = format!(
                "return [...document.querySelectorAll('.found a')].find((own) => own.textContent === '{name}' && own.href.endsWith('/district/tehran'))?.click() ?? true"
            );
            browser.ask(&find).await;
            browser
                .until("the district", "return location.pathname === '/fa/district/tehran'")
                .await;
            browser.ask(&format!("[...document.querySelectorAll('#why tr')].find((row) => row.textContent.includes('{name}')).querySelector('summary').click()")).await;
            let why = browser
                .ask_text("return document.querySelector('#why details[open] .steps').textContent")
                .await;
            assert!(why.contains("۲۴"), "the article stands in the reason: {why}");
            browser.picture("phone-why").await;
            browser.assert_quiet("three clicks").await;
            browser
        },
    );
}

/// Type in the tiles of the map, in pixels: the smallest name, the smallest number, and the widest
/// name in hundredths of a tile.
const MAP_TYPE: &str = "const [names, numbers, tiles] = ['.name', '.number', '.tile']
        .map((own) => [...document.querySelectorAll('.map ' + own)]);
    const scale = document.querySelector('.map').getScreenCTM().a;
    const size = (own) => parseFloat(getComputedStyle(own).fontSize) * scale;
    const tile = tiles[0].getBoundingClientRect().width;
    return [Math.min(...names.map(size)), Math.min(...numbers.map(size)),
        Math.max(...names.map((own) => own.getBoundingClientRect().width / tile * 100))]
        .map(Math.round)";

#[test]
fn every_view_fits_a_phone_and_its_map_can_be_read() {
    let night = night();
    night.send_all();
    let address = night.server.address.clone();
    let wish = Wish { width: 390, height: 844, ..Wish::default() };
    browse("phone", &address, wish, async |browser: Browser| {
        for language in ["fa", "en"] {
            for view in VIEWS {
                let path = format!("/{language}{view}");
                browser.open(&path).await;
                let fits = "const own = document.documentElement;
                    return own.scrollWidth <= own.clientWidth && own.clientWidth === 390";
                assert_eq!(browser.ask(fits).await, Value::Bool(true), "{path}");
                assert_eq!(browser.ask(desk::BEYOND).await, serde_json::json!([]), "{path}");
            }
            browser.open(&format!("/{language}/")).await;
            let sizes = browser.ask(MAP_TYPE).await;
            let size = |at: usize| sizes[at].as_u64().unwrap();
            assert!(size(0) >= 9 && size(1) >= 12 && size(2) <= 100, "{language}: {sizes}");
            browser.ask("document.querySelector('.map').scrollIntoView()").await;
            browser.picture(&format!("phone-map-{language}")).await;
        }
        browser
    });
}

#[test]
fn the_keyboard_alone_reaches_every_view_and_the_other_language() {
    let night = night();
    night.send_all();
    let address = night.server.address.clone();
    browse("keyboard", &address, Wish::default(), async |browser: Browser| {
        browser.open("/fa/").await;
        browser.press(TAB).await;
        assert_eq!(browser.ask_text("return document.activeElement.className").await, "skip");
        browser.press(ENTER).await;
        assert_eq!(browser.ask_text("return document.activeElement.id").await, "main");
        for (view, path) in [
            ("/fa/stations?state=missing", "/fa/stations?state=missing"),
            ("/fa/reception", "/fa/reception"),
            ("/fa/corrections", "/fa/corrections"),
            ("/fa/wall", "/fa/wall"),
            ("/fa/province/3", "/fa/province/3"),
            ("/fa/district/tehran", "/fa/district/tehran"),
            ("/en/", "/en/"),
        ] {
            browser.open("/fa/").await;
            let is_at = format!(
                "const own = document.activeElement; return own.getAttribute('href') === '{view}'"
            );
            let mut steps = 0;
            while browser.ask(&is_at).await != Value::Bool(true) {
                browser.press(TAB).await;
                steps += 1;
                assert!(steps < 120, "no key reaches {view}");
                let seen = browser.ask("const own = document.activeElement; return own === document.body || own.getClientRects().length > 0").await;
                assert_eq!(seen, Value::Bool(true), "the focus is on something that is seen");
            }
            browser.press(ENTER).await;
            browser
                .until(path, &format!("return location.pathname + location.search === '{path}'"))
                .await;
        }
        // Switching keeps the view.
        browser.open("/fa/district/tehran").await;
        browser.ask("document.querySelector('.switches a').click()").await;
        browser.until("the other language", "return location.pathname === '/en/district/tehran' && document.documentElement.dir === 'ltr'").await;
        browser.assert_quiet("the keyboard").await;
        browser
    });
}

#[test]
fn without_script_a_page_is_whole_and_loads_itself_again() {
    let night = night();
    night.send_all();
    let address = night.server.address.clone();
    browse(
        "without_script",
        &address,
        Wish { has_script: false, ..Wish::default() },
        async |browser: Browser| {
            browser.open("/fa/").await;
            // Where no script may run the driver can be back before the page is there.
            let figure = fantoccini::Locator::Css(".figure .value");
            let figures = browser.client.wait().for_element(figure).await.unwrap();
            assert_eq!(figures.text().await.unwrap(), "۱۰۰٫۰۰٪");
            let source = browser.client.source().await.unwrap();
            assert!(source.contains("http-equiv=\"refresh\""), "it loads itself again: {source}");
            let theme = browser.client.find(fantoccini::Locator::Id("theme")).await.unwrap();
            assert!(
                !theme.is_displayed().await.unwrap(),
                "what only a script can do is not offered"
            );
            let district = browser
                .client
                .find(fantoccini::Locator::Css("a[href='/fa/district/tehran']"))
                .await
                .unwrap();
            district.click().await.unwrap();
            let why = browser.client.find(fantoccini::Locator::Css("#why summary")).await.unwrap();
            why.click().await.unwrap();
            let steps = browser
                .client
                .find(fantoccini::Locator::Css("#why details[open] .steps"))
                .await
                .unwrap();
            assert!(steps.is_displayed().await.unwrap());
            browser.picture("without-script").await;
            browser
        },
    );
}

#[test]
fn a_wall_screen_turns_by_itself_and_by_keys_and_can_be_stopped() {
    let night = night();
    night.send_all();
    let address = night.server.address.clone();
    browse(
        "wall",
        &address,
        Wish { width: 1920, height: 1080, ..Wish::default() },
        async |browser: Browser| {
            browser.open("/fa/wall?views=%2F,%2Fdistrict%2Ftehran,%2Freception&seconds=5").await;
            browser.picture("wall").await;
            // A hall sees the figures, the map and the contests at once, and all of the rest later.
            let fits = "return [...document.querySelectorAll('.figures, .map, .two table')]
                .every((own) => own.getBoundingClientRect().bottom <= innerHeight)";
            assert_eq!(browser.ask(fits).await, Value::Bool(true), "the first screen has it");
            let scrolled = "return document.documentElement.scrollTop > 300";
            browser.until("the rest of a long view", scrolled).await;
            let at = |at: u32| {
                format!("return new URLSearchParams(location.search).get('at') === '{at}'")
            };
            browser.until("the next view, by itself", &at(1)).await;
            browser.picture("wall-district").await;
            browser.press(" ").await;
            browser
                .until("a stop", "return new URLSearchParams(location.search).has('paused')")
                .await;
            tokio::time::sleep(std::time::Duration::from_secs(6)).await;
            assert_eq!(browser.ask(&at(1)).await, Value::Bool(true), "stopped is stopped");
            // Right to left: ahead is to the left.
            browser.press("\u{e012}").await;
            browser.until("the third view", &at(2)).await;
            browser.press("\u{e014}").await;
            browser.until("back again", &at(1)).await;
            // A key that belongs to the browser turns nothing.
            browser.ask("dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', altKey: true }))").await;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            assert_eq!(browser.ask(&at(1)).await, Value::Bool(true));
            browser.assert_quiet("the wall").await;
            // Nothing to turn to: the hall keeps the page, and reads why it stands still.
            night.server.kill();
            browser.press("\u{e012}").await;
            let lost = "return document.getElementById('lost').textContent !== ''";
            browser.until("a word of it", lost).await;
            assert_eq!(browser.ask(&at(1)).await, Value::Bool(true), "our page, not an error");
            browser
        },
    );
}
