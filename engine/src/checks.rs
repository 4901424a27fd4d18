//! Checks: what headquarters wants looked at before a batch counts (DESIGN.md: held is not
//! counted).
//!
//! In: the checks of `election.toml`, what is registered, and what pairs and batches have reported.
//! Out: an alarm for each check that fails, with its formula and numbers. Never: a batch left out
//! of the totals here; whoever keeps the totals does that. An alarm depends on *which* batches are
//! there, and not on the order in which they came: two equal batches are two alarms, and a pair is
//! compared with all others of its district. So a recount finds the same alarms.

use std::fmt;

use shomar_format::Election;
use shomar_format::election::check::{Check, CheckAction, CheckMethod, Limit};

/// What is known of a pair before anybody voted, or from another source than its ballots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Voters registered: of the pair in `serves.csv`, else of its station.
    pub registered: Option<u64>,
    /// Voters authenticated, from the same places.
    pub authenticated: Option<u64>,
}

/// Ballots that somebody reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// Ballots taken.
    pub taken: u64,
    /// Valid ones.
    pub valid: u64,
    /// Void ones.
    pub void: u64,
}

impl Reported {
    /// Adds another report.
    pub fn add(&mut self, other: Self) {
        self.taken += other.taken;
        self.valid += other.valid;
        self.void += other.void;
    }

    /// Takes a report out again.
    ///
    /// # Panics
    /// If it was not in.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        let less = |all: u64, part: u64| all.checked_sub(part).expect("a part of the whole");
        Self {
            taken: less(self.taken, other.taken),
            valid: less(self.valid, other.valid),
            void: less(self.void, other.void),
        }
    }
}

/// What a check expected, with the numbers that do not keep to it. Its text is that of JSON and
/// warnings, after "expected"; whoever tells people makes a sentence of their language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formula {
    /// The first number is at most the second and the limit.
    AtMost(Counted, Counted, Limit),
    /// Ballots taken are the valid and the void ones.
    Sum(Reported),
    /// The void share of the first is within the limit of that of the others.
    VoidShare(Reported, Reported, Limit),
    /// Ballots taken are at most the mean of those of other pairs, and the limit.
    Jump {
        /// Ballots taken.
        taken: u64,
        /// Those of the other pairs together.
        others: u64,
        /// How many other pairs there are.
        pairs: u64,
        /// By how much it may be more.
        limit: Limit,
    },
    /// No other batch has the same ballots.
    Alone {
        /// Ballots taken.
        taken: u64,
        /// Batches that have the same.
        equal: u64,
    },
}

/// A number that a check compares, and of what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Ballots taken.
    Taken(u64),
    /// Voters authenticated.
    Authenticated(u64),
    /// Voters registered.
    Registered(u64),
}

impl Counted {
    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Taken(number) | Self::Authenticated(number) | Self::Registered(number) => number,
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(number) => write!(formatter, "ballots taken {number}"),
            Self::Authenticated(number) => write!(formatter, "authenticated {number}"),
            Self::Registered(number) => write!(formatter, "registered {number}"),
        }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(left, right, limit) => write!(formatter, "{left} <= {right} + {limit}"),
            Self::Sum(Reported { taken, valid, void }) => {
                write!(formatter, "taken {taken} = valid {valid} + void {void}")
            }
            Self::VoidShare(own, others, limit) => write!(
                formatter,
                "void {} of {} within {limit} of void {} of {} at the district's other stations",
                own.void, own.taken, others.void, others.taken
            ),
            Self::Jump { taken, others, pairs, limit } => write!(
                formatter,
                "ballots taken {taken} <= the mean of {others} at {pairs} other station(s) + {limit}"
            ),
            Self::Alone { taken, equal } => {
                write!(formatter, "its {taken} ballots are those of {equal} other batch(es)")
            }
        }
    }
}

/// A check that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Which of the checks, from 0.
    pub check: usize,
    /// What is compared.
    pub method: CheckMethod,
    /// What happens.
    pub action: CheckAction,
    /// The formula that is not kept, with its numbers.
    pub formula: Formula,
}

