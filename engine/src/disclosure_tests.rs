//! The row of states that may be shown, held against what an onlooker could subtract.
//!
//! In: random journals of one small election, with batches that come, go and come back. Out: no
//! difference of any two states, in any cell, is smaller than a chunk. Never: a look at how the
//! states were made.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shomar_format::document::BallotCounts;
use shomar_format::election::Sources;
use shomar_format::{CountingDefinition, Election};

use crate::Definition;
use crate::disclosure::{Disclosure, Stage, cells_digest};
use crate::outcome::contest_rules;

const LEAST: u64 = 10;
/// Ballots that lack a mark, at least: nobody knows that nearly all others bear it.
const LEAST_WITHOUT: u32 = 3;

/// Two counties of one province: V1, V2 and V3 in the first, W in the second; each with three
/// candidates.
fn election() -> (Election, Definition) {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    write("election.toml", "id = \"x\"\n[[contest]]\nid = \"c\"\nrule = \"block-plurality\"\n");
    let mut districts =
        "district,contest,name_fa,name_en,province,county,seats,alternates\n".to_owned();
    let mut candidates = "district,code,list,name_fa,name_en\n".to_owned();
    for (district, county) in [("V1", "a"), ("V2", "a"), ("V3", "a"), ("W", "b")] {
        districts.push_str(&format!("{district},c,n,n,p,{county},2,0\n"));
        for code in 1..=3 {
            candidates.push_str(&format!("{district},{code},,n,n\n"));
        }
    }
    write("districts.csv", &districts);
    write("candidates.csv", &candidates);
    write(
        "stations.csv",
        "station,province,county,name_fa,registered,authenticated,key\nS,p,a,n,,,\n",
    );
    let (election, sources): (Election, Sources) = Election::read(folder.path()).unwrap();
    let definition = Definition::of(&election, &sources);
    (election, definition)
}

/// What a batch of so many ballots for each of three candidates and so many void ones is.
fn batch(first: u32, second: u32, third: u32, void: u32) -> (BallotCounts, [u32; 3]) {
    let valid = u64::from(first + second + third);
    let void = u64::from(void);
    (BallotCounts { taken: valid + void, valid, void, blank: 0 }, [first, second, third])
}

/// Everything that is shown: ballots and votes of districts, ballots of rests.
fn state(disclosure: &Disclosure, definition: &Definition) -> Vec<[i64; 5]> {
    let counting = definition.counting();
    let (votes, ballots) = disclosure.totals(&counting);
    let signed = |number: u64| i64::try_from(number).unwrap();
    let mut cells: Vec<[i64; 5]> = (0..counting.district_count())
        .map(|district| {
            let own = &votes[counting.option_range(district)];
            let BallotCounts { taken, void, .. } = ballots[district as usize];
            [taken, void, own[0], own[1], own[2]].map(signed)
        })
        .collect();
    cells.extend(
        disclosure
            .rest_ballots()
            .iter()
            .map(|ballots| [signed(ballots.taken), signed(ballots.void), 0, 0, 0]),
    );
    cells
}

/// Which batches are in what a cell shows.
type Members = Vec<BTreeSet<u32>>;

/// Of two states of a cell, what one has and the other has not tells nobody's ballot: it is
/// nothing, or enough ballots that are not all of one mind.
fn assert_tells_nobody(
    cell: usize,
    here: &BTreeSet<u32>,
    there: &BTreeSet<u32>,
    batches: &[Batch],
) {
    let mut sum = [0_u32; 5];
    for &batch in here.difference(there) {
        let (_, ballots, [first, second, third], _) = batches[batch as usize];
        let void = u32::try_from(ballots.void).unwrap();
        let own = [first + second + third + void, void, first, second, third];
        sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
    }
    // A rest shows no vote: there only kinds can tell.
    let shown = if cell < 4 { &sum[..] } else { &sum[..2] };
    let (taken, marks) = (shown[0], &shown[1..]);
    let lack_each = marks.iter().all(|mark| taken - mark >= LEAST_WITHOUT);
    assert!(taken == 0 || (u64::from(taken) >= LEAST && lack_each), "{sum:?}");
}

