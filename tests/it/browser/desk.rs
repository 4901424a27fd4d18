//! The desk in a real browser: two people, each with a keyboard, and no script needed.

use fantoccini::Locator;
use serde_json::Value;

use super::kit::{Browser, Wish, browse};
use super::{ENTER, TAB};
use crate::serve::desk::kit::{DeskNight, PASSWORD};

/// Goes on with the key of tabs until this element has the focus.
async fn tab_to(browser: &Browser, selector: &str) {
    let is_there = format!("return document.activeElement.matches({selector:?})");
    for _ in 0..120 {
        if browser.ask(&is_there).await == Value::Bool(true) {
            return;
        }
        browser.press(TAB).await;
    }
    panic!("no key reaches {selector}");
}

/// Logs in by keys alone.
async fn log_in(browser: &Browser, language: &str, name: &str) {
    browser.open(&format!("/{language}/desk/")).await;
    tab_to(browser, "#name").await;
    browser.press(name).await;
    tab_to(browser, "#password").await;
    browser.press(PASSWORD).await;
    browser.press(ENTER).await;
    browser.until("the desk", "return document.querySelector('form.session') !== null").await;
}

async fn log_out(browser: &Browser) {
    browser.ask("document.querySelector('form.session button').click()").await;
    browser.until("the login", "return document.querySelector('form.session') === null").await;
}

/// A page that is sound for everybody, kept as a picture.
async fn look_at(browser: &Browser, name: &str) {
    let wide = browser.ask("return document.documentElement.scrollWidth - innerWidth").await;
    assert!(wide.as_i64().is_some_and(|wide| wide <= 0), "{name} is {wide} too wide");
    browser.assert_accessible(name).await;
    browser.assert_quiet(name).await;
    browser.picture(name).await;
}

#[test]
fn two_people_decide_by_keyboard_and_every_page_of_the_desk_is_accessible() {
    let night = DeskNight::held();
    let server = night.start();
    night.send_all(&server);
    let address = server.address.clone();
    browse("the_desk", &address, Wish::default(), async |browser: Browser| {
        browser.open("/fa/desk/").await;
        look_at(&browser, "desk-login-fa").await;
        log_in(&browser, "fa", "maryam").await;
        look_at(&browser, "desk-overview-fa").await;
        browser.open("/en/desk/").await;
        look_at(&browser, "desk-overview-en").await;
        // A form that says what is missing, and where: the focus is on the summary.
        browser.open("/fa/desk/decide/annul").await;
        look_at(&browser, "desk-annul-fa").await;
        tab_to(&browser, "#why").await;
        browser.press("صندوق باز بود").await;
        browser.press(ENTER).await;
        browser.until("what is wrong", "return document.querySelector('.errors') !== null").await;
        let focused = "return document.activeElement.className";
        assert_eq!(browser.ask_text(focused).await, "errors");
        // A status that says so is told in the console.
        browser.forget_console().await;
        look_at(&browser, "desk-annul-wrong-fa").await;
        tab_to(&browser, "#station").await;
        browser.press("S2").await;
        tab_to(&browser, "#district").await;
        browser.press("V1").await;
        tab_to(&browser, "#reason").await;
        browser.press("تقلب").await;
        browser.ask("document.getElementById('reason').value = 'b-fraud'").await;
        tab_to(&browser, "#why").await;
        browser.press(ENTER).await;
        let preview = "return location.pathname.endsWith('/desk/preview') &&
            document.querySelector('table.effect') !== null";
        browser.until("the numbers before and after", preview).await;
        look_at(&browser, "desk-preview-fa").await;
        tab_to(&browser, "#password").await;
        browser.press(PASSWORD).await;
        browser.press(ENTER).await;
        let is_proposal = "return location.pathname.includes('/desk/proposal/')";
        browser.until("the proposal", is_proposal).await;
        look_at(&browser, "desk-proposal-own-fa").await;
        let path = browser.path().await;
        assert!(browser.client.find(Locator::Id("approve-password")).await.is_err());
        log_out(&browser).await;
        log_in(&browser, "fa", "reza").await;
        browser.open(&path).await;
        look_at(&browser, "desk-proposal-fa").await;
        tab_to(&browser, "#approve-password").await;
        browser.press(PASSWORD).await;
        browser.press(ENTER).await;
        browser.until("its position", "return document.querySelector('#position') !== null").await;
        look_at(&browser, "desk-proposal-done-fa").await;
        // The open page tells it as well; the page of operators shows every vote.
        browser.open("/en/desk/district/V1").await;
        look_at(&browser, "desk-district-en").await;
        browser.open("/en/desk/decide/declare?district=V1").await;
        look_at(&browser, "desk-declare-en").await;
        browser
    });
    let log = crate::kit::json("log", &night.data(), &[]);
    if !log.as_array().unwrap().is_empty() {
        assert_eq!((&log[0]["officer"], &log[0]["action"]), (&"deputy".into(), &"annul".into()));
    }
}