/// The checks of an election.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    checks: Vec<Check>,
}

impl Checks {
    /// Takes the checks of an election.
    #[must_use]
    pub fn of(election: &shomar_format::election::ElectionHead) -> Self {
        Self { checks: election.checks.iter().map(|written| written.check).collect() }
    }

    /// Whether there is nothing to check.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// Whether a check compares with what is registered or authenticated.
    #[must_use]
    pub fn need_registers(&self) -> bool {
        let needs = |check: &Check| {
            matches!(
                check.method,
                CheckMethod::BallotsAuthenticated
                    | CheckMethod::AuthenticatedRegistered
                    | CheckMethod::BallotsRegistered
            )
        };
        self.checks.iter().any(needs)
    }

    /// The least ballots of pairs that a check compares with one another; 0 is every pair.
    pub fn compared(&self) -> impl Iterator<Item = u64> {
        self.checks.iter().map(compared)
    }

    /// Looks at a pair: what it reported, and what the other pairs of its district that have
    /// reported, of at least so many ballots each, say together; and their number.
    #[must_use]
    pub fn look_at_pair(
        &self,
        expected: Expected,
        own: Reported,
        others: impl Fn(u64) -> (Reported, u64),
    ) -> Vec<Alarm> {
        let alarms = self.checks.iter().enumerate().filter_map(|(number, check)| {
            if own.taken < check.minimum_ballots {
                return None;
            }
            let (others, other_pairs) = others(compared(check));
            let formula = pair_fails(check, expected, own, others, other_pairs)?;
            Some(Alarm { check: number, method: check.method, action: check.action, formula })
        });
        alarms.collect()
    }

    /// Looks at a batch of `taken` ballots whose bytes `equal` other batches have as well.
    #[must_use]
    pub fn look_at_batch(&self, taken: u64, equal: u64) -> Vec<Alarm> {
        let alarms = self.checks.iter().enumerate().filter(|(_, check)| {
            check.method == CheckMethod::DuplicateContent
                && equal > 0
                && taken >= check.minimum_ballots
        });
        let alarms = alarms.map(|(number, check)| Alarm {
            check: number,
            method: check.method,
            action: check.action,
            formula: Formula::Alone { taken, equal },
        });
        alarms.collect()
    }
}

/// Registers of all pairs, by station and district.
#[derive(Clone, Debug, Default)]
pub struct Registers {
    stations: Vec<Expected>,
    /// By station, then district.
    pairs: Vec<((u32, u32), Expected)>,
}

impl Registers {
    /// Collects what an election folder says.
    #[must_use]
    pub fn of(election: &Election) -> Self {
        let stations = election.stations.iter().map(|station| Expected {
            registered: station.registered,
            authenticated: station.authenticated,
        });
        let pairs = election.serves.iter().flatten().map(|serve| {
            let Expected { registered, authenticated } =
                Expected { registered: serve.registered, authenticated: serve.authenticated };
            ((serve.station, serve.district), Expected { registered, authenticated })
        });
        Self { stations: stations.collect(), pairs: pairs.collect() }
    }

    /// What is known of a pair.
    #[must_use]
    pub fn pair(&self, station: u32, district: u32) -> Expected {
        let of_station = self.station(station);
        let of_pair = self.pair_alone(station, district);
        Expected {
            registered: of_pair.registered.or(of_station.registered),
            authenticated: of_pair.authenticated.or(of_station.authenticated),
        }
    }

    /// What is said of a station, whatever it reports.
    #[must_use]
    pub fn station(&self, station: u32) -> Expected {
        self.stations.get(station as usize).copied().unwrap_or_default()
    }

    /// What is said of a pair itself: nothing that its station has together for all of them.
    #[must_use]
    pub fn pair_alone(&self, station: u32, district: u32) -> Expected {
        let at = self.pairs.binary_search_by_key(&(station, district), |(pair, _)| *pair);
        at.map_or_else(|_| Expected::default(), |at| self.pairs[at].1)
    }
}