/// No two states of a row differ, in any cell, by what tells of a ballot.
fn assert_no_difference_tells(states: &[Members], batches: &[Batch]) {
    for (at, to) in states.iter().enumerate() {
        for from in &states[..at] {
            for (cell, (from, to)) in from.iter().zip(to).enumerate() {
                // Nothing is ever in two cells: what one shows cannot be taken off another.
                let elsewhere = states[at].iter().enumerate().filter(|own| own.0 != cell);
                for (_, others) in elsewhere {
                    assert!(others.is_disjoint(from) && others.is_disjoint(to));
                }
                assert_tells_nobody(cell, from, to, batches);
                assert_tells_nobody(cell, to, from, batches);
            }
        }
    }
}

/// District, ballots, votes, and whether it is in the totals.
type Batch = (u32, BallotCounts, [u32; 3], bool);

#[derive(Clone, Debug)]
enum Event {
    Come {
        district: u32,
        votes: [u32; 4],
    },
    Go(usize),
    Back(usize),
    Complete(u32, bool),
    /// What one record does: a close brings many batches in, a check moves others.
    Together(Vec<Event>),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let votes = prop_oneof![
        3 => [0..4_u32, 0..3, 0..2, 0..2],
        2 => [0..40_u32, 0..20, 0..9, 0..5],
        1 => (0..30_u32).prop_map(|votes| [votes, 0, 0, 0]),
    ];
    let come = |district, votes| Event::Come { district, votes };
    // Most of a journal is about one district.
    let district = prop_oneof![3 => Just(0_u32), 1 => 1..4_u32];
    let event = prop_oneof![
        6 => (district.clone(), votes).prop_map(move |(district, votes)| come(district, votes)),
        3 => (0..20_usize).prop_map(Event::Go),
        1 => (0..20_usize).prop_map(Event::Back),
        1 => (district, any::<bool>()).prop_map(|(district, is)| Event::Complete(district, is)),
    ];
    let record = prop_oneof![
        3 => event.clone(),
        1 => proptest::collection::vec(event, 2..7).prop_map(Event::Together),
    ];
    proptest::collection::vec(record, 1..60)
}

struct Row {
    states: Vec<Vec<[i64; 5]>>,
    /// Beside each state.
    members: Vec<Members>,
    batches: Vec<Batch>,
    hidden: u64,
    withheld: Vec<u32>,
    /// Beside each state, whether some of what was always shown together is no chunk.
    has_small_class: Vec<bool>,
}

/// A journal as far as it was read.
struct Journal<'a> {
    counting: CountingDefinition<'a>,
    disclosure: Disclosure,
    batches: Vec<Batch>,
    complete: [bool; 4],
}

impl Journal<'_> {
    /// Moves what an event moves; gives the districts that it touches.
    fn read(&mut self, event: &Event) -> BTreeSet<u32> {
        let district = match *event {
            Event::Together(ref events) => {
                return events.iter().flat_map(|event| self.read(event)).collect();
            }
            Event::Come { district, votes: [first, second, third, void] } => {
                let (ballots, votes) = batch(first, second, third, void);
                let number = u32::try_from(self.batches.len()).unwrap();
                self.batches.push((district, ballots, votes, true));
                self.disclosure.change(&self.counting, district, number, true, (ballots, &votes));
                district
            }
            Event::Go(number) | Event::Back(number) => {
                let comes = matches!(event, Event::Back(_));
                let Some((district, ballots, votes, is_in)) = self.batches.get_mut(number) else {
                    return BTreeSet::new();
                };
                if *is_in == comes {
                    return BTreeSet::new();
                }
                *is_in = comes;
                let batch = u32::try_from(number).unwrap();
                self.disclosure.change(&self.counting, *district, batch, comes, (*ballots, votes));
                *district
            }
            Event::Complete(district, is) => {
                self.complete[district as usize] = is;
                district
            }
        };
        BTreeSet::from([district])
    }
}

