//! What is outstanding, where groups get the seats: never decided too early.
//!
//! Small races with lists and independents, held batches and missing ballots, every content of
//! them counted. Some have so few seats and so wide gaps that they are decided, and the share of
//! those is checked too: a proof that never succeeds would pass everything else.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::undecided::is_same;
use super::{Votes, combinations, group_methods};
use crate::{
    Candidate, Finality, List, Members, Method, Outcome, Outstanding, Race, Rule, Verdict,
    allocate, finality,
};

/// A race of lists and independents, and what is outstanding.
#[derive(Clone)]
struct Case {
    rule: Rule,
    seats: u32,
    /// List of every candidate.
    of: Vec<Option<u32>>,
    lists: u32,
    now: Votes,
    batches: Vec<Votes>,
    missing: u64,
}

/// Short, with the options that are not at their default.
impl std::fmt::Debug for Case {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Case { rule, seats, of, now, batches, missing, .. } = self;
        let usual = Rule::new(rule.method()).option_values();
        let options = rule.option_values().into_iter().filter(|option| !usual.contains(option));
        let options: Vec<_> = options.collect();
        let name = rule.name();
        write!(formatter, "{name} {options:?}, {seats} seats, candidates of {of:?}, ")?;
        write!(formatter, "{now:?}, held {batches:?}, {missing} missing")
    }
}

impl Case {
    fn is_article_24(&self) -> bool {
        self.rule.method() == Method::Article24
    }

