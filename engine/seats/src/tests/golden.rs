//! Worked cases of the law, and one case for every sentence of the contract (docs/commands.md).

use super::{independents, list, named, race, seats, unnamed};
use crate::{
    Article, Divisor, Fact, GroupKey, Labels, Language, Lot, LotKind, Method, Party, Race, Rule,
    SeatsError, Status, Step, allocate,
};

/// An independent pool of 21 people with this total, all different.
fn pool(total: u64) -> Vec<u64> {
    let mut votes: Vec<u64> = (1..=20).collect();
    votes.push(total - votes.iter().sum::<u64>());
    votes
}

#[test]
fn law_1_6_largest_remainder_and_dhondt() {
    // (votes of the lists, votes of the pool), article 24, D'Hondt with the pool as a list.
    type Case = (&'static [u64], u64, &'static [u32], &'static [u32]);
    let cases: [Case; 4] = [
        (&[450_000, 300_000], 250_000, &[10, 6, 5], &[10, 6, 5]),
        (&[408_000, 313_000], 279_000, &[8, 7, 6], &[9, 6, 6]),
        (&[490_000, 300_000, 130_000], 80_000, &[10, 6, 3, 2], &[11, 6, 3, 1]),
        (&[495_000, 304_000, 116_000], 85_000, &[10, 6, 3, 2], &[11, 7, 2, 1]),
    ];
    for (lists, pooled, article_24, dhondt) in cases {
        let entries = unnamed(lists);
        let candidates = independents(&pool(pooled));
        let rule = Rule::new(Method::Article24);
        let outcome = allocate(&race(21, &entries, &candidates), &rule, &[]).unwrap();
        assert_eq!(seats(&outcome), article_24, "{lists:?} + {pooled}");
        assert_eq!(outcome.status, Status::Final);
        let all = unnamed(&[lists, &[pooled]].concat());
        let outcome = allocate(&race(21, &all, &[]), &Rule::new(Method::DHondt), &[]).unwrap();
        assert_eq!(seats(&outcome), dhondt, "{lists:?} + {pooled}");
    }
}

#[test]
fn law_1_6_denominator_is_the_vote_sum() {
    let entries = unnamed(&[6_800_000, 4_500_000]);
    let candidates = independents(&pool(1_200_000));
    let outcome =
        allocate(&race(21, &entries, &candidates), &Rule::new(Method::Article24), &[]).unwrap();
    assert_eq!(seats(&outcome), [11, 8, 2]);
    // raw 11.424, 7.56, 2.016 exactly
    let shares: Vec<(u32, u64)> = outcome
        .steps
        .iter()
        .filter_map(|step| match step.fact {
            Fact::Share { whole, remainder, .. } => Some((whole, remainder)),
            _ => None,
        })
        .collect();
    assert_eq!(shares, [(11, 5_300_000), (7, 7_000_000), (2, 200_000)]);
    let articles: Vec<Article> = outcome.steps.iter().map(|step| step.article).collect();
    for article in [
        Article::Councils24Item1,
        Article::Councils24Item2,
        Article::Councils24Item3,
        Article::InterpretiveItem2,
        Article::Councils25Item2,
    ] {
        assert!(articles.contains(&article), "{article:?} is cited");
    }
}

#[test]
fn article_24_elects_and_names_alternates_inside_each_group() {
    let (lists, candidates) = named(&[&[50, 40, 30, 20], &[45, 15]], &[35, 5]);
    // 140 + 60 + 40 = 240 votes, 6 seats: 3.5, 1.5, 1.0: the remainders of A and B are equal.
    let six = race(6, &lists, &candidates);
    let rule = Rule::new(Method::Article24);
    let open = allocate(&six, &rule, &[]).unwrap();
    assert_eq!(open.status, Status::LotRequired);
    assert_eq!(seats(&open), [3, 1, 1]);
    assert_eq!((open.undecided, open.vacant), (1, 0));
    assert_eq!(open.elected, [0, 4, 1, 6, 2], "the certain part");
    assert_eq!(open.alternates, [7], "only the pool waits for nothing");
    assert_eq!(open.lots.len(), 1);
    assert_eq!((open.lots[0].kind, open.lots[0].places), (LotKind::Seat, 1));
    assert_eq!(open.lots[0].between, [list(0), list(1)]);

    let lot = Lot::new(LotKind::Seat, 1, list(1));
    let done = allocate(&six, &rule, &[lot]).unwrap();
    assert_eq!((done.status, seats(&done)), (Status::Final, vec![3, 2, 1]));
    assert_eq!(done.elected, [0, 4, 1, 6, 2, 5]);
    // 52 %: of 3 -> 2 (one is left), of 2 -> 1 (none is left), of 1 -> 1
    assert_eq!(done.alternates, [3, 7]);
    // One after another inside each group, not from group to group.
    let orders = done.alternate_orders();
    let orders: Vec<_> = orders.iter().map(|own| (own.group, own.named, own.undecided)).collect();
    let own = |key, named| (Some(key), named, 0);
    assert_eq!(orders, [own(GroupKey::List(0), &[3][..]), own(GroupKey::Independents, &[7])]);
}

#[test]
fn alternates_behind_an_open_lot_wait_and_are_counted() {
    // 3 seats and 2 alternates each: in A two are equal at the last seat, in B at the first
    // alternate.
    let (lists, candidates) = named(&[&[50, 40, 30, 30, 20, 10], &[60, 50, 40, 15, 15, 0]], &[]);
    let six = race(6, &lists, &candidates);
    let open = allocate(&six, &Rule::new(Method::Article24), &[]).unwrap();
    assert_eq!(seats(&open), [3, 3]);
    let orders = open.alternate_orders();
    let orders: Vec<_> = orders.iter().map(|own| (own.group, own.named, own.undecided)).collect();
    let waits = |list| (Some(GroupKey::List(list)), &[][..], 2);
    assert_eq!(orders, [waits(0), waits(1)]);
    assert_eq!(open.alternates_undecided, 4);
}

#[test]
fn article_24_gives_what_a_short_list_cannot_fill_to_the_others() {
    // 80, 10, 10 of 100 votes, 10 seats, 8-1-1 exactly, but A has two names: six seats left.
    let (lists, candidates) = named(&[&[41, 39], &[6, 3, 1], &[4, 3, 2, 1]], &[]);
    let outcome =
        allocate(&race(10, &lists, &candidates), &Rule::new(Method::Article24), &[]).unwrap();
    // B and C take one each in rounds 1 and 2; then B is full and C takes one; one stays vacant.
    assert_eq!(seats(&outcome), [2, 3, 4]);
    assert_eq!((outcome.vacant, outcome.status), (1, Status::Final));
    let rounds = |step: &crate::Step| match step.fact {
        Fact::RemainderSeat { round, .. } => Some(round),
        _ => None,
    };
    let rounds: Vec<u32> = outcome.steps.iter().filter_map(rounds).collect();
    assert_eq!(rounds, [1, 1, 2, 2, 3]);
    assert!(outcome.steps.iter().any(|step| step.article == Article::Councils24ListTooShort));
}

#[test]
fn a_list_total_may_exceed_its_members_but_not_fall_below() {
    let (mut lists, candidates) = named(&[&[5, 4]], &[1]);
    let rule = Rule::new(Method::Article24);
    lists[0].votes = 8;
    assert_eq!(
        allocate(&race(2, &lists, &candidates), &rule, &[]),
        Err(SeatsError::ListTotalTooSmall { list: 0, total: 8, members: 9 })
    );
    lists[0].votes = 10; // A13 keep: votes of a member who withdrew
    assert!(allocate(&race(2, &lists, &candidates), &rule, &[]).is_ok());
}

#[test]
fn plurality_takes_the_most_votes_then_the_alternates() {
    let candidates = independents(&[5, 9, 7, 1, 0, 3]);
    let rule = Rule::new(Method::BlockPlurality);
    let two = Race { alternates: 2, ..race(2, &[], &candidates) };
    let outcome = allocate(&two, &rule, &[]).unwrap();
    assert_eq!((outcome.elected, outcome.alternates), (vec![1, 2], vec![0, 5]));
    assert_eq!((outcome.groups[0].seats, outcome.groups[0].votes), (2, 25));

    let many = Race { alternates: 3, ..race(7, &[], &candidates) };
    let outcome = allocate(&many, &rule, &[]).unwrap();
    assert_eq!(outcome.elected, [1, 2, 0, 5, 3], "no vote, not elected");
    assert_eq!((outcome.vacant, outcome.groups[0].vacant), (2, 2));
    assert_eq!(outcome.status, Status::Final);

    let lenient = rule.with_option("zero_votes", "elected").unwrap();
    let outcome = allocate(&many, &lenient, &[]).unwrap();
    assert_eq!((outcome.elected.len(), outcome.vacant), (6, 1));
}

#[test]
fn no_vote_at_all_elects_nobody() {
    let (lists, candidates) = named(&[&[0, 0], &[0]], &[0]);
    for method in Method::all() {
        let rule = Rule::new(method).with_option("zero_votes", "elected").unwrap();
        let race = Race { valid_ballots: Some(0), ..race(3, &lists, &candidates) };
        let outcome = allocate(&race, &rule, &[]).unwrap();
        assert_eq!(outcome.status, Status::NoVotes, "{method:?}");
        assert_eq!((outcome.elected.len(), outcome.vacant), (0, 3));
        assert_eq!(outcome.groups.len(), 3, "groups are listed all the same");
    }
}

#[test]
fn a_tie_inside_the_elected_set_needs_no_lot() {
    let candidates = independents(&[4, 4, 4, 2, 1]);
    let outcome =
        allocate(&race(3, &[], &candidates), &Rule::new(Method::BlockPlurality), &[]).unwrap();
    assert_eq!((outcome.status, outcome.elected), (Status::Final, vec![0, 1, 2]));
}

#[test]
fn lots_settle_persons_and_then_the_order_of_alternates() {
    let candidates = independents(&[9, 4, 4, 4, 4, 1]);
    let rule = Rule::new(Method::BlockPlurality);
    let three = Race { alternates: 3, ..race(3, &[], &candidates) };
    let lot = |kind, place, who| Lot::new(kind, place, Party::Candidate(who));
    let open = allocate(&three, &rule, &[]).unwrap();
    assert_eq!((open.elected, open.alternates, open.undecided), (vec![0], vec![], 2));
    assert_eq!((open.lots[0].places, open.lots[0].between.len()), (2, 4));

    let first = lot(LotKind::Person, 1, 3);
    let open = allocate(&three, &rule, std::slice::from_ref(&first)).unwrap();
    assert_eq!((open.elected, open.undecided), (vec![0, 3], 1));
    assert_eq!((open.lots[0].places, open.lots[0].next_place), (1, 2));
    assert_eq!(open.lots[0].between, [1, 2, 4].map(Party::Candidate));

    let second = lot(LotKind::Person, 2, 1);
    let open = allocate(&three, &rule, &[second.clone(), first.clone()]).unwrap();
    assert_eq!((open.elected, open.alternates), (vec![0, 1, 3], vec![]));
    assert_eq!((open.lots[0].kind, open.lots[0].places), (LotKind::Alternate, 2));

    let third = lot(LotKind::Alternate, 1, 4);
    let done = allocate(&three, &rule, &[second.clone(), first.clone(), third.clone()]).unwrap();
    assert_eq!((done.status, done.alternates), (Status::Final, vec![4, 2, 5]));
    let stated = lot(LotKind::Alternate, 2, 2);
    let same = allocate(&three, &rule, &[second, first, third, stated]).unwrap();
    assert_eq!(same.alternates, [4, 2, 5], "the last place may be stated");
}

#[test]
fn a_lot_that_does_not_match_is_refused() {
    let candidates = independents(&[4, 4, 1]);
    let rule = Rule::new(Method::RelativePlurality);
    let one = race(1, &[], &candidates);
    let lot = |kind, place, who| Lot::new(kind, place, Party::Candidate(who));
    let right = lot(LotKind::Person, 1, 0);
    assert_eq!(allocate(&one, &rule, std::slice::from_ref(&right)).unwrap().elected, [0]);
    let stranger = allocate(&one, &rule, &[lot(LotKind::Person, 1, 2)]);
    assert!(matches!(stranger, Err(SeatsError::LotMismatch { ties, .. }) if ties.len() == 1));
    let kind = allocate(&one, &rule, &[right.clone(), lot(LotKind::Alternate, 1, 1)]);
    assert!(matches!(kind, Err(SeatsError::LotMismatch { lot_index: 1, .. })));
    let place = allocate(&one, &rule, &[lot(LotKind::Person, 2, 0)]);
    assert!(matches!(place, Err(SeatsError::LotPlace { expected: 1, .. })));
    let beyond = allocate(&one, &rule, &[right.clone(), lot(LotKind::Person, 2, 1)]);
    assert!(matches!(beyond, Err(SeatsError::LotBeyondPlaces { places: 1, .. })));
    let twice = allocate(&one, &rule, &[right.clone(), lot(LotKind::Person, 2, 0)]);
    assert!(matches!(twice, Err(SeatsError::LotWinnerRepeated { .. })));
    let again = allocate(&one, &rule, &[right.clone(), right.clone()]);
    assert!(matches!(again, Err(SeatsError::LotWinnerRepeated { lot_index: 1, .. })));
    let not_needed = allocate(&race(2, &[], &candidates), &rule, &[right]);
    assert!(matches!(not_needed, Err(SeatsError::LotMismatch { ties, .. }) if ties.is_empty()));
}

#[test]
fn full_lists_drop_out_and_hare_starts_anew_for_the_rest() {
    let (lists, candidates) = named(&[&[70], &[10, 8, 2], &[6, 3, 1]], &[]);
    let five = race(5, &lists, &candidates);
    let dhondt = allocate(&five, &Rule::new(Method::DHondt), &[]).unwrap();
    assert_eq!(seats(&dhondt), [1, 3, 1], "20, 10, 10 (C), 6.67 against 5");
    // Hare: A has 3.5 quotas and one name; then 20 and 10 of 30 votes for 4 seats: 2.67, 1.33.
    let hare = allocate(&five, &Rule::new(Method::Hare), &[]).unwrap();
    assert_eq!(seats(&hare), [1, 3, 1]);
    let nobody = allocate(&race(9, &lists, &candidates), &Rule::new(Method::Hare), &[]).unwrap();
    assert_eq!((seats(&nobody), nobody.vacant), (vec![1, 3, 3], 2));
}

#[test]
fn independents_are_groups_of_their_own_with_one_seat() {
    let (lists, candidates) = named(&[&[10, 5]], &[40, 3]);
    let outcome = allocate(&race(3, &lists, &candidates), &Rule::new(Method::DHondt), &[]).unwrap();
    assert_eq!((seats(&outcome), outcome.elected), (vec![2, 1, 0], vec![2, 0, 1]));
}

#[test]
fn persons_are_not_asked_about_while_the_seats_of_their_list_are_open() {
    // 10 and 5 votes, two seats: the first is A's, the second is tied at 5. If A wins it, both of
    // its equal members are in and no second lot is needed.
    let (mut lists, candidates) = named(&[&[5, 5]], &[]);
    lists.extend(unnamed(&[5]));
    let (two, rule) = (race(2, &lists, &candidates), Rule::new(Method::DHondt));
    let open = allocate(&two, &rule, &[]).unwrap();
    assert_eq!((seats(&open), open.elected.len(), open.lots.len()), (vec![1, 0], 0, 1));
    let lot = |winner| Lot::new(LotKind::Seat, 1, winner);
    let first = allocate(&two, &rule, &[lot(list(0))]).unwrap();
    assert_eq!((first.status, first.elected), (Status::Final, vec![0, 1]));
    let second = allocate(&two, &rule, &[lot(list(1))]).unwrap();
    assert_eq!((second.status, second.lots[0].kind), (Status::LotRequired, LotKind::Person));
}

#[test]
fn a_threshold_counts_against_its_base() {
    let lists = unnamed(&[900, 50, 50]);
    let with = |base: &str| {
        let options = [("threshold", "5"), ("threshold_base", base)];
        let rule = Rule::parse("sainte-lague", options).unwrap();
        let race = Race { valid_ballots: Some(1_001), ..race(20, &lists, &[]) };
        seats(&allocate(&Race { taken_ballots: Some(1_000), ..race }, &rule, &[]).unwrap())
    };
    assert_eq!(with("votes"), [18, 1, 1], "5 % is reached exactly");
    assert_eq!(with("1001"), [20, 0, 0], "blank votes raise the bar");
    assert_eq!((with("valid"), with("taken")), (vec![20, 0, 0], vec![18, 1, 1]));
    let options = [("threshold", "5"), ("threshold_base", "1000000")];
    let all = Rule::parse("dhondt", options).unwrap();
    let outcome = allocate(&race(4, &lists, &[]), &all, &[]).unwrap();
    assert_eq!((outcome.vacant, outcome.status), (4, Status::Final));
    let valid = Rule::parse("dhondt", [("threshold", "5"), ("threshold_base", "valid")]).unwrap();
    assert!(matches!(
        allocate(&race(4, &lists, &[]), &valid, &[]),
        Err(SeatsError::BallotsNeeded { which: "valid ballots", .. })
    ));
}

#[test]
fn bounds_are_refused_and_the_largest_numbers_are_exact() {
    let rule = Rule::new(Method::DHondt);
    let lists = unnamed(&[u64::MAX - 1, 1]);
    let outcome = allocate(&race(10_000, &lists, &[]), &rule, &[]).unwrap();
    assert_eq!(seats(&outcome), [10_000, 0]);
    let hare = allocate(&race(10_000, &lists, &[]), &Rule::new(Method::Hare), &[]).unwrap();
    assert_eq!(seats(&hare), [10_000, 0]);
    for seats in [0, 10_001] {
        assert!(matches!(
            allocate(&race(seats, &lists, &[]), &rule, &[]),
            Err(SeatsError::SeatsOutOfRange { .. })
        ));
    }
    let over = unnamed(&[u64::MAX, 1]);
    assert_eq!(allocate(&race(1, &over, &[]), &rule, &[]), Err(SeatsError::TooManyVotes));
    let plurality = Rule::new(Method::BlockPlurality);
    assert!(matches!(
        allocate(&race(1, &lists, &[]), &plurality, &[]),
        Err(SeatsError::PersonsNeeded { .. })
    ));
    let candidates = independents(&[11]);
    let ballots = Race { valid_ballots: Some(10), ..race(1, &[], &candidates) };
    assert_eq!(
        allocate(&ballots, &plurality, &[]),
        Err(SeatsError::MoreVotesThanBallots { candidate: 0, votes: 11, ballots: 10 })
    );
}

/// Found by the second implementation: shares of no ballots were a division by zero.
#[test]
fn votes_without_a_valid_ballot_are_refused_where_shares_are_taken_of_ballots() {
    let lists = unnamed(&[10]);
    let race = Race { valid_ballots: Some(0), ..race(2, &lists, &[]) };
    let rule = Rule::parse("article-24", [("denominator", "valid_ballots")]).unwrap();
    assert_eq!(allocate(&race, &rule, &[]), Err(SeatsError::NoBallots { rule: "article-24" }));
    assert!(allocate(&race, &Rule::new(Method::Article24), &[]).is_ok());
}

/// Found by property tests: quotas for more seats than there are, with full lists, gave a list more
/// seats than were left.
#[test]
fn quotas_for_too_many_seats_stop_at_what_full_lists_can_take() {
    // 4 and 4 votes, 6 seats, quota 8 / 8: 4 and 4, but the second has three names. It leaves, and
    // the first has four names for the three seats that are left.
    let (lists, candidates) = named(&[&[1, 1, 1, 1], &[1, 1, 2]], &[]);
    let rule = Rule::new(Method::ImperialiQuota);
    let outcome = allocate(&race(6, &lists, &candidates), &rule, &[]).unwrap();
    assert_eq!((seats(&outcome), outcome.vacant), (vec![3, 3], 0));
}

/// Found by the second implementation: seats beforehand are no part of what the method gives.
#[test]
fn more_than_half_is_of_the_seats_that_the_method_gives() {
    let lists = unnamed(&[36, 14, 21]);
    let options = [("majority", "more_than_half"), ("initial_seats", "1")];
    let rule = Rule::parse("hare", options).unwrap();
    // Two seats for the method: 36 x 2 / 71 = 1.01, no more than half of two.
    let outcome = allocate(&race(5, &lists, &[]), &rule, &[]).unwrap();
    assert_eq!(seats(&outcome), [3, 1, 1]);
}

/// A Persian line runs from right to left, a formula in it does not: outside of the isolates there
/// is no sign of one.
#[test]
fn no_formula_runs_from_right_to_left() {
    let group = GroupKey::List(0);
    let half = Divisor::Ratio { numerator: 3, denominator: 2 };
    let facts = [
        Fact::BelowThreshold { group, votes: 4, base: 100, part: 1, whole: 2 },
        Fact::QuotientSeat { group, seat: 1, votes: 30, divisor: half },
        Fact::QuotientSeat { group, seat: 1, votes: 30, divisor: Divisor::Root(6) },
        Fact::RemainderSeat { group, remainder: -3, denominator: 7, round: 1 },
        Fact::WholeQuota { votes: 100, seats: 4, quota: 26 },
        Fact::Share { group, votes: 34, seats: 4, denominator: 67, whole: 2, remainder: 2 },
        Fact::Share { group, votes: 34, seats: 1, denominator: 67, whole: 0, remainder: 34 },
        Fact::CzechFirst { group, votes: 50, names: 5, first: vec![0] },
    ];
    let lists = unnamed(&[3, 2]);
    let outcome = allocate(&race(1, &lists, &[]), &Rule::new(Method::Hare), &[]).unwrap();
    for fact in facts {
        let step = Step { fact, ..outcome.steps[0].clone() };
        let text = step.text_fa(&Names);
        let (mut depth, mut isolates) = (0, 0);
        for letter in text.chars() {
            match letter {
                '\u{2066}' => (depth, isolates) = (depth + 1, isolates + 1),
                '\u{2069}' => depth -= 1,
                '×' | '÷' | '=' | '√' | '−' => assert_eq!(depth, 1, "{text}"),
                _ => {}
            }
        }
        assert_eq!((depth, isolates), (0, 1), "{text}");
        assert!(!step.text_en(&Names).contains('\u{2066}'));
    }
}

struct Names;

impl Labels for Names {
    fn list(&self, position: u32, language: Language) -> String {
        let names = match language {
            Language::English => ["Dawn", "Plain"],
            Language::Persian => ["سپیده", "دشت"],
        };
        names[position as usize].to_owned()
    }

    fn candidate(&self, position: u32, _: Language) -> String {
        format!("c{position}")
    }
}

#[test]
fn steps_are_sentences_with_their_numbers() {
    let lists = unnamed(&[1_200_000, 800_000]);
    let outcome = allocate(&race(5, &lists, &[]), &Rule::new(Method::Hare), &[]).unwrap();
    let step = &outcome.steps[1];
    assert_eq!(
        step.text_en(&Names),
        "List Dawn: 1,200,000 × 5 / 2,000,000 = 3 seats, remainder 0 / 2,000,000."
    );
    assert_eq!(
        step.text_fa(&Names),
        "فهرست سپیده: \u{2066}۱٬۲۰۰٬۰۰۰ × ۵ ÷ ۲٬۰۰۰٬۰۰۰ = ۳\u{2069} کرسی، باقی‌مانده ۰ از ۲٬۰۰۰٬۰۰۰."
    );
    assert_eq!(step.article.text(), "Hare quota, largest remainder");
    assert!(step.fact.numbers().contains(&("votes", 1_200_000)));
}