/// Every state of a journal.
fn row(events: &[Event], least: u64) -> Row {
    let (election, definition) = election();
    let counting = definition.counting();
    let disclosure = Disclosure::new(&counting, &election, least);
    let mut members: Vec<Members> = vec![vec![BTreeSet::new(); disclosure.noted().count()]];
    let mut states = vec![state(&disclosure, &definition)];
    let mut has_small_class = vec![false];
    let mut journal = Journal { counting, disclosure, batches: Vec::new(), complete: [false; 4] };
    for event in events {
        for district in journal.read(event) {
            let is_complete = journal.complete[district as usize];
            let stage = if is_complete { Stage::Complete } else { Stage::Partial };
            journal.disclosure.settle(&counting, district, stage);
        }
        let Journal { disclosure, batches, .. } = &journal;
        states.push(state(disclosure, &definition));
        has_small_class.push(disclosure.has_small_class());
        // A batch whose last change is shown is where it is; one that waits is where it was.
        let before = members.last().unwrap();
        let cells = disclosure.noted().zip(disclosure.waiting()).zip(before);
        let now = cells.map(|((noted, waiting), before)| {
            let is_in = |batch: &u32| match waiting.contains(batch) {
                true => before.contains(batch),
                false => batches[*batch as usize].3,
            };
            noted.into_iter().filter(is_in).collect()
        });
        members.push(now.collect());
    }
    let Journal { disclosure, batches, .. } = journal;
    let counted: u64 =
        batches.iter().filter(|(.., is_in)| *is_in).map(|(_, ballots, ..)| ballots.taken).sum();
    let shown: i64 = states.last().unwrap().iter().map(|cell| cell[0]).sum();
    let hidden = counted.abs_diff(u64::try_from(shown).unwrap());
    let withheld = disclosure.withheld();
    Row { states, members, batches, hidden, withheld, has_small_class }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_difference_of_two_states_tells_a_ballot(events in events()) {
        let Row { states, members, batches, has_small_class, .. } = row(&events, LEAST);
        // What is shown is the sum of its members: the sets speak for the numbers.
        for (state, members) in states.iter().zip(&members) {
            for (cell, members) in state.iter().zip(members) {
                let taken = members.iter().map(|own| batches[*own as usize].1.taken).sum::<u64>();
                prop_assert_eq!(cell[0], i64::try_from(taken).unwrap());
            }
        }
        assert_no_difference_tells(&members, &batches);
        // Beyond the pairs of states of this one journal: of any that could follow.
        prop_assert!(!has_small_class.contains(&true));
    }

    #[test]
    fn without_a_limit_everything_is_shown_at_once(events in events()) {
        let Row { hidden, withheld, .. } = row(&events, 0);
        prop_assert_eq!(hidden, 0);
        prop_assert!(withheld.is_empty());
    }

    #[test]
    fn a_district_that_only_grows_is_shown_whole_when_it_is_complete(
        batches in proptest::collection::vec([0..9_u32, 0..9, 0..9, 0..5], 1..20),
    ) {
        let come = |votes: &[u32; 4]| Event::Come { district: 0, votes: *votes };
        let mut events: Vec<Event> = batches.iter().map(come).collect();
        events.push(Event::Complete(0, true));
        let Row { hidden, withheld, states, .. } = row(&events, LEAST);
        let sum: Vec<u32> = (0..4).map(|at| batches.iter().map(|own| own[at]).sum()).collect();
        let taken: u32 = sum.iter().sum();
        let is_cell = taken >= 10 && sum.iter().all(|own| taken - own >= LEAST_WITHOUT);
        prop_assert_eq!(withheld.is_empty(), is_cell || taken == 0);
        if is_cell {
            prop_assert_eq!(hidden, 0);
            prop_assert_eq!(states.last().unwrap()[0][0], i64::from(taken));
        } else {
            prop_assert_eq!(states.last().unwrap()[0], [0; 5]);
        }
    }
}

