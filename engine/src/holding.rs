//! Which batches the checks hold, kept up to date as batches come and go.
//!
//! In: batches that stand, with what was counted of them; rulings of officers. Out: the batches
//! whose place changed, those held with their alarms, the warnings. Never: a vote; an answer that
//! depends on the order in which batches came.
//!
//! A pair is compared with all other pairs of its district, those held among them. So no batch is
//! held because another one is, and what is held follows from the batches that stand alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shomar_format::BatchAddress;
use shomar_format::bytes::Digest32;
use shomar_format::election::check::CheckAction;

use crate::checks::{Alarm, Checks, Registers, Reported};
use crate::ledger::{BatchNumber, Ruling};

/// A batch that stands, as far as checks look at it.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whose it is.
    pub address: BatchAddress,
    /// Its ballots, as they were counted.
    pub reported: Reported,
    /// Its body hash.
    pub body_hash: Digest32,
}

#[derive(Clone, Debug, Default)]
struct Pair {
    reported: Reported,
    batches: BTreeSet<BatchNumber>,
    alarms: Vec<Alarm>,
}

#[derive(Clone, Debug, Default)]
struct District {
    reported: Reported,
    /// By station.
    pairs: BTreeMap<u32, Pair>,
}

impl District {
    /// By their least ballots: what all pairs of so many say together, and their number.
    fn sums(&self, leasts: impl Iterator<Item = u64>) -> BTreeMap<u64, (Reported, u64)> {
        let sum = |least: u64| {
            let mut sum = (Reported::default(), 0);
            for pair in self.pairs.values().filter(|pair| pair.reported.taken >= least) {
                sum.0.add(pair.reported);
                sum.1 += 1;
            }
            sum
        };
        let all = (self.reported, self.pairs.len() as u64);
        let of = |least: u64| (least, if least == 0 { all } else { sum(least) });
        leasts.map(of).collect()
    }
}

/// A batch outside the totals, and why.
#[derive(Clone, Debug)]
pub struct Held {
    /// Every alarm that holds it.
    pub alarms: Vec<Alarm>,
    /// What an officer ruled: never `Released`, which would not be held.
    pub is_rejected: bool,
}

/// The checks and what they say of everything that stands.
#[derive(Clone, Debug, Default)]
pub struct Holding {
    checks: Checks,
    registers: Registers,
    standing: BTreeMap<BatchNumber, Standing>,
    rulings: HashMap<BatchNumber, Ruling>,
    districts: HashMap<u32, District>,
    bodies: HashMap<Digest32, BTreeSet<BatchNumber>>,
    held: BTreeMap<BatchNumber, Held>,
    changed_districts: BTreeSet<u32>,
    changed_batches: BTreeSet<BatchNumber>,
}

impl Holding {
    /// Begins with nothing reported.
    #[must_use]
    pub fn new(checks: Checks, registers: Registers) -> Self {
        Self { checks, registers, ..Self::default() }
    }