/// The least ballots of the pairs that a check compares one with. Who is held is no secret: if one
/// ballot of a small pair could move the share of the others, it would be told with that.
fn compared(check: &Check) -> u64 {
    if check.method == CheckMethod::VoidShare { check.minimum_ballots } else { 0 }
}

/// The formula that is not kept; `None` if it is, or one of its numbers is not known.
fn pair_fails(
    check: &Check,
    expected: Expected,
    own: Reported,
    others: Reported,
    other_pairs: u64,
) -> Option<Formula> {
    let Expected { registered, authenticated } = expected;
    let taken = Counted::Taken(own.taken);
    match check.method {
        CheckMethod::BallotsAuthenticated => {
            at_most(check.limit, taken, Counted::Authenticated(authenticated?))
        }
        CheckMethod::AuthenticatedRegistered => {
            let authenticated = Counted::Authenticated(authenticated?);
            at_most(check.limit, authenticated, Counted::Registered(registered?))
        }
        CheckMethod::BallotsRegistered => {
            at_most(check.limit, taken, Counted::Registered(registered?))
        }
        CheckMethod::TakenValidVoid => {
            let Reported { taken, valid, void } = own;
            let holds = valid.checked_add(void) == Some(taken);
            (!holds).then_some(Formula::Sum(own))
        }
        CheckMethod::VoidShare => void_share(check.limit, own, others),
        CheckMethod::Jump => jump(check.limit, own, others, other_pairs),
        // Of batches, not of pairs.
        CheckMethod::DuplicateContent => None,
    }
}

const MILLION: u128 = 1_000_000;

/// `left <= right + limit`, or `left <= right x (1 + limit)`, in whole numbers.
fn at_most(limit: Limit, left: Counted, right: Counted) -> Option<Formula> {
    let (left_number, right_number) = (u128::from(left.number()), u128::from(right.number()));
    let holds = match limit {
        Limit::Absolute(limit) => left_number <= right_number + u128::from(limit),
        Limit::Millionths(limit) => {
            left_number * MILLION <= right_number * (MILLION + u128::from(limit))
        }
    };
    (!holds).then_some(Formula::AtMost(left, right, limit))
}

/// The two shares differ by at most `limit` of the whole: |a/b - c/d| <= l, as |ad - cb| <= l bd.
fn void_share(limit: Limit, own: Reported, others: Reported) -> Option<Formula> {
    let Limit::Millionths(limit_millionths) = limit else { return None };
    if own.taken == 0 || others.taken == 0 {
        return None;
    }
    let wide = u128::from;
    let left = wide(own.void) * wide(others.taken);
    let right = wide(others.void) * wide(own.taken);
    let difference = left.abs_diff(right).checked_mul(MILLION)?;
    let most = wide(limit_millionths) * wide(own.taken) * wide(others.taken);
    (difference > most).then_some(Formula::VoidShare(own, others, limit))
}

