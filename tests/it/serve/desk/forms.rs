//! The desk: what fits into a form, and what is said of what does not.
//!
//! In: ids with signs of addresses in them, words that are too long, recounts of many batches. Out:
//! the page that was meant, or the field that is wrong. Never: an address written by hand.

use super::kit::{DeskNight, Person};
use crate::serve::pages::get;

const ID: &str = "V/1%41?;&#";
const IN_ADDRESSES: &str = "V%2F1%2541%3F%3B%26%23";

#[test]
fn a_district_is_found_by_its_id_whatever_signs_are_in_it() {
    let night = DeskNight::new("test", "");
    for file in ["candidates.csv", "districts.csv", "serves.csv"] {
        let path = night.keyed.path("election").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("V1"), "{text}");
        std::fs::write(&path, text.replace("V1", ID)).unwrap();
    }
    let server = night.start();
    for path in ["/en/search?q=Village", "/en/county/0"] {
        let link = format!("href=\"/en/district/{IN_ADDRESSES}\"");
        assert!(get(&server, path, "").body.contains(&link), "{path}");
    }
    let page = get(&server, &format!("/en/district/{IN_ADDRESSES}"), "");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>Village</h1>"), "{}", page.body);
    let document = get(&server, &format!("/v1/districts/{IN_ADDRESSES}"), "");
    assert_eq!(document.status, 200, "{}", document.body);
    assert!(document.body.contains(&format!("\"district\":\"{ID}\"")), "{}", document.body);
    // As a form sends what stands in its boxes.
    let view = format!("%2Fdistrict%2F{}", IN_ADDRESSES.replace('%', "%25"));
    let wall = get(&server, &format!("/en/wall?views={view}&views=%2F"), "").body;
    assert!(wall.contains("<h1>Village</h1>"), "{wall}");
    let maryam = Person::enter(&server, "maryam");
    let found = maryam.get(&format!("/en/desk/district?id={IN_ADDRESSES}"));
    let address = found.header("location").unwrap().to_owned();
    let page = maryam.get(&address);
    assert_eq!(page.status, 200, "{address}");
    assert!(page.body.contains("<h1>Village</h1>"), "{}", page.body);
    let other = address.replace("/en/", "/fa/").replace("%2F", "/");
    assert!(page.body.contains(&format!("href=\"{other}\"")), "{other}: {}", page.body);
    for path in [other, format!("{address}/"), "/en/desk/decide/annul/".to_owned()] {
        assert_eq!(maryam.get(&path).status, 200, "{path}");
    }
}

#[test]
fn words_that_no_record_takes_are_told_at_their_field_in_the_language_of_the_page() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    let maryam = Person::enter(&server, "maryam");
    // 513 letters of two bytes; and a line that a hand-made form can have.
    for (why, said) in [("ب".repeat(513), "دست بالا ۱۰۲۴ بایت"), ("a\nb".into(), "در یک سطر")]
    {
        let fields =
            [("decision", "annul"), ("station", "S1"), ("reason", "b-excess"), ("why", &why)];
        let query = super::kit::encoded(&fields);
        let page = maryam.get(&format!("/fa/desk/preview?{query}"));
        assert_eq!(page.status, 422, "{}", page.body);
        let (_, after) = page.body.split_once("id=\"why-error\"").expect("at its field");
        assert!(after.split_once('<').unwrap().0.contains(said), "{}", page.body);
        assert!(!page.body.contains("expected"), "{}", page.body);
    }
    let fits = "ب".repeat(512);
    let fields =
        [("decision", "annul"), ("station", "S1"), ("reason", "b-excess"), ("why", &*fits)];
    let page = maryam.look(&fields);
    assert_eq!(page.status, 200, "{}", page.body);
}

#[test]
fn a_recount_of_many_batches_fits_into_its_field() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    let maryam = Person::enter(&server, "maryam");
    let page = maryam.get("/en/desk/decide/supersede").body;
    let (_, field) = page.split_once("name=\"recount\"").unwrap();
    let (_, most) = field.split_once("maxlength=\"").unwrap();
    let most: usize = most.split_once('"').unwrap().0.parse().unwrap();
    assert!(most >= 500 * 65, "{most} letters for hashes of 64 and what is between them");
    // What a browser sends of it arrives.
    let hashes = vec!["ab".repeat(32); most / 65].join(" ");
    let pair = [("decision", "supersede"), ("station", "S1"), ("district", "V1")];
    let page =
        maryam.look(&[&pair[..], &[("recount", &hashes), ("why", "counted again")]].concat());
    assert_eq!(page.status, 422);
    assert!(page.body.contains("No recount of this pair waits."), "{}", page.body);
}
