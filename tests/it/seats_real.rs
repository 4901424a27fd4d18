//! Seats of real elections, exactly as they were published.
//!
//! Goal: a wrong method, threshold or tie rule cannot pass. Method: B6 (districts of seven
//! countries) and B5 (county councils of Hesse) from the data folder, and a few of them as
//! fixtures for machines without it. Every contest is compared group by group. A tie is never a
//! silent pass: the official outcome must be one of those that a lot can bring about. How often a
//! neighbouring method gives something else is asserted too: that is the power of the test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use shomar_seats::{
    Candidate, List, Lot, LotKind, Members, Method, Outcome, Party, Percent, Race, Rule, Threshold,
    allocate,
};

use crate::kit;

/// One district of B6 (JSON lines; see SOURCE.txt there).
#[derive(Debug, Deserialize)]
struct District {
    source: String,
    path: Vec<String>,
    method: String,
    params: Option<BTreeMap<String, String>>,
    threshold_pct: Option<serde_json::Number>,
    exclude: Option<String>,
    initial_seats: Option<u32>,
    seats: u32,
    blank: u64,
    check: String,
    candidates: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    votes: u64,
    seats: u32,
}

impl District {
    fn name(&self) -> String {
        format!("{} {}", self.source, self.path.join(" / "))
    }

    /// Our method, or why this version skips the district.
    fn our_method(&self) -> Result<Method, String> {
        let param = |name: &str| self.params.as_ref().and_then(|params| params.get(name));
        if self.check != "exact" {
            return Err(format!("check {}", self.check));
        }
        match self.method.as_str() {
            "winner_takes_all" => Ok(Method::RelativePlurality),
            "highest_averages" => match param("divisor_f").map(String::as_str) {
                Some("dhondt") => Ok(Method::DHondt),
                Some("sainte_lague") => Ok(Method::SainteLague),
                other => Err(format!("divisors {}", other.unwrap_or("none"))),
            },
            "largest_remainder" if param("quota_f").is_some_and(|quota| quota == "hare") => {
                Ok(Method::Hare)
            }
            other => Err(format!("method {other}")),
        }
    }

    /// What the threshold is a percentage of.
    ///
    /// * `valid_votes < n%` (Spain): votes for candidacies and blank ones, which are valid there
    ///   (LOREG art. 163.1.a). Madrid 1993 decides it: CDS has 3.015 % of the votes for
    ///   candidacies and 2.986 % of the valid ones, and got no seat.
    /// * `votes < n%` (Germany): votes for parties; there are no blank ones in the file.
    /// * `comunitat.alliance_total_votes < n%` (Valencia): the bar is of the whole region, whose
    ///   total is not in the file; the district's own votes with blank ones stand in for it, which
    ///   can be right only where a party is on the same side of both bars. Both districts are.
    fn threshold(&self) -> Option<Threshold> {
        let percent = Percent::parse(self.threshold_pct.as_ref()?.to_string().as_str()).unwrap();
        let votes: u64 = self.candidates.iter().map(|entry| entry.votes).sum();
        let base = match self.exclude.as_deref().unwrap_or_default() {
            text if text.starts_with("valid_votes <") => votes + self.blank,
            text if text.starts_with("comunitat.alliance_total_votes <") => votes + self.blank,
            text if text.starts_with("votes <") => votes,
            other => panic!("{}: unknown threshold {other:?}", self.name()),
        };
        Some(Threshold { percent, base: Some(base) })
    }

    /// Seats that every group has before the method starts (two per Spanish province).
    fn initial(&self) -> u32 {
        self.initial_seats.unwrap_or(0)
    }

    fn official(&self) -> Vec<u32> {
        self.candidates.iter().map(|entry| entry.seats - self.initial()).collect()
    }

    /// Seats by entry with a given method and threshold, a tie settled as published, and whether
    /// there was a tie.
    fn seats(&self, method: Method, threshold: Option<Threshold>) -> (Vec<u32>, bool) {
        let groups = u32::try_from(self.candidates.len()).unwrap();
        let house = self.seats - groups * self.initial();
        let mut rule = Rule::new(method);
        if let Some(threshold) = threshold {
            rule = rule.with_threshold(threshold).unwrap();
        }
        let mut lists = Vec::new();
        let mut candidates = Vec::new();
        for entry in &self.candidates {
            if method.is_plurality() {
                candidates.push(Candidate { list: None, votes: entry.votes });
            } else {
                lists.push(List { votes: entry.votes, members: Members::Unnamed });
            }
        }
        let race = Race {
            seats: house,
            alternates: 0,
            lists: &lists,
            candidates: &candidates,
            valid_ballots: None,
        };
        let outcome = allocate(&race, &rule, &[]).unwrap();
        let had_tie = !outcome.lots.is_empty();
        let settled = settle_as_published(&race, &rule, outcome, &self.official());
        (by_entry(&settled, method, self.candidates.len()), had_tie)
    }
}