#[test]
fn small_villages_are_shown_together_by_kind_and_by_no_vote() {
    let come = |district, votes| Event::Come { district, votes };
    let done = |district| Event::Complete(district, true);
    // Six, seven and five ballots in three villages of a county; a fourth one elsewhere is large.
    let events = [
        come(0, [3, 2, 0, 1]),
        done(0),
        come(1, [7, 0, 0, 0]),
        done(1),
        come(2, [2, 2, 1, 0]),
        done(2),
        come(3, [30, 20, 10, 2]),
        done(3),
    ];
    let Row { states, withheld, hidden, .. } = row(&events, LEAST);
    assert_eq!(withheld, [0, 1, 2]);
    let last = states.last().unwrap();
    assert_eq!(last[..4], [[0; 5], [0; 5], [0; 5], [62, 2, 30, 20, 10]]);
    // Eighteen ballots, of which one is void, in the rest of the county.
    assert_eq!(last[4], [18, 1, 0, 0, 0]);
    assert_eq!(hidden, 0);
}

#[test]
fn a_rest_that_is_too_small_goes_up_to_its_province() {
    let come = |district, votes| Event::Come { district, votes };
    let done = |district| Event::Complete(district, true);
    let events = [
        come(0, [2, 1, 0, 1]),
        done(0),
        come(1, [30, 20, 10, 2]),
        done(1),
        come(2, [30, 20, 10, 2]),
        done(2),
        come(3, [5, 2, 0, 0]),
        done(3),
    ];
    let Row { states, withheld, hidden, .. } = row(&events, LEAST);
    assert_eq!(withheld, [0, 3]);
    // Of the counties neither is a cell; the province has both.
    assert!(states.last().unwrap()[4..].contains(&[11, 1, 0, 0, 0]), "{:?}", states.last());
    assert_eq!(hidden, 0);
}

/// One ballot was shown with ten others, ten more came alone; then both the one and the ten go.
/// Shown together, the earlier state and the later one would differ by that one ballot.
#[test]
fn one_correction_does_not_cover_another_one() {
    let come = |votes| Event::Come { district: 2, votes };
    let events = [
        come([0, 1, 0, 0]),
        come([2, 3, 5, 0]),
        come([1, 1, 5, 3]),
        Event::Go(0),
        Event::Complete(2, true),
        Event::Go(2),
    ];
    let Row { states, .. } = row(&events, LEAST);
    // The ten go; the one stays in what is shown.
    assert_eq!(states.last().unwrap()[2], [11, 0, 2, 4, 5]);
}

/// Three batches that one record brought in are a class. Two of them are taken out one after the
/// other, while the first correction is not shown yet: four ballots would be left alone.
#[test]
fn what_two_corrections_in_a_row_leave_is_looked_at_together() {
    let (thirty, four) = ([12, 9, 6, 3], [1, 1, 1, 1]);
    let come = |votes| Event::Come { district: 0, votes };
    let together = Event::Together([thirty, thirty, four].map(come).to_vec());
    let journals = [
        vec![together.clone(), come(thirty), Event::Go(0), Event::Go(1), come(thirty)],
        vec![together.clone(), come(thirty), Event::Go(0), Event::Go(1), Event::Back(0)],
        // The batch that waited goes as well, and comes back.
        vec![together, come(thirty), Event::Go(3), Event::Go(0), Event::Go(1), Event::Back(3)],
    ];
    for mut events in journals {
        // What waits for the next chunk, and what waits for the end, is shown as well.
        events.push(come(thirty));
        events.push(Event::Complete(0, true));
        let Row { members, batches, has_small_class, .. } = row(&events, LEAST);
        assert_no_difference_tells(&members, &batches);
        assert!(!has_small_class.contains(&true), "{events:?}");
    }
}

