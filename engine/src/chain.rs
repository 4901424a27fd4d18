//! The chains of devices: what has come of each device's records, and in which order.
//!
//! In: records that were verified, one after another as they arrive. Out: whether a record is new,
//! the same again, or contradicts what is there; and what is missing between. Never: a record that
//! contradicts another one taken, a gap taken for the end.
//!
//! Four things may be wrong with a chain, and they are four findings. *Gap*: a sequence has not
//! come while a later one has. *Re-order*: it came after a later one. *Equivocation*: the device
//! has signed two records of one sequence. *Fork*: a record names another one before it than the
//! one that is here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shomar_format::bytes::Digest32;
use shomar_format::record::NO_PREVIOUS;

/// Station, and device in it; of an officer the station is `NOWHERE`.
pub type DeviceNumber = (u32, u32);

/// What is found wrong with a chain, by the names that logs, metrics and pages know it by.
pub mod findings {
    /// A sequence has not come while a later one has.
    pub const GAP: &str = "gap";
    /// A record came after a later one.
    pub const REORDER: &str = "re-order";
    /// A record names another one before it than the one that is here.
    pub const FORK: &str = "fork";
    /// Two records of one sequence.
    pub const EQUIVOCATION: &str = "equivocation";
}

/// A record of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Number of the record in the order of its device.
    pub sequence: u64,
    /// Hash of the record.
    pub hash: Digest32,
    /// Hash of the record before it, as it says; `None` where it is unsigned and says nothing.
    pub previous: Option<Digest32>,
}

/// What a record is to its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It comes next.
    Next,
    /// It is new, and came before others that are still missing.
    Gap,
    /// It is new, and came after a later one.
    Reordered,
    /// The same record is here already: at this position of the journal.
    Duplicate(u64),
    /// Another record of the same sequence is here: at this position.
    Equivocation(u64),
    /// It does not follow the record before it, or the one after it does not follow it: at this
    /// position.
    Fork(u64),
    /// It names no record before it although it is not the first, or one although it is.
    Unlinked,
}

#[derive(Clone, Debug)]
struct Known {
    hash: Digest32,
    previous: Option<Digest32>,
    position: u64,
}

/// The chains of all devices.
#[derive(Clone, Debug, Default)]
pub struct Chains {
    devices: HashMap<DeviceNumber, BTreeMap<u64, Known>>,
    /// Devices of which something is missing: whoever asks does not look through all the others.
    open: BTreeSet<DeviceNumber>,
}

impl Chains {
    /// What a record would be, taken now.
    #[must_use]
    pub fn judge(&self, device: DeviceNumber, link: &Link) -> Verdict {
        if let Some(previous) = link.previous
            && (previous == NO_PREVIOUS) != (link.sequence == 0)
        {
            return Verdict::Unlinked;
        }
        let Some(chain) = self.devices.get(&device) else {
            return if link.sequence == 0 { Verdict::Next } else { Verdict::Gap };
        };
        if let Some(known) = chain.get(&link.sequence) {
            return match known.hash == link.hash {
                true => Verdict::Duplicate(known.position),
                false => Verdict::Equivocation(known.position),
            };
        }
        let before = link.sequence.checked_sub(1).and_then(|before| chain.get(&before));
        if let (Some(before), Some(previous)) = (before, link.previous)
            && before.hash != previous
        {
            return Verdict::Fork(before.position);
        }
        let after = link.sequence.checked_add(1).and_then(|after| chain.get(&after));
        if let Some(after) = after
            && after.previous.is_some_and(|previous| previous != link.hash)
        {
            return Verdict::Fork(after.position);
        }
        match chain.last_key_value() {
            Some((last, _)) if *last > link.sequence => Verdict::Reordered,
            _ if before.is_some() || link.sequence == 0 => Verdict::Next,
            _ => Verdict::Gap,
        }
    }