/// Own ballots are at most the mean of the others and `limit` of it, or `limit` more.
fn jump(limit: Limit, own: Reported, others: Reported, other_pairs: u64) -> Option<Formula> {
    if other_pairs == 0 {
        return None;
    }
    let formula =
        Formula::Jump { taken: own.taken, others: others.taken, pairs: other_pairs, limit };
    let (own, others, pairs) =
        (u128::from(own.taken), u128::from(others.taken), u128::from(other_pairs));
    let holds = match limit {
        Limit::Absolute(limit) => own * pairs <= others + u128::from(limit) * pairs,
        Limit::Millionths(limit) => own * pairs * MILLION <= others * (MILLION + u128::from(limit)),
    };
    (!holds).then_some(formula)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shomar_format::election::check::MILLIONTHS_MAX;

    fn check(method: CheckMethod, limit: Limit) -> Checks {
        let check = Check { method, limit, minimum_ballots: 0, action: CheckAction::Hold };
        Checks { checks: vec![check] }
    }

    fn report(taken: u64, void: u64) -> Reported {
        Reported { taken, valid: taken - void, void }
    }

    /// Each limit holds at its border, and fails one beyond.
    #[test]
    fn limits_are_kept_to_the_ballot() {
        use CheckMethod::{BallotsAuthenticated, BallotsRegistered, Jump, VoidShare};
        let registers = Expected { registered: Some(1_000), authenticated: Some(800) };
        let fails = |method, limit, own, others, pairs| {
            let alarms = check(method, limit).look_at_pair(registers, own, |_| (others, pairs));
            !alarms.is_empty()
        };
        let none = Reported::default();
        let absolute = Limit::Absolute;
        let percent = |percent: u64| Limit::Millionths(percent * 10_000);
        for (method, limit, border) in [
            (BallotsAuthenticated, absolute(0), 800),
            (BallotsAuthenticated, absolute(5), 805),
            (BallotsAuthenticated, percent(5), 840),
            (BallotsRegistered, absolute(0), 1_000),
            (BallotsRegistered, Limit::Millionths(1), 1_000),
        ] {
            assert!(!fails(method, limit, report(border, 0), none, 0), "{method:?} {border}");
            assert!(fails(method, limit, report(border + 1, 0), none, 0), "{method:?} {border}");
        }
        // 26 of 100 void elsewhere: 15 points more are 41 of 100, 15 less are 11.
        let others = report(10_000, 2_600);
        for (void, expected) in [(41, false), (42, true), (11, false), (10, true)] {
            assert_eq!(fails(VoidShare, percent(15), report(100, void), others, 9), expected);
        }
        // Mean 400 of 3: with 50 % more 600.
        for (taken, expected) in [(600, false), (601, true)] {
            assert_eq!(fails(Jump, percent(50), report(taken, 0), report(1_200, 0), 3), expected);
            let limit = absolute(200);
            assert_eq!(fails(Jump, limit, report(taken, 0), report(1_200, 0), 3), expected);
        }
    }

    #[test]
    fn what_is_not_known_is_not_checked() {
        let checks = check(CheckMethod::BallotsAuthenticated, Limit::Absolute(0));
        let nothing = Expected::default();
        assert!(
            checks.look_at_pair(nothing, report(9, 0), |_| (Reported::default(), 0)).is_empty()
        );
        let shares = check(CheckMethod::VoidShare, Limit::Millionths(1));
        assert!(
            shares.look_at_pair(nothing, report(9, 9), |_| (Reported::default(), 0)).is_empty()
        );
        let jump = check(CheckMethod::Jump, Limit::Absolute(0));
        assert!(jump.look_at_pair(nothing, report(9, 9), |_| (Reported::default(), 0)).is_empty());
    }

    #[test]
    fn few_ballots_are_not_looked_at() {
        let mut checks = check(CheckMethod::DuplicateContent, Limit::Absolute(0));
        checks.checks[0].minimum_ballots = 20;
        assert!(checks.look_at_batch(19, 1).is_empty());
        assert!(checks.look_at_batch(20, 0).is_empty());
        assert_eq!(checks.look_at_batch(20, 1).len(), 1);
    }

    #[test]
    fn huge_numbers_do_not_overflow() {
        for method in [
            CheckMethod::BallotsAuthenticated,
            CheckMethod::AuthenticatedRegistered,
            CheckMethod::BallotsRegistered,
            CheckMethod::TakenValidVoid,
            CheckMethod::VoidShare,
            CheckMethod::Jump,
        ] {
            // Far above a nation: 2^32 ballots of every kind, 2^20 stations, any limit.
            let most = report(1 << 40, 1 << 39);
            let registers = Expected { registered: Some(u64::MAX), authenticated: Some(u64::MAX) };
            for limit in [Limit::Absolute(u64::MAX), Limit::Millionths(MILLIONTHS_MAX)] {
                let _ = check(method, limit).look_at_pair(registers, most, |_| (most, 1 << 20));
            }
        }
    }
}