    fn count<T>(&self, votes: &Votes, then: impl Fn(&Race<'_>) -> T) -> T {
        let mut places = vec![0u32; self.lists as usize];
        let candidates: Vec<Candidate> = (0..self.of.len())
            .map(|who| Candidate {
                list: self.of[who],
                votes: votes.persons[who],
                position: self.of[who].map(|list| {
                    places[list as usize] += 1;
                    places[list as usize]
                }),
                veteran: who % 3 == 1,
                ..Candidate::default()
            })
            .collect();
        let lists: Vec<List> = votes
            .lists
            .iter()
            .map(|votes| List { votes: *votes, members: Members::Named })
            .collect();
        let [valid, taken] = votes.ballots.map(Some);
        let race = super::race(self.seats, &lists, &candidates);
        then(&Race { valid_ballots: valid, taken_ballots: taken, ..race })
    }

    fn run(&self, votes: &Votes) -> Option<Outcome> {
        self.count(votes, |race| allocate(race, &self.rule, &[]).ok())
    }

    /// `None`: the race itself has no outcome.
    fn finality(&self) -> Option<Finality> {
        let held: Vec<_> = (10..).zip(&self.batches).map(|(id, batch)| batch.held(id)).collect();
        let outstanding =
            Outstanding { missing_ballots_max: Some(self.missing), names_max: None, held: &held };
        self.count(&self.now, |race| finality(race, &self.rule, &outstanding).ok())
    }

    /// A ballot of these names, and perhaps for a list: each member one vote; for the list as many
    /// (article 24), or one.
    fn ballot(&self, list: Option<u32>, names: &[usize]) -> Votes {
        let persons: Vec<u64> = (0..self.of.len())
            .map(|who| u64::from(names.contains(&who) || list.is_some() && self.of[who] == list))
            .collect();
        let lists = (0..self.lists).map(|this| {
            let of_names: u64 = (0..self.of.len())
                .filter(|who| self.of[*who] == Some(this))
                .map(|who| if list.is_some() && !self.is_article_24() { 0 } else { persons[who] })
                .sum();
            of_names + u64::from(!self.is_article_24() && list == Some(this))
        });
        let is_valid = list.is_some() || !names.is_empty();
        Votes { lists: lists.collect(), persons: persons.clone(), ballots: [is_valid.into(), 1] }
    }

    fn kinds(&self) -> Vec<Votes> {
        let people = self.of.len();
        let all = (0..1u32 << people).filter(|names| names.count_ones() <= self.seats);
        let names = |names: u32| -> Vec<usize> {
            (0..people).filter(|who| names >> who & 1 == 1).collect()
        };
        let lists = (0..self.lists).map(|list| self.ballot(Some(list), &[]));
        all.map(|set| self.ballot(None, &names(set))).chain(lists).collect()
    }

    /// For every combination of batches: whether some content of the missing ballots changes the
    /// result.
    fn changes(&self) -> Vec<bool> {
        let before = self.run(&self.now).unwrap();
        let kinds = self.kinds();
        let combinations = combinations(&self.now, &self.batches);
        let differs = |votes: &Votes| self.run(votes).is_none_or(|after| !is_same(&before, &after));
        let changes = |votes: &Votes| votes.with_ballots(&kinds, self.missing).iter().any(differs);
        combinations.iter().map(changes).collect()
    }
}

fn check(case: &Case, found: &Finality, changes: &[bool]) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {found:?}, changes {changes:?}"));
    if case.missing == 0 && case.batches.is_empty() {
        return if found.verdict == Verdict::Decided { Ok(()) } else { wrong("nothing is left") };
    }
    let any = changes.iter().any(|changes| *changes);
    match &found.verdict {
        Verdict::Decided if any => wrong("not decided"),
        Verdict::Decided if !found.is_exact => wrong("decided is proven"),
        Verdict::Open if found.is_exact && !changes[0] => wrong("not open"),
        Verdict::DependsOn(_) if changes[0] => wrong("open"),
        Verdict::DependsOn(_) if found.is_exact && !any => wrong("decided"),
        Verdict::DependsOn(ids) => {
            let turns = |index: &usize| {
                let mut without = (0..changes.len()).filter(|all| all >> index & 1 == 0);
                without.any(|all| !changes[all] && changes[all | 1 << index])
            };
            let turning = (0..case.batches.len()).filter(turns).map(|index| 10 + index as u64);
            let turning: Vec<u64> = turning.collect();
            let all_named = turning.iter().all(|id| ids.contains(id));
            if !all_named || found.is_exact && turning != *ids {
                return wrong("batches");
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn options() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let one = prop::sample::select(vec![
        ("zero_votes", "elected"),
        ("threshold", "10"),
        ("threshold", "25"),
        ("threshold_base", "valid"),
        ("threshold_base", "taken"),
        ("threshold_base", "40"),
        ("threshold_scope", "lists"),
        ("below_threshold", "in_denominator"),
        ("min_groups", "2"),
        ("short_lists", "prorated"),
        ("min_seats", "1"),
        ("initial_seats", "1"),
        ("max_seats", "2"),
        ("majority", "more_than_half"),
        ("tie_seats", "larger_vote_total"),
        ("tie_persons", "old_order"),
        ("persons", "list_order"),
        ("persons", "czech"),
        ("denominator", "valid_ballots"),
        ("rounding", "half_up"),
        ("rounding", "half_even"),
        ("leftover", "largest_share"),
        ("leftover", "highest_average"),
        ("pool_gets_leftover", "no"),
        ("excess", "remove_from_largest"),
        ("excess", "remove_from_smallest_share"),
        ("excess", "error"),
        ("list_too_short", "vacant"),
        ("two_stage", "on"),
    ]);
    prop::collection::vec(one, 0..4)
}

/// So many ballots of one kind.
fn times(ballot: &Votes, number: u64) -> Votes {
    let times = |votes: &[u64]| votes.iter().map(|votes| votes * number).collect();
    Votes {
        lists: times(&ballot.lists),
        persons: times(&ballot.persons),
        ballots: ballot.ballots.map(|ballots| ballots * number),
    }
}

/// Votes of these people by ballots of names, each with its own number of them.
fn votes(case: &Case, persons: &[u64], of_lists: &[u64]) -> Votes {
    let nothing = Votes {
        lists: vec![0; case.lists as usize],
        persons: vec![0; case.of.len()],
        ballots: [0, 0],
    };
    let add = |sum: Votes, (number, ballot): (u64, Votes)| sum.plus(&times(&ballot, number));
    let names = (0..).zip(persons).map(|(who, times)| (*times, case.ballot(None, &[who])));
    let lists = (0..).zip(of_lists).map(|(list, times)| (*times, case.ballot(Some(list), &[])));
    names.chain(lists).fold(nothing, add)
}

fn cases(most: u64) -> impl Strategy<Value = Case> {
    let slate = (1..3u32, 2..6usize).prop_flat_map(move |(lists, people)| {
        let of = prop::collection::vec(prop::option::weighted(0.7, 0..lists), people);
        let persons = prop::collection::vec(0..most, people);
        let of_lists = prop::collection::vec(0..most, lists as usize);
        let batch = (
            prop::collection::vec(0..3u64, people),
            prop::collection::vec(0..3u64, lists as usize),
        );
        let batches = prop::collection::vec(batch, 0..3);
        (Just(lists), of, persons, of_lists, batches)
    });
    let method = prop::sample::select(group_methods());
    let method = prop_oneof![Just(Method::Article24), method];
    (method, options(), 1..5u32, slate, 0..3u64).prop_map(
        |(method, options, seats, (lists, of, persons, of_lists, batches), missing)| {
            let set = |rule: Rule, (name, value)| rule.with_option(name, value).unwrap_or(rule);
            let rule = options.into_iter().fold(Rule::new(method), set);
            let now = Votes { lists: vec![], persons: vec![], ballots: [0, 0] };
            let mut case = Case { rule, seats, of, lists, now, batches: vec![], missing };
            case.now = votes(&case, &persons, &of_lists);
            case.batches =
                batches.iter().map(|(names, lists)| votes(&case, names, lists)).collect();
            case
        },
    )
}

proptest! {
    #![proptest_config(super::at_least(600))]

    #[test]
    fn no_result_of_groups_is_decided_too_early(
        case in prop_oneof![cases(6), cases(20), cases(200)],
    ) {
        let Some(found) = case.finality() else { return Ok(()) };
        prop_assert_eq!(check(&case, &found, &case.changes()), Ok(()));
        prop_assert!(found.is_exact || case.missing > 0, "batches alone are tried");
    }

    /// As many missing ballots as a result can bear by its own proof, so that every proof is tried
    /// at its border: all ballots of one kind, and of two kinds in several proportions.
    #[test]
    fn the_largest_number_of_ballots_that_is_decided_is(
        mut case in prop_oneof![cases(20), cases(60), cases(600)],
        chance in prop::collection::vec((any::<prop::sample::Index>(), 0..=4u64), 40),
    ) {
        let mut is_decided = |missing| {
            case.missing = missing;
            case.finality().is_some_and(|found| found.verdict == Verdict::Decided)
        };
        let (mut low, mut high) = (0, 1_000);
        while low + 1 < high {
            let middle = (low + high) / 2;
            if is_decided(middle) { low = middle } else { high = middle }
        }
        if low == 0 {
            return Ok(());
        }
        case.missing = low;
        let Some(before) = case.run(&case.now) else { return Ok(()) };
        let kinds = case.kinds();
        let mixed = chance.windows(2).map(|two| {
            let [one, other] = [two[0].0.get(&kinds), two[1].0.get(&kinds)];
            let part = low * two[0].1 / 4;
            times(one, part).plus(&times(other, low - part))
        });
        let alone = kinds.iter().map(|kind| times(kind, low));
        let all: Vec<Votes> = alone.chain(mixed).collect();
        for votes in combinations(&case.now, &case.batches) {
            for ballots in &all {
                let after = case.run(&votes.plus(ballots));
                let is_same = after.is_some_and(|after| is_same(&before, &after));
                prop_assert!(is_same, "{case:?}: {ballots:?}");
            }
        }
    }
}

/// The proofs succeed where gaps are wide: for each method and for other readings, some results are
/// decided although ballots are missing.
#[test]
fn wide_gaps_are_decided() {
    let readings = [
        ("rounding", "half_up"),
        ("rounding", "half_even"),
        ("denominator", "valid_ballots"),
        ("leftover", "largest_share"),
        ("leftover", "highest_average"),
        ("list_too_short", "vacant"),
        ("threshold", "10"),
    ];
    let article = Rule::new(Method::Article24);
    let read = readings.map(|(name, value)| article.with_option(name, value).unwrap());
    for rule in group_methods().into_iter().map(Rule::new).chain(read) {
        let mut runner = TestRunner::deterministic();
        let decided = (0..400).filter(|_| {
            let mut case = cases(600).new_tree(&mut runner).unwrap().current();
            // As a ballot means another thing under another method, only names are kept.
            case.now = Votes { lists: vec![0; case.lists as usize], ..case.now };
            case.rule = rule;
            case.now = votes(&case, &case.now.persons, &[]);
            case.missing = 1;
            case.batches.clear();
            case.finality().is_some_and(|found| found.verdict == Verdict::Decided)
        });
        let decided = decided.count();
        assert!(decided >= 60, "{rule:?}: {decided} of 400");
    }
}

/// Borders that chance seldom meets, each with the ballots that cross it: a first vote that puts
/// somebody before another in the order of the list; equal votes above the average of a list, where
/// the position decides; a list that comes to more than half of the votes; two that were rounded up
/// by nearly the same fraction. Without the option the result is decided.
#[test]
fn rare_borders_are_seen() {
    let case = |rule: Rule, seats, of: &[Option<u32>], persons: &[u64], missing| {
        let lists = of.iter().flatten().max().map_or(0, |last| last + 1);
        let now = Votes { lists: vec![], persons: vec![], ballots: [0, 0] };
        let of = of.to_vec();
        let mut case = Case { rule, seats, of, lists, now, batches: vec![], missing };
        case.now = votes(&case, persons, &[]);
        case
    };
    let verdict = |case: &Case| case.finality().unwrap().verdict;
    let crosses = |case: &Case, list: Option<u32>, names: &[usize]| {
        let more = times(&case.ballot(list, names), case.missing);
        let [before, after] =
            [case.now.clone(), case.now.plus(&more)].map(|votes| case.run(&votes));
        assert!(!is_same(&before.unwrap(), &after.unwrap()), "{case:?}");
        assert_eq!(verdict(case), Verdict::Open, "{case:?}");
    };
    let rule = |method, options: &[(&str, &str)]| {
        let set = |rule: Rule, option: &(&str, &str)| rule.with_option(option.0, option.1).unwrap();
        options.iter().fold(Rule::new(method), set)
    };
    let one_list = [Some(0); 3];
    for order in ["list_order", "czech"] {
        let order = rule(Method::DHondt, &[("persons", order)]);
        crosses(&case(order, 2, &one_list, &[0, 5, 30], 1), None, &[0]);
        let all_with_votes = case(order, 2, &one_list, &[5, 1, 30], 1);
        assert_eq!(verdict(&all_with_votes), Verdict::Decided);
    }
    let czech = rule(Method::DHondt, &[("persons", "czech"), ("tie_persons", "old_order")]);
    // The second one is a veteran.
    crosses(&case(czech, 1, &one_list, &[25, 26, 1], 1), None, &[0]);
    assert_eq!(verdict(&case(czech, 1, &one_list, &[25, 27, 1], 1)), Verdict::Decided);

    let three_lists = [Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)];
    let of_three = [450, 49, 350, 50, 60, 41];
    let majority = rule(Method::Hare, &[("majority", "more_than_half")]);
    crosses(&case(majority, 2, &three_lists, &of_three, 3), Some(0), &[]);
    let plain = case(Rule::new(Method::Hare), 2, &three_lists, &of_three, 3);
    assert_eq!(verdict(&plain), Verdict::Decided);

    // 408, 313 and 279 thousand: 8.568, 6.573 and 5.859 of 21 seats are rounded to 22.
    let group = |first: &[u64], rest: u64, sum: u64| {
        let others = 21 - first.len() as u64;
        let last = sum - first.iter().sum::<u64>() - rest * (others - 1);
        let mut persons = first.to_vec();
        persons.extend((1..others).map(|_| rest).chain([last]));
        persons
    };
    let persons = [
        group(&[50_000; 8], 600, 408_000),
        group(&[44_000; 7], 350, 313_000),
        group(&[46_000; 6], 200, 279_000),
    ]
    .concat();
    let of: Vec<Option<u32>> =
        [Some(0), Some(1), None].into_iter().flat_map(|list| [list; 21]).collect();
    let half_up =
        rule(Method::Article24, &[("rounding", "half_up"), ("leftover", "largest_share")]);
    crosses(&case(half_up, 21, &of, &persons, 300), None, &[0]);
    assert_eq!(verdict(&case(half_up, 21, &of, &persons, 10)), Verdict::Decided);
}

/// Tehran: 21 seats, three lists and the pool, hundreds of thousands of ballots.
#[test]
fn a_council_of_tehran() {
    let mut of = Vec::new();
    let mut persons = Vec::new();
    for (list, first) in [(Some(0), 400_000), (Some(1), 300_000), (None, 250_000)] {
        for who in 0..21u64 {
            of.push(list);
            persons.push(first - 1_000 * who);
        }
    }
    let rule = Rule::named("ir-councils-1405").unwrap().of_district(21);
    let now = Votes { lists: vec![], persons: vec![], ballots: [0, 0] };
    let mut case = Case { rule, seats: 21, of, lists: 2, now, batches: vec![], missing: 0 };
    case.now = votes(&case, &persons, &[]);
    case.now.ballots = [1_000_000, 1_100_000];
    let verdict = |case: &Case, missing| {
        let case = Case { missing, ..case.clone() };
        let found = case.finality().unwrap();
        (found.verdict, found.is_exact)
    };
    // Persons of a group are 1,000 apart.
    assert_eq!(verdict(&case, 999), (Verdict::Decided, true));
    assert_eq!(verdict(&case, 1_000), (Verdict::Open, true));
    // 9 seats of 8.87, 7 of 6.63, 5 of 5.5: the list of 8.87 and the pool of 5.5 are far apart.
    case.batches = vec![case.ballot(None, &[9]), case.ballot(Some(1), &[])];
    assert_eq!(verdict(&case, 0), (Verdict::Decided, true));
}