    /// Takes a record that was judged to be new, at a position of the journal.
    ///
    /// # Panics
    /// If the sequence was there.
    pub fn take(&mut self, device: DeviceNumber, link: Link, position: u64) {
        let Link { sequence, hash, previous } = link;
        let chain = self.devices.entry(device).or_default();
        let before = chain.insert(sequence, Known { hash, previous, position });
        assert!(before.is_none(), "a sequence is taken once");
        let last = *chain.last_key_value().expect("one was taken").0;
        match chain.len() as u64 == last.saturating_add(1) {
            true => self.open.remove(&device),
            false => self.open.insert(device),
        };
    }

    /// Every gap that is open now: device, and the sequences that are missing before a later one.
    pub fn gaps(&self) -> impl Iterator<Item = (DeviceNumber, std::ops::Range<u64>)> {
        self.open.iter().flat_map(|device| {
            let mut next = 0;
            self.devices[device].keys().filter_map(move |&sequence| {
                let missing = next..sequence;
                next = sequence.saturating_add(1);
                (!missing.is_empty()).then_some((*device, missing))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: DeviceNumber = (3, 0);

    fn link(sequence: u64, hash: u8, previous: u8) -> Link {
        Link { sequence, hash: [hash; 32], previous: Some([previous; 32]) }
    }

    /// Takes what is new, and says what each was.
    fn verdicts(links: &[Link]) -> Vec<Verdict> {
        let mut chains = Chains::default();
        let judged = (0..).zip(links).map(|(position, link)| {
            let verdict = chains.judge(DEVICE, link);
            if matches!(verdict, Verdict::Next | Verdict::Gap | Verdict::Reordered) {
                chains.take(DEVICE, *link, position);
            }
            verdict
        });
        judged.collect()
    }

    #[test]
    fn four_findings_are_four() {
        use Verdict::{Duplicate, Equivocation, Fork, Gap, Next, Reordered, Unlinked};
        let (a, b, c) = (link(0, 1, 0), link(1, 2, 1), link(2, 3, 2));
        assert_eq!(verdicts(&[a, b, c]), [Next, Next, Next]);
        assert_eq!(verdicts(&[a, c, b]), [Next, Gap, Reordered]);
        assert_eq!(verdicts(&[c, b, a]), [Gap, Reordered, Reordered]);
        assert_eq!(verdicts(&[a, b, b, a]), [Next, Next, Duplicate(1), Duplicate(0)]);
        assert_eq!(verdicts(&[a, b, link(1, 9, 1)]), [Next, Next, Equivocation(1)]);
        // After the record before it, and before the one after it.
        assert_eq!(verdicts(&[a, link(1, 2, 8)]), [Next, Fork(0)]);
        assert_eq!(verdicts(&[a, c, link(1, 9, 1)]), [Next, Gap, Fork(1)]);
        assert_eq!(verdicts(&[link(0, 1, 5), link(1, 2, 0)]), [Unlinked, Unlinked]);
    }

    #[test]
    fn gaps_are_listed_until_they_are_filled() {
        let mut chains = Chains::default();
        for (sequence, position) in [(5, 0), (1, 1), (0, 2)] {
            let unsigned = Link { sequence, hash: [7; 32], previous: None };
            chains.take(DEVICE, unsigned, position);
        }
        assert_eq!(chains.gaps().collect::<Vec<_>>(), [(DEVICE, 2..5)]);
        for sequence in 2..5 {
            chains.take(DEVICE, Link { sequence, hash: [7; 32], previous: None }, 9);
        }
        assert_eq!(chains.gaps().count(), 0);
    }

    #[test]
    fn the_highest_sequence_leaves_a_gap_below_it_and_none_above() {
        let mut chains = Chains::default();
        chains.take(DEVICE, Link { sequence: u64::MAX, hash: [7; 32], previous: None }, 0);
        assert_eq!(chains.gaps().collect::<Vec<_>>(), [(DEVICE, 0..u64::MAX)]);
    }
}
