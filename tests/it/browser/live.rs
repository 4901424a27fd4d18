//! Open pages while things go wrong: connections break, servers change, people go back and read on.
//!
//! In: the real program, stopped and started under open pages. Out: numbers that move again, or a
//! word that they do not; a reader who keeps their place. Never: a page that stands still in
//! silence.

use std::io::Write;
use std::net::TcpStream;

use serde_json::Value;

use super::kit::{Browser, Wish, browse};
use super::{Night, RECORDS, night};
use crate::serve::kit::Server;

/// The page shows so many records.
async fn until_records(browser: &Browser, records: u64) {
    let all = format!("return (() => {{ {RECORDS} }})() === {records}");
    browser.until(&format!("{records} records"), &all).await;
}

/// What is said of the connection.
const LOST: &str = "return document.getElementById('lost').textContent";

async fn until_lost(browser: &Browser, is_lost: bool) {
    let script = format!("return ((() => {{ {LOST} }})() !== '') === {is_lost}");
    browser.until(&format!("lost: {is_lost}"), &script).await;
}

impl Night {
    fn records(&self) -> u64 {
        self.server.caught_up()["position"].as_u64().unwrap()
    }
}

#[test]
fn numbers_that_move_take_nothing_from_whoever_reads() {
    let night = night();
    let address = night.server.address.clone();
    let wish = Wish { width: 390, height: 844, ..Wish::default() };
    browse("reading_on", &address, wish, async |browser: Browser| {
        browser.open("/en/district/tehran").await;
        let sender = night.send("25");
        // The first chunk is shown with the second one.
        let is_there = "return document.querySelector('.seat.leading') !== null &&
            document.querySelector('#others') !== null";
        browser.until("votes", is_there).await;
        browser
            .ask(
                "window.before = document.querySelector('[data-live=district]').textContent;
                document.getElementById('all-steps').open = true;
                document.querySelector('#all-steps summary').focus();
                window.table = document.querySelector('section[aria-labelledby=votes] .scroll');
                window.table.scrollLeft = 60;
                window.heading = document.getElementById('votes');
                getSelection().selectAllChildren(window.heading)",
            )
            .await;
        let moved = "return document.querySelector('[data-live=district]').textContent
            .replace(/\\s/g, '') !== window.before.replace(/\\s/g, '')";
        browser.until("other votes", moved).await;
        sender.join().unwrap();
        until_records(&browser, night.records()).await;
        for (what, script) in [
            ("unfolded", "return document.getElementById('all-steps').open"),
            (
                "focus",
                "return document.activeElement === document.querySelector('#all-steps summary')",
            ),
            ("scrolled", "return window.table.isConnected && window.table.scrollLeft === 60"),
            ("selected", "return window.heading.isConnected && !getSelection().isCollapsed"),
        ] {
            assert_eq!(browser.ask(script).await, Value::Bool(true), "{what}");
        }
        // What the page has become is what the server says it is.
        browser
            .ask(
                "window.same = null; fetch(location.href, { headers: { accept: 'text/html' } })
                .then((answer) => answer.text()).then((text) => {
                    const own = new DOMParser().parseFromString(text, 'text/html');
                    const html = (page) => page.querySelector('[data-live=district]').innerHTML
                        .replaceAll(' open=\"\"', '');
                    window.same = html(own) === html(document);
                })",
            )
            .await;
        browser.until("the same page", "return window.same === true").await;
        browser.assert_quiet("reading on").await;
        browser
    });
}

#[test]
fn a_partial_district_is_told_as_such_to_everybody() {
    let night = night();
    let address = night.server.address.clone();
    browse("partial", &address, Wish::default(), async |browser: Browser| {
        let sender = night.send("100");
        browser.open("/fa/district/tehran").await;
        browser.until("seats", "return document.querySelector('.seat.leading') !== null").await;
        // As it is at a moment, whatever comes.
        browser.ask("document.getElementById('hold').click()").await;
        let text = browser.ask_text("return document.getElementById('main').textContent").await;
        assert!(text.contains("پیشتاز") && !text.contains("منتخبان"), "{text}");
        let said = "return document.querySelector('.hemicycle').getAttribute('aria-label')";
        assert!(browser.ask_text(said).await.contains("هنوز کسی منتخب نیست"));
        assert_eq!(browser.ask("return document.querySelectorAll('.won').length").await, 0);
        browser.assert_accessible("a partial district").await;
        browser.picture("district-partial").await;
        // Stopped by whoever reads, and said to be; then it goes on.
        let stopped = browser.ask(RECORDS).await.as_u64().unwrap();
        sender.join().unwrap();
        let all = night.records();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(browser.ask(RECORDS).await, stopped, "it stands still");
        assert!(!browser.ask_text(LOST).await.is_empty() && stopped < all);
        browser.ask("document.getElementById('hold').click()").await;
        until_records(&browser, all).await;
        assert_eq!(browser.ask_text(LOST).await, "");
        browser.assert_quiet("a partial district").await;
        browser
    });
}