/// The last batch makes the district complete, and a check moves another one out.
#[test]
fn what_the_last_record_takes_out_is_looked_at_with_the_correction_before() {
    let (thirty, four) = ([12, 9, 6, 3], [1, 1, 1, 1]);
    let come = |votes| Event::Come { district: 0, votes };
    let events = [
        Event::Together([thirty, thirty, four].map(come).to_vec()),
        come(thirty),
        Event::Go(0),
        Event::Together(vec![come(thirty), Event::Go(1), Event::Complete(0, true)]),
    ];
    let Row { members, batches, has_small_class, .. } = row(&events, LEAST);
    assert_no_difference_tells(&members, &batches);
    assert!(!has_small_class.contains(&true));
}

/// Every station has sent its empty batch: there is no vote to withhold.
#[test]
fn a_district_in_which_nobody_voted_is_not_withheld() {
    let come = |district, votes| Event::Come { district, votes };
    let empty = [come(0, [0; 4]), come(0, [0; 4]), Event::Complete(0, true)];
    assert_eq!(row(&empty, LEAST).withheld, [0; 0]);
    // Somebody did: in the county their ballots are shown with those of another village.
    let mut events = empty.to_vec();
    events.push(come(0, [3, 2, 0, 1]));
    assert_eq!(row(&events, LEAST).withheld, [0]);
    let done = |district| Event::Complete(district, true);
    events.extend([come(1, [4, 2, 0, 1]), done(1), done(2)]);
    let Row { withheld, states, .. } = row(&events, LEAST);
    assert_eq!((withheld, states.last().unwrap()[4]), (vec![0, 1], [13, 2, 0, 0, 0]));
    // They are annulled. That is a small change of what the county shows, and waits there.
    events.push(Event::Go(2));
    let Row { withheld, states, .. } = row(&events, LEAST);
    assert_eq!((withheld, states.last().unwrap()[4]), (vec![1], [13, 2, 0, 0, 0]));
    events.push(Event::Back(2));
    assert_eq!(row(&events, LEAST).withheld, [0, 1]);
}

/// The first device of the only station reports, and then the second one.
#[test]
fn a_district_that_was_withheld_is_shown_when_enough_of_it_has_come() {
    let come = |district, votes| Event::Come { district, votes };
    let done = |district| Event::Complete(district, true);
    let mut events = vec![done(0), come(0, [3, 2, 2, 1])];
    let Row { withheld, .. } = row(&events, LEAST);
    assert_eq!(withheld, [0]);
    events.push(come(0, [30, 20, 15, 5]));
    let Row { withheld, states, hidden, .. } = row(&events, LEAST);
    assert!(withheld.is_empty());
    assert_eq!((states.last().unwrap()[0], hidden), ([78, 6, 33, 22, 17], 0));

    // Another village came between: what the county has shown stays there, and only there.
    events.insert(2, done(2));
    events.insert(2, done(1));
    events.insert(2, come(1, [4, 2, 0, 0]));
    let Row { withheld, states, hidden, .. } = row(&events, LEAST);
    assert_eq!(withheld, [1]);
    let last = states.last().unwrap();
    assert_eq!((last[0], last[4], hidden), ([70, 5, 30, 20, 15], [14, 1, 0, 0, 0], 0));
}

/// One mark on all eighty ballots is every voter's. Where only a district of one mind were
/// withheld, being withheld would say as much; so one in which two differ is withheld as well.
#[test]
fn being_withheld_does_not_say_that_all_are_of_one_mind() {
    for (others, is_withheld) in [(0, true), (1, true), (2, true), (3, false)] {
        let come = Event::Come { district: 0, votes: [80 - others, 0, others, 0] };
        let Row { withheld, .. } = row(&[come, Event::Complete(0, true)], LEAST);
        assert_eq!(!withheld.is_empty(), is_withheld, "{others}");
    }
}