/// Seats by entry of the file.
fn by_entry(outcome: &Outcome, method: Method, count: usize) -> Vec<u32> {
    if !method.is_plurality() {
        return outcome.groups.iter().map(|group| group.seats).collect();
    }
    let mut seats = vec![0; count];
    for person in &outcome.elected {
        seats[*person as usize] += 1;
    }
    seats
}

/// Where a lot is open, draws it as the officials must have: whoever of those tied has more
/// seats in the publication than are certain. A publication that no lot can bring about stays
/// unequal, and the comparison fails.
fn settle_as_published(
    race: &Race<'_>,
    rule: &Rule,
    mut outcome: Outcome,
    official: &[u32],
) -> Outcome {
    let mut lots: Vec<Lot> = Vec::new();
    while let Some(open) = outcome.lots.first() {
        assert!(open.kind != LotKind::Alternate && lots.len() < 1_000);
        let certain = by_entry(&outcome, rule.method(), official.len());
        let has_more = |party: &&Party| {
            let index = match party {
                Party::Candidate(index) => *index as usize,
                Party::Group(key) => {
                    outcome.groups.iter().position(|group| group.key == *key).unwrap()
                }
            };
            official[index] > certain[index]
        };
        let Some(winner) = open.between.iter().find(has_more) else {
            break;
        };
        lots.push(Lot { kind: open.kind, place: open.next_place, winner: *winner });
        outcome = allocate(race, rule, &lots).unwrap();
    }
    outcome
}

/// What a comparison of many districts found.
#[derive(Debug, Default)]
struct Tally {
    exact: BTreeMap<&'static str, u32>,
    ties: Vec<String>,
    wrong: Vec<String>,
    skipped: BTreeMap<String, u32>,
    /// Districts by highest averages where the other divisor method gives something else.
    dhondt_is_not_sainte_lague: u32,
    /// Districts that are wrong without the threshold, or with blank votes left out of its base.
    threshold_matters: Vec<String>,
    blank_matters: Vec<String>,
}

fn compare(districts: &[District]) -> Tally {
    let mut tally = Tally::default();
    for district in districts {
        let method = match district.our_method() {
            Ok(method) => method,
            Err(reason) => {
                *tally.skipped.entry(reason).or_default() += 1;
                continue;
            }
        };
        let official = district.official();
        let threshold = district.threshold();
        let (seats, had_tie) = district.seats(method, threshold);
        if seats == official {
            *tally.exact.entry(method.name()).or_default() += 1;
        } else {
            let names: Vec<&str> =
                district.candidates.iter().map(|entry| entry.name.as_str()).collect();
            let name = district.name();
            tally.wrong.push(format!("{name}: {seats:?}, official {official:?}, {names:?}"));
        }
        if had_tie {
            tally.ties.push(district.name());
        }
        let other = match method {
            Method::DHondt => Some(Method::SainteLague),
            Method::SainteLague => Some(Method::DHondt),
            _ => None,
        };
        if other.is_some_and(|other| district.seats(other, threshold).0 != official) {
            tally.dhondt_is_not_sainte_lague += 1;
        }
        if threshold.is_some() && district.seats(method, None).0 != official {
            tally.threshold_matters.push(district.name());
        }
        let without_blank = threshold.map(|threshold| Threshold { base: None, ..threshold });
        if threshold.is_some() && district.seats(method, without_blank).0 != official {
            tally.blank_matters.push(district.name());
        }
    }
    tally
}

fn parse_districts(text: &str) -> Vec<District> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A county council of Hesse: `PARTY,VOTES,SEATS` after three lines of figures.
fn hesse(path: &Path) -> (Vec<List>, Vec<u32>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lists = Vec::new();
    let mut official = Vec::new();
    for line in text.lines().skip_while(|line| !line.starts_with("PARTY,")).skip(1) {
        let fields: Vec<&str> = line.trim().split(',').collect();
        let [_, votes, seats] = fields[..] else { panic!("{}: {line:?}", path.display()) };
        lists.push(List { votes: votes.parse().unwrap(), members: Members::Unnamed });
        official.push(seats.parse().unwrap());
    }
    assert!(lists.len() > 3, "{}: no parties", path.display());
    (lists, official)
}

fn hesse_seats(lists: &[List], official: &[u32], method: Method) -> Vec<u32> {
    let seats = official.iter().sum();
    let race = Race { seats, alternates: 0, lists, candidates: &[], valid_ballots: None };
    let outcome = allocate(&race, &Rule::new(method), &[]).unwrap();
    assert!(outcome.lots.is_empty(), "no tie at half a million votes");
    by_entry(&outcome, method, lists.len())
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/seats")
}