#[test]
fn going_back_and_looking_away_ends_no_page() {
    let night = night();
    let address = night.server.address.clone();
    browse("back", &address, Wish::default(), async |browser: Browser| {
        browser.open("/fa/").await;
        let link = "document.querySelector('nav a[href=\"/fa/reception\"]').click()";
        browser.ask(link).await;
        browser.until("another page", "return location.pathname === '/fa/reception'").await;
        browser.client.back().await.unwrap();
        browser.until("the page before", "return location.pathname === '/fa/'").await;
        night.send_all();
        let all = night.records();
        until_records(&browser, all).await;
        // A page that nobody sees holds no connection; seen again, it has everything.
        let look = |is_hidden: bool| {
            format!(
                "Object.defineProperty(document, 'hidden', {{ value: {is_hidden}, configurable: true }});
                document.dispatchEvent(new Event('visibilitychange'))"
            )
        };
        browser.ask(&look(true)).await;
        browser.ask("document.querySelector('.asof span').textContent = 'old'").await;
        tokio::time::sleep(std::time::Duration::from_secs(7)).await;
        let first = "return document.querySelector('.asof span').textContent";
        assert_eq!(browser.ask_text(first).await, "old");
        browser.ask(&look(false)).await;
        until_records(&browser, all).await;
        browser.assert_quiet("back").await;
        browser
    });
}

#[test]
fn a_page_outlives_its_server_and_never_shows_another_election() {
    let first = night();
    let Night { _folder: folder, sealed, server } = first;
    let address = server.address.clone();
    browse("restart", &address, Wish::default(), async |browser: Browser| {
        browser.open("/en/").await;
        browser.ask("window.neverLoadedAgain = true").await;
        until_lost(&browser, false).await;
        server.kill();
        until_lost(&browser, true).await;
        browser.picture("lost").await;
        let data = folder.path().join("data");
        let server = Server::start_at(&address, &sealed.join("election"), &data, &[]);
        let night = Night { _folder: folder, sealed, server };
        night.send_all();
        until_records(&browser, night.records()).await;
        until_lost(&browser, false).await;
        assert_eq!(browser.ask("return window.neverLoadedAgain").await, Value::Bool(true));
        // Another election at the same address: not a number of it under this title.
        night.server.kill();
        let keyed = crate::keyed::Keyed::new("official");
        let (election, data) = (keyed.path("election"), keyed.path("data"));
        let _other = Server::start_at(&address, &election, &data, &[]);
        let is_other = "return document.querySelector('.of').textContent === 'A test' &&
            window.neverLoadedAgain === undefined && document.querySelector('.test') === null";
        browser.until("the other election, as a page of its own", is_other).await;
        until_lost(&browser, false).await;
        browser
    });
}

#[test]
fn without_a_stream_a_page_fetches_itself_and_says_so() {
    let mut night = night();
    let config = night.sealed.with_file_name("serve.toml");
    std::fs::write(&config, "streams_per_address_max = 1\n").unwrap();
    let data = night.sealed.with_file_name("other-data");
    let more = ["--config", crate::kit::text(&config)];
    night.server = Server::start(&night.sealed.join("election"), &data, &more);
    let address = night.server.address.clone();
    browse("refused", &address, Wish::default(), async |browser: Browser| {
        let mut taken = TcpStream::connect(&address).unwrap();
        let head = "GET /en/ HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n";
        taken.write_all(head.as_bytes()).unwrap();
        std::io::Read::read_exact(&mut taken, &mut [0; 100]).unwrap();
        browser.open("/en/").await;
        until_lost(&browser, true).await;
        night.send_all();
        until_records(&browser, night.records()).await;
        let is_told = "return document.getElementById('lost').textContent.includes('15 seconds')";
        browser.until("that the page fetches itself", is_told).await;
        drop(taken);
        until_lost(&browser, false).await;
        browser
    });
}

#[test]
fn a_connection_that_says_nothing_is_told_and_comes_back() {
    let night = night();
    let address = night.server.address.clone();
    browse("silence", &address, Wish::default(), async |browser: Browser| {
        browser.open("/en/").await;
        // Idle, and heard: longer than the silence that is taken for a loss.
        tokio::time::sleep(std::time::Duration::from_secs(22)).await;
        assert_eq!(browser.ask_text(LOST).await, "");
        // Nothing is closed, and nobody answers.
        night.server.signal("-STOP");
        until_lost(&browser, true).await;
        night.server.signal("-CONT");
        until_lost(&browser, false).await;
        browser.assert_quiet("silence").await;
        browser
    });
}