/// Everybody voted for a person, half of them by name and half through a list.
#[test]
fn a_mark_may_be_a_sum_of_two() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    write("election.toml", "id = \"x\"\n[[contest]]\nid = \"c\"\nrule = \"block-plurality\"\n");
    write(
        "districts.csv",
        "district,contest,name_fa,name_en,province,county,seats,alternates\nT,c,n,n,p,a,2,0\n",
    );
    write("lists.csv", "district,code,name_fa,name_en\nT,40,n,n\n");
    write("candidates.csv", "district,code,list,name_fa,name_en\nT,1,40,n,n\nT,2,,n,n\n");
    write(
        "stations.csv",
        "station,province,county,name_fa,registered,authenticated,key\nS,p,a,n,,,\n",
    );
    let (election, sources) = Election::read(folder.path()).unwrap();
    let definition = Definition::of(&election, &sources);
    let counting = definition.counting();
    let is_withheld = |by_name: u32| {
        let mut disclosure = Disclosure::new(&counting, &election, LEAST);
        let ballots = BallotCounts { taken: 20, valid: 20, void: 0, blank: 0 };
        // The list, its member, the independent.
        let votes = [10, by_name, 6];
        disclosure.change(&counting, 0, 0, true, (ballots, &votes));
        disclosure.settle(&counting, 0, Stage::Complete);
        !disclosure.withheld().is_empty()
    };
    assert!(is_withheld(10));
    assert!(!is_withheld(5));
}

/// What makes the row beside the journal: none of it may change in silence.
#[test]
fn whatever_moves_a_state_beside_the_journal_is_in_the_digest_of_its_rules() {
    let digest = |check: &str, reading: &str, authenticated: [&str; 2], serves: &str| {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            std::fs::write(folder.path().join(file), text).unwrap();
        };
        let check = match check {
            "" => String::new(),
            check => format!("[[check]]\nlimit = 0\n{check}\n"),
        };
        let contest = "[[contest]]\nid = \"c\"\nrule = \"block-plurality\"\n";
        write("election.toml", &format!("id = \"x\"\n{contest}{reading}\n{check}"));
        let districts = "district,contest,name_fa,name_en,province,county,seats,alternates";
        write("districts.csv", &format!("{districts}\nV,c,n,n,p,a,2,0\nW,c,n,n,p,a,2,0\n"));
        write("candidates.csv", "district,code,list,name_fa,name_en\nV,1,,n,n\nW,1,,n,n\n");
        let stations = "station,province,county,name_fa,registered,authenticated,key";
        let [of_station, of_pair] = authenticated;
        write("stations.csv", &format!("{stations}\nS,p,a,n,9,{of_station},\n"));
        let header = "station,district,registered,authenticated";
        write("serves.csv", &format!("{header}\nS,V,,{of_pair}\n{serves}"));
        let (election, _) = Election::read(folder.path()).unwrap();
        cells_digest(&election, &contest_rules(&election.head, &[]).unwrap())
    };
    let holds = |method: &str| format!("method = \"{method}\"\naction = \"hold\"");
    let own = digest("", "", ["", ""], "");
    assert_ne!(own, digest("", "", ["", ""], "S,W,,\n"));
    assert_ne!(own, digest("", "limit = \"seats+alternates\"", ["", ""], ""));
    assert_ne!(own, digest(&holds("ballots-registered"), "", ["", ""], ""));
    // Whoever is authenticated moves nothing, unless a check that holds compares with it.
    let warns = "method = \"ballots-authenticated\"\naction = \"warn\"";
    for check in ["", warns, &holds("ballots-registered")] {
        let own = digest(check, "", ["", ""], "");
        assert_eq!(own, digest(check, "", ["7", "6"], ""), "{check}");
    }
    for method in ["ballots-authenticated", "authenticated-registered"] {
        let check = holds(method);
        let digests = [["", ""], ["7", ""], ["", "7"], ["7", "6"]]
            .map(|authenticated| digest(&check, "", authenticated, ""));
        assert_eq!(BTreeSet::from(digests).len(), 4, "{method}");
    }
}
