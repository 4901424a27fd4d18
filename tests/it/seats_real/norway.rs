//! B8: constituency seats of the Norwegian Storting, by `no-storting`.
//!
//! In: votes, all seats and levelling seats of each party in each constituency. Out: the
//! constituency seats, which are all seats less the levelling ones, exactly. Never: the levelling
//! seats themselves; one in each constituency, they depend on the whole country.

use std::collections::BTreeMap;

use super::{Contest, files, read, rows, rule, whole};
use crate::kit;

const COLUMNS: &str =
    "district_no,district,party_code,party,electors,votes,seats_total,levelling_seats";
const BEGINNING: &str = "no_storting_";

/// A party in a constituency.
struct Party {
    votes: u64,
    seats: u32,
    levelling: u32,
}

/// The constituencies of a CSV text, by number.
pub(super) fn constituencies(text: &str, year: &str) -> Vec<Contest> {
    let mut parties: BTreeMap<(u32, String), Vec<Party>> = BTreeMap::new();
    for row in rows(text, COLUMNS) {
        let [total, levelling]: [u32; 2] = [whole(&row[6]), whole(&row[7])];
        assert!(levelling <= total, "{year} {row:?}");
        let key = (whole(&row[0]), row[1].to_owned());
        let party = Party { votes: whole(&row[5]), seats: total - levelling, levelling };
        parties.entry(key).or_default().push(party);
    }
    let mut constituencies = Vec::new();
    for ((number, name), parties) in parties {
        let levelling: u32 = parties.iter().map(|party| party.levelling).sum();
        assert_eq!(levelling, 1, "{year} {number} {name}: levelling seats");
        let figures: Vec<(u64, u32)> =
            parties.iter().map(|party| (party.votes, party.seats)).collect();
        let seats = figures.iter().map(|(_, seats)| seats).sum();
        let name = format!("Norway {year} {name}");
        constituencies.push(Contest::of_votes(name, seats, &figures));
    }
    constituencies
}

#[test]
fn norwegian_constituencies_are_reproduced_seat_by_seat() {
    let test = "norwegian_constituencies_are_reproduced_seat_by_seat";
    let Some(folder) = kit::data("B8_norway_storting", test) else {
        return;
    };
    let storting = rule("no-storting", &[]);
    let others = [
        rule("sainte-lague", &[]),
        rule("dhondt", &[]),
        rule("no-storting", &[("first_divisor", "1.2")]),
    ];
    let (mut exact, mut differs, mut years) = (0, [0; 3], Vec::new());
    for path in files(&folder, BEGINNING, ".csv") {
        let year = super::file_stem(&path).trim_start_matches(BEGINNING);
        let constituencies = constituencies(&read(&path), year);
        let seats: u32 = constituencies.iter().map(|contest| contest.seats).sum();
        assert_eq!((constituencies.len(), seats), (19, 150), "{year}: of 169, 19 are levelling");
        for contest in &constituencies {
            contest.assert_exact(&storting);
            exact += 1;
            for (count, other) in differs.iter_mut().zip(&others) {
                *count += u32::from(!contest.is_of(other));
            }
        }
        years.push(year.to_owned());
    }
    kit::note(&format!(
        "real data: B8: constituencies exact {exact} in {years:?}; wrong by [sainte-lague, dhondt, \
         first divisor 1.2] {differs:?}"
    ));
    assert!(["2009", "2013", "2017"].iter().all(|year| years.iter().any(|found| found == year)));
    assert_eq!(exact, years.len() * 19);
    assert!(differs.iter().all(|count| *count > 0), "the methods must differ somewhere");
}