#[test]
fn fixtures_are_reproduced_seat_by_seat() {
    let text = std::fs::read_to_string(fixtures().join("districts.jsonl")).unwrap();
    let districts = parse_districts(&text);
    let tally = compare(&districts);
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!(tally.exact.values().sum::<u32>(), 5, "{:?}", tally.exact);
    assert!(tally.skipped.is_empty() && tally.ties.is_empty());
    assert!(tally.dhondt_is_not_sainte_lague >= 2, "the methods must differ");
    assert_eq!(tally.blank_matters.len(), 1, "Madrid 1993 needs the blank votes");
    assert!(tally.blank_matters[0].contains("Madrid"));
    for county in ["vogelsberg", "kassel"] {
        let (lists, official) = hesse(&fixtures().join(format!("hesse_2016_{county}.csv")));
        assert_eq!(hesse_seats(&lists, &official, Method::Hare), official, "{county}");
    }
}

#[test]
fn world_districts_are_reproduced_seat_by_seat() {
    let Some(folder) =
        kit::data("B6_world_districts_interregnum", "world_districts_are_reproduced_seat_by_seat")
    else {
        return;
    };
    let bytes = std::fs::read(folder.join("districts_shared.jsonl.xz")).unwrap();
    let mut text = Vec::new();
    lzma_rs::xz_decompress(&mut bytes.as_slice(), &mut text).unwrap();
    let districts = parse_districts(std::str::from_utf8(&text).unwrap());
    let tally = compare(&districts);
    kit::note(&format!(
        "real data: B6: compared {:?}, skipped {:?}, ties {:?}; the other divisor method differs in {}, no \
         threshold in {}, no blank votes in {:?}",
        tally.exact,
        tally.skipped,
        tally.ties,
        tally.dhondt_is_not_sainte_lague,
        tally.threshold_matters.len(),
        tally.blank_matters
    ));
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    let expected = [("dhondt", 365), ("hare", 4), ("relative-plurality", 147), ("sainte-lague", 1)];
    assert_eq!(tally.exact, BTreeMap::from(expected));
    // Norway's first divisor 1.4 comes with a later issue; the rest is not plain in the source.
    let skipped: Vec<(&str, u32)> =
        tally.skipped.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    assert_eq!(
        skipped,
        [
            ("check additional_member", 9),
            ("check diff", 2),
            ("check nomethod", 3),
            ("divisors sainte_lague_1.4", 35),
        ]
    );
    assert!(tally.dhondt_is_not_sainte_lague >= 100, "the methods must differ");
    assert!(!tally.threshold_matters.is_empty(), "a threshold must matter somewhere");
    assert!(
        tally.blank_matters.iter().any(|name| name.contains("1993") && name.contains("Madrid"))
    );
}

#[test]
fn county_councils_of_hesse_are_reproduced_seat_by_seat() {
    let Some(folder) =
        kit::data("B5_hesse_2016_hamilton", "county_councils_of_hesse_are_reproduced_seat_by_seat")
    else {
        return;
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    paths.sort();
    let (mut exact, mut dhondt_differs) = (0, 0);
    for path in &paths {
        let (lists, official) = hesse(path);
        let seats = hesse_seats(&lists, &official, Method::Hare);
        if path.file_stem().is_some_and(|stem| stem == "Waldeck_Frankenberg") {
            // The source contradicts itself here: its shares give CDU 19 and LEFT 3, it says 20
            // and 2. A program that agrees with it is wrong.
            assert_ne!(seats, official, "Waldeck_Frankenberg must not match");
            continue;
        }
        assert_eq!(seats, official, "{}", path.display());
        exact += 1;
        if hesse_seats(&lists, &official, Method::DHondt) != official {
            dhondt_differs += 1;
        }
    }
    kit::note(&format!(
        "real data: B5: {exact} county councils by Hare exact, D'Hondt differs in {dhondt_differs}"
    ));
    assert!(exact >= 10, "found {exact} counties in {} files", paths.len());
    assert!(dhondt_differs * 2 > exact, "the methods must differ");
}

/// A tie that the publication settled passes only with a winner that a lot can have.
#[test]
fn a_tied_district_is_reported_and_an_impossible_winner_fails() {
    let tied = |official: [u32; 3]| {
        let entries = [("A", 100, official[0]), ("B", 50, official[1]), ("C", 50, official[2])];
        let candidates = entries
            .map(|(name, votes, seats)| Entry { name: name.to_owned(), votes, seats })
            .into();
        compare(&[District {
            source: "constructed".to_owned(),
            path: vec![],
            method: "highest_averages".to_owned(),
            params: Some(BTreeMap::from([("divisor_f".to_owned(), "dhondt".to_owned())])),
            threshold_pct: None,
            exclude: None,
            initial_seats: None,
            seats: 2,
            blank: 0,
            check: "exact".to_owned(),
            candidates,
        }])
    };
    for official in [[2, 0, 0], [1, 1, 0], [1, 0, 1]] {
        let tally = tied(official);
        assert_eq!((tally.wrong.len(), tally.ties.len()), (0, 1), "{official:?}");
    }
    let tally = tied([0, 1, 1]);
    assert_eq!((tally.wrong.len(), tally.ties.len()), (1, 1));
}