#[test]
fn the_desk_needs_no_script() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let address = server.address.clone();
    let wish = Wish { has_script: false, is_dark: true, ..Wish::default() };
    browse("the_desk_without_script", &address, wish, async |browser: Browser| {
        browser.open("/fa/desk/").await;
        for (id, keys) in [("name", "maryam"), ("password", PASSWORD)] {
            let field = browser.client.find(Locator::Id(id)).await.unwrap();
            field.send_keys(keys).await.unwrap();
        }
        let submit = Locator::Css(".desk-form button");
        browser.client.find(submit).await.unwrap().click().await.unwrap();
        let out = browser.client.wait().for_element(Locator::Css("form.session")).await.unwrap();
        assert!(out.is_displayed().await.unwrap());
        let form = "/fa/desk/decide/annul?station=S2&district=V1&reason=b-fraud";
        browser.open(form).await;
        let why = browser.client.find(Locator::Id("why")).await.unwrap();
        why.send_keys("صندوق باز بود").await.unwrap();
        browser.client.find(submit).await.unwrap().click().await.unwrap();
        let sign = browser.client.wait().for_element(Locator::Id("sign")).await.unwrap();
        assert!(sign.is_displayed().await.unwrap());
        browser.picture("desk-without-script-preview").await;
        browser
    });
}

/// What is beyond the screen, and in nothing that scrolls: a phone would show a wider page, and say
/// that all of it fits.
pub(super) const BEYOND: &str =
    "const top = document.querySelector('header').getBoundingClientRect();
    return [...document.querySelectorAll('body *:not(input[type=hidden])')]
        .map((own) => [own, own.getBoundingClientRect()])
        .filter(([own, at]) => at.left < top.left - 1 || at.right > top.right + 1)
        .filter(([own]) => !own.closest('.scroll > *, .hidden'))
        .map(([own, at]) => own.outerHTML.slice(0, 90) + ' ' + at.left + ' ' + at.right)
        .slice(0, 6)";

#[test]
fn the_desk_fits_a_phone() {
    let night = DeskNight::held();
    let server = night.start();
    night.send_all(&server);
    let address = server.address.clone();
    let wish = Wish { width: 390, height: 844, ..Wish::default() };
    browse("the_desk_on_a_phone", &address, wish, async |browser: Browser| {
        log_in(&browser, "fa", "maryam").await;
        look_at(&browser, "desk-phone-overview").await;
        assert_eq!(browser.ask(BEYOND).await, Value::Array(Vec::new()), "the overview");
        let query = "decision=annul&station=S2&district=V1&reason=b-fraud&why=x";
        browser.open(&format!("/fa/desk/preview?{query}")).await;
        look_at(&browser, "desk-phone-preview").await;
        assert_eq!(browser.ask(BEYOND).await, Value::Array(Vec::new()), "the preview");
        browser
    });
}
