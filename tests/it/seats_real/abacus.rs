//! B10: cases of the Dutch electoral council, from 19 seats on, by `dhondt`.
//!
//! In: votes, seats and what its program gives, most of it made up. Out: the same seats, or the
//! same tie; where article P 9 gives the last seat to a list with more than half the votes, exactly
//! that pair and nothing else. Never: the rule for fewer than 19 seats (largest remainders of lists
//! with 75 % of the quota, then averages), which is none of ours; those cases are skipped by name.

use serde::Deserialize;
use shomar_seats::{GroupKey, Status, allocate};

use super::{Contest, Verdict, rule, tied_lists};
use crate::kit;

/// From here on all seats go by highest averages (Kieswet art. P 7).
const SEATS_BY_AVERAGES: u32 = 19;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    test: String,
    #[serde(rename = "doc")]
    document: String,
    fixture: String,
    seats: u32,
    votes: Vec<u64>,
    expected: Option<Vec<u32>>,
    lots: bool,
    #[serde(rename = "actual_case")]
    _is_actual: bool,
}

#[test]
fn dutch_cases_by_averages_are_reproduced_seat_by_seat() {
    let test = "dutch_cases_by_averages_are_reproduced_seat_by_seat";
    let Some(folder) = kit::data("B10_dutch_abacus", test) else {
        return;
    };
    let text = super::read(&folder.join("abacus_seat_assignment_cases.json"));
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    let dhondt = rule("dhondt", &[]);
    let (mut exact, mut tied, mut majority, mut skipped) = (0, 0, 0, Vec::new());
    for case in &cases {
        // Fifty names on every list: none is short.
        assert_eq!(case.fixture, "seat_assignment_fixture_with_default_50_candidates");
        let name = format!("{} of {} seats", case.test, case.seats);
        if case.seats < SEATS_BY_AVERAGES {
            skipped.push(format!("{name}: 75 % rule"));
            continue;
        }
        let is_majority_case = case.document.contains("triggers Kieswet Article P 9");
        let Some(expected) = &case.expected else {
            assert!(is_majority_case && case.lots, "{name}: no expectation");
            skipped.push(format!("{name}: lot for article P 9, no expectation"));
            continue;
        };
        assert_eq!(expected.len(), case.votes.len(), "{name}");
        let figures: Vec<(u64, u32)> =
            case.votes.iter().copied().zip(expected.iter().copied()).collect();
        let contest = Contest::of_votes(name.clone(), case.seats, &figures);
        match contest.verdict(&dhondt) {
            Verdict::Exact if !case.lots => exact += 1,
            Verdict::Tied(tie) if case.lots => {
                // The document counts lists from 1: "required for lists: [2, 3, 4, 5, 6], only 3".
                let lists: Vec<usize> = tied_lists(&tie).into_iter().map(|list| list + 1).collect();
                let text = format!("required for lists: {lists:?}, only {}", tie.places);
                assert!(case.document.contains(&text), "{name}: {text}");
                tied += 1;
            }
            Verdict::Wrong(_) if is_majority_case => {
                // "Seat first assigned to list 7 has been re-assigned to list 1".
                let moved = contest.compare(&dhondt).moved();
                assert_eq!(moved, [(GroupKey::List(0), GroupKey::List(6))], "{name}");
                majority += 1;
            }
            other => panic!("{name}: {other:?}"),
        }
        let outcome = allocate(&contest.race(), &dhondt, &[]).unwrap();
        let has_votes = case.votes.iter().any(|votes| *votes > 0);
        assert_eq!(outcome.status == Status::NoVotes, !has_votes, "{name}");
    }
    kit::note(&format!(
        "real data: B10: cases exact {exact}, tied {tied}, moved by article P 9 and named \
         {majority}; skipped {skipped:?}"
    ));
    assert_eq!((exact, tied, majority, skipped.len()), (4, 1, 1, 13));
}