    /// Whether there are no checks, so that nothing needs to be told.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.checks.is_empty()
    }

    /// A batch stands from now on.
    pub fn add(&mut self, number: BatchNumber, batch: Standing) {
        if self.is_idle() {
            return;
        }
        let before = self.standing.insert(number, batch);
        assert!(before.is_none(), "a batch stands once");
        let BatchAddress { station, district, .. } = batch.address;
        let whole = self.districts.entry(district).or_default();
        whole.reported.add(batch.reported);
        let pair = whole.pairs.entry(station).or_default();
        pair.reported.add(batch.reported);
        pair.batches.insert(number);
        let equal = self.bodies.entry(batch.body_hash).or_default();
        equal.insert(number);
        self.changed_batches.extend(equal.iter());
        self.changed_districts.insert(district);
    }

    /// A batch stands no longer.
    pub fn remove(&mut self, number: BatchNumber) {
        if self.is_idle() {
            return;
        }
        let batch = self.standing.remove(&number).expect("what stands was added");
        let BatchAddress { station, district, .. } = batch.address;
        let whole = self.districts.get_mut(&district).expect("its district has reported");
        whole.reported = whole.reported.without(batch.reported);
        let pair = whole.pairs.get_mut(&station).expect("its pair has reported");
        pair.reported = pair.reported.without(batch.reported);
        pair.batches.remove(&number);
        if pair.batches.is_empty() {
            whole.pairs.remove(&station);
        }
        let equal = self.bodies.get_mut(&batch.body_hash).expect("its content was noted");
        equal.remove(&number);
        self.changed_batches.extend(equal.iter());
        self.changed_batches.insert(number);
        self.changed_districts.insert(district);
    }

    /// An officer ruled about a batch.
    pub fn rule(&mut self, number: BatchNumber, ruling: Ruling) {
        if self.is_idle() {
            return;
        }
        self.rulings.insert(number, ruling);
        self.changed_batches.insert(number);
    }

    /// Whether anything changed since the last time.
    #[must_use]
    pub fn has_news(&self) -> bool {
        !self.changed_districts.is_empty() || !self.changed_batches.is_empty()
    }

    /// Looks at everything that changed since the last time. Gives the batches that are held from
    /// now on, and those that no longer are, by number.
    pub fn settle(&mut self) -> Vec<(BatchNumber, bool)> {
        for district in std::mem::take(&mut self.changed_districts) {
            let whole = self.districts.get_mut(&district).expect("a changed district has reported");
            let sums = whole.sums(self.checks.compared());
            for (&station, pair) in &mut whole.pairs {
                let expected = self.registers.pair(station, district);
                let own = pair.reported;
                let others = |least: u64| {
                    let (all, pairs) = sums[&least];
                    // Of less than that it is not among them, and nobody asks.
                    if own.taken < least { (all, pairs) } else { (all.without(own), pairs - 1) }
                };
                let alarms = self.checks.look_at_pair(expected, own, others);
                if alarms != pair.alarms {
                    pair.alarms = alarms;
                }
                // Also where nothing changed: a batch may be new to its pair.
                self.changed_batches.extend(&pair.batches);
            }
        }
        let mut moved = Vec::new();
        for number in std::mem::take(&mut self.changed_batches) {
            let now = self.look_at(number);
            let was_held = self.held.contains_key(&number);
            // One that stands no longer is nobody's to hold, and is out of the totals anyway.
            if was_held != now.is_some() && self.standing.contains_key(&number) {
                moved.push((number, now.is_some()));
            }
            match now {
                Some(held) => self.held.insert(number, held),
                None => self.held.remove(&number),
            };
        }
        moved
    }

    /// Why a batch is held, if it is.
    fn look_at(&self, number: BatchNumber) -> Option<Held> {
        let ruling = self.rulings.get(&number);
        if ruling == Some(&Ruling::Released) {
            return None;
        }
        let alarms = self.alarms_of(number, CheckAction::Hold);
        let is_rejected = ruling == Some(&Ruling::Rejected);
        (!alarms.is_empty()).then_some(Held { alarms, is_rejected })
    }

    fn alarms_of(&self, number: BatchNumber, action: CheckAction) -> Vec<Alarm> {
        let Some(batch) = self.standing.get(&number) else { return Vec::new() };
        let BatchAddress { station, district, .. } = batch.address;
        let pair = self.districts.get(&district).and_then(|whole| whole.pairs.get(&station));
        let equal = self.bodies.get(&batch.body_hash).map_or(0, BTreeSet::len) as u64;
        let of_batch = self.checks.look_at_batch(batch.reported.taken, equal.saturating_sub(1));
        let of_pair = pair.map(|pair| pair.alarms.clone()).unwrap_or_default();
        of_pair.into_iter().chain(of_batch).filter(|alarm| alarm.action == action).collect()
    }

    /// Whether a batch is held.
    #[must_use]
    pub fn holds(&self, number: BatchNumber) -> bool {
        self.held.contains_key(&number)
    }

    /// The batches held, by number.
    pub fn held(&self) -> impl Iterator<Item = (BatchNumber, &Standing, &Held)> {
        self.held
            .iter()
            .filter_map(|(number, held)| Some((*number, self.standing.get(number)?, held)))
    }

    /// Alarms that only warn, by batch.
    pub fn warnings(&self) -> impl Iterator<Item = (&Standing, Vec<Alarm>)> {
        self.standing.iter().filter_map(|(number, batch)| {
            let alarms = self.alarms_of(*number, CheckAction::Warn);
            (!alarms.is_empty()).then_some((batch, alarms))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shomar_format::election::ElectionHead;
    use shomar_format::election::check::Check;
    use shomar_format::election::{Mode, WrittenCheck};

    fn checks(checks: &[&[(&str, &str)]]) -> Checks {
        let checks = checks.iter().map(|keys| {
            let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            let written = keys.collect();
            WrittenCheck { check: Check::read(&written).unwrap(), written }
        });
        Checks::of(&ElectionHead {
            id: "x".to_owned(),
            title_fa: String::new(),
            title_en: String::new(),
            mode: Mode::Test,
            date: String::new(),
            contests: Vec::new(),
            officers: Vec::new(),
            checks: checks.collect(),
        })
    }

    fn all_checks() -> Checks {
        checks(&[
            &[("method", "void-share"), ("limit", "30%"), ("action", "hold")],
            &[("method", "duplicate-content"), ("action", "hold")],
            &[("method", "jump"), ("limit", "150%"), ("action", "hold")],
            &[("method", "jump"), ("limit", "10%"), ("action", "warn")],
        ])
    }

    fn batch(station: u32, district: u32, taken: u64, void: u64, body: u8) -> Standing {
        let address = BatchAddress { district, station, device: 0, sequence: 0 };
        let reported = Reported { taken, valid: taken - void, void };
        Standing { address, reported, body_hash: [body; 32] }
    }

    #[test]
    fn equal_batches_are_all_held_and_a_ruling_is_for_one() {
        let mut holding = Holding::new(all_checks(), Registers::default());
        for number in 0..3 {
            holding.add(number, batch(number, number, 50, 5, u8::from(number == 2)));
        }
        assert_eq!(holding.settle(), [(0, true), (1, true)]);
        holding.rule(0, Ruling::Released);
        assert_eq!(holding.settle(), [(0, false)]);
        holding.rule(1, Ruling::Rejected);
        assert!(holding.settle().is_empty());
        let held: Vec<_> = holding.held().map(|(at, _, held)| (at, held.is_rejected)).collect();
        assert_eq!(held, [(1, true)]);
        // The first one is annulled: the second has no twin any more, and nothing to be ruled
        // about.
        holding.remove(0);
        assert_eq!(holding.settle(), [(1, false)]);
    }

    #[test]
    fn whether_a_ballot_of_a_small_pair_is_void_nothing_that_is_held_tells() {
        for void in 0..=1 {
            let mut holding = Holding::new(all_checks(), Registers::default());
            holding.add(0, batch(0, 0, 1, void, 0));
            holding.add(1, batch(1, 0, 1, 0, 1));
            assert!(holding.settle().is_empty(), "{void}");
        }
    }

    /// Batches of (taken, void), each of a station of its own: which are held for their share.
    fn held_for_shares(limit: &str, batches: &[(u64, u64)]) -> Vec<BatchNumber> {
        let check = [("method", "void-share"), ("limit", limit), ("action", "hold")];
        let mut holding = Holding::new(checks(&[&check]), Registers::default());
        for (number, &(taken, void)) in (0..).zip(batches) {
            holding.add(number, batch(number, 0, taken, void, u8::try_from(number).unwrap()));
        }
        holding.settle();
        holding.held().map(|(number, ..)| number).collect()
    }

    /// A hundred ballots beside a few, at most half apart: if the hundred are held, the few are
    /// void.
    #[test]
    fn a_pair_is_not_compared_with_few_ballots() {
        assert!(held_for_shares("50%", &[(100, 30), (1, 1)]).is_empty());
        assert!(held_for_shares("50%", &[(100, 30), (19, 19)]).is_empty());
        assert_eq!(held_for_shares("50%", &[(100, 30), (20, 20)]), [0, 1]);
        // Nor with the few of many stations.
        let few = [(100, 30), (19, 19), (19, 19), (19, 19)];
        assert!(held_for_shares("50%", &few).is_empty());
    }

    /// Two stations are just not too far apart: with one ballot more at a third, the station whose
    /// share it does not have would be held.
    #[test]
    fn one_ballot_of_a_third_station_moves_nobody_over_the_edge() {
        for void in 0..=1 {
            assert!(
                held_for_shares("20%", &[(100, 31), (100, 11), (1, void)]).is_empty(),
                "{void}"
            );
        }
        assert_eq!(held_for_shares("20%", &[(100, 32), (100, 11)]), [0, 1]);
    }

    proptest! {
        /// What is held follows from what stands, not from the order of its coming and going.
        #[test]
        fn the_order_of_batches_does_not_matter(
            batches in proptest::collection::vec(
                (0..4_u32, 0..2_u32, 0..90_u64, 0..9_u64, 0..6_u8, any::<bool>()),
                1..12,
            ),
            order in any::<u64>(),
        ) {
            let number = |at: usize| u32::try_from(at).unwrap();
            let standing = batches.iter().map(|&(station, district, taken, void, body, _)| {
                batch(station, district, taken, taken * void / 9, body)
            });
            let standing: Vec<Standing> = standing.collect();
            let mut direct = Holding::new(all_checks(), Registers::default());
            for (at, own) in standing.iter().enumerate() {
                if batches[at].5 {
                    direct.add(number(at), *own);
                }
            }
            direct.settle();
            let mut winding = Holding::new(all_checks(), Registers::default());
            let mut places: Vec<usize> = (0..standing.len()).collect();
            places.sort_by_key(|at| (order.rotate_left(number(*at) * 7)).wrapping_mul(0x9e37_79b9));
            for &at in &places {
                winding.add(number(at), standing[at]);
                winding.settle();
            }
            for &at in places.iter().rev().filter(|at| !batches[**at].5) {
                winding.remove(number(at));
                winding.settle();
            }
            let list = |holding: &Holding| -> Vec<_> {
                holding.held().map(|(at, _, held)| (at, held.alarms.clone())).collect()
            };
            prop_assert_eq!(list(&direct), list(&winding));
        }
    }
}
