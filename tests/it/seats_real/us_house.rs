//! B9: seats of the states in the United States House, by `us-house`.
//!
//! In: apportionment population and representatives of each state after each census. Out: 435 seats
//! exactly. Never: the District of Columbia, which is in the table and has no representative.

use std::collections::BTreeMap;

use super::{Contest, read, rows, rule, whole};
use crate::kit;

const COLUMNS: &str = "Name,Geography Type,Year,Resident Population,\
                       Overseas population included,Population used for apportionment,\
                       Percent Change in Resident Population,Resident Population Density,\
                       Resident Population Density Rank,Number of Representatives,\
                       Change in Number of Representatives,\
                       Average Apportionment Population Per Representative";
const HOUSE: u32 = 435;

/// The apportionment of each census year, and how many rows were left out.
fn apportionments(text: &str) -> (Vec<Contest>, usize) {
    let mut states: BTreeMap<u32, Vec<(u64, u32)>> = BTreeMap::new();
    let mut left_out = 0;
    for row in rows(text, COLUMNS) {
        assert_eq!(&row[1], "State", "{row:?}");
        let population: u64 = whole(&row[5]);
        let representatives = match (&row[0], &row[9]) {
            ("District of Columbia", "") => {
                left_out += 1;
                continue;
            }
            (_, text) => whole(text.strip_suffix(".0").unwrap_or_else(|| panic!("{row:?}"))),
        };
        let overseas: u64 = whole(&row[4]);
        let resident: u64 = whole(&row[3]);
        assert_eq!(population, resident + overseas, "{row:?}");
        states.entry(whole(&row[2])).or_default().push((population, representatives));
    }
    let contest = |(year, figures): (u32, Vec<(u64, u32)>)| {
        let seats: u32 = figures.iter().map(|(_, seats)| seats).sum();
        assert_eq!((figures.len(), seats), (50, HOUSE), "{year}");
        Contest::of_votes(format!("United States {year}"), HOUSE, &figures)
    };
    (states.into_iter().map(contest).collect(), left_out)
}

#[test]
fn us_apportionments_are_reproduced_seat_by_seat() {
    let test = "us_apportionments_are_reproduced_seat_by_seat";
    let Some(folder) = kit::data("B9_us_house", test) else {
        return;
    };
    let (years, left_out) = apportionments(&read(&folder.join("apportionment_shared.csv")));
    let house = rule("us-house", &[]);
    // With a seat for every state, so that what differs is the method and not the constitution.
    let mut differs: BTreeMap<&str, u32> = BTreeMap::new();
    for contest in &years {
        contest.assert_exact(&house);
        for other in ["sainte-lague", "dhondt", "adams", "hare"] {
            let is_wrong = !contest.is_of(&rule(other, &[("min_seats", "1")]));
            *differs.entry(other).or_default() += u32::from(is_wrong);
        }
    }
    kit::note(&format!(
        "real data: B9: apportionments exact {}; skipped: rows of the District of Columbia \
         {left_out}; wrong by {differs:?}",
        years.len()
    ));
    assert_eq!((years.len(), left_out), (3, 3), "1960, 1980 and 2000");
    assert!(differs.values().all(|count| *count > 0), "each must differ: {differs:?}");
}
