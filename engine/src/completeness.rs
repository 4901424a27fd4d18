//! Per district: which stations have reported, what is held, how many ballots may still come.
//!
//! In: every batch received and where it stands, who is expected to report (`serves.csv`), what is
//! registered. Out: stations expected, received, held and missing; a bound on the ballots that may
//! still come; the held batches with their votes; how each pair of station and district stands.
//! Never: a bound on a guess: what is not known has none.
//!
//! What is relied on, and said in every note:
//!
//! * A pair of station and district that has not reported, and of which no recount waits, brings at
//!   most as many ballots as it has voters registered: in `serves.csv`, else at its station.
//! * A pair that has reported, from whose station no batch is missing in the chain of a device, is
//!   complete. A device that has sent nothing at all beside another one, and batches after the last
//!   one that came, leave no gap; whoever expects them must look at turnout.
//! * A missing batch of a chain may be of every pair of its station that has reported, and of any
//!   size. Without `serves.csv` it may be of any district that nobody has declared.
//! * Of a pair, or a station, that is annulled nothing more is waited for: it would not count.
//! * Without `serves.csv` a district is complete once it is declared; where no officer has decided
//!   anything, a folder is counted whole, and a journal that grows is not.
//! * A recount that waits for a decision may replace what counts, or count where nothing does.
//!   Other decisions that officers can still take are not foreseen: an annulment, a reinstatement,
//!   the rejection of a batch that counts now and that a check holds only when others have
//!   reported.

use shomar_format::CountingDefinition;
use shomar_format::bytes::Digest32;
use shomar_format::document::BallotCounts;

use crate::checks::Registers;
pub use crate::fates::{BallotFates, ChainGap};
use crate::fates::{Fate, Fated, Pair, fates, received_pairs};
use crate::ledger::Ledger;
use crate::outcome::DistrictOutcome;
use crate::recount::HeldBatch;
use crate::snapshot::{DistrictTotals, Snapshot};

/// What a district's completeness is found from.
#[derive(Clone, Copy)]
pub struct CompletenessInput<'a, 'd> {
    /// The election.
    pub definition: CountingDefinition<'d>,
    /// The batches that count; only looked at where there is no ledger.
    pub snapshot: Option<&'a Snapshot>,
    /// Decisions of officers; `None` where there cannot be any.
    pub ledger: Option<&'a Ledger>,
    /// Batches that checks hold.
    pub held: &'a [HeldBatch],
    /// Who is registered where.
    pub registers: &'a Registers,
}

/// How many ballots may still come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToCome {
    /// At most so many.
    AtMost(u64),
    /// No bound is known.
    Unknown(NoBound),
}

/// Why nobody knows how many ballots may still come; what weighs most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoBound {
    /// Nobody has said who reports, or declared that all is in.
    NotDeclared,
    /// A batch is missing in the chain of a device.
    Gap,
    /// A recount waits for a decision.
    Recount,
    /// It is not known how many voters a missing station has.
    NoRegister,
}

impl ToCome {
    /// The bound, if there is one.
    #[must_use]
    pub fn max(self) -> Option<u64> {
        match self {
            Self::AtMost(ballots) => Some(ballots),
            Self::Unknown(_) => None,
        }
    }

    fn add(&mut self, other: Self) {
        *self = match (*self, other) {
            (Self::AtMost(one), Self::AtMost(other)) => {
                one.checked_add(other).map_or(Self::Unknown(NoBound::NoRegister), Self::AtMost)
            }
            (Self::Unknown(one), Self::Unknown(other)) => Self::Unknown(one.min(other)),
            (why @ Self::Unknown(_), Self::AtMost(_)) | (Self::AtMost(_), why) => why,
        };
    }
}

/// A held batch that nobody has rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldVotes {
    pub(crate) hash: Digest32,
    pub(crate) ballots: BallotCounts,
    /// Per option of the district; `None`: not for everybody.
    options: Option<Vec<u64>>,
}

impl HeldVotes {
    /// The batch as if it were the whole district: by the same merge. `None` if its votes are not
    /// told.
    pub(crate) fn totals<'a>(
        &'a self,
        definition: &CountingDefinition<'a>,
        district: u32,
    ) -> Option<DistrictTotals<'a>> {
        let options = self.options.as_deref()?;
        Some(DistrictTotals::of_part(definition, district, self.ballots, options))
    }
}

/// What one district has and waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistrictCompleteness {
    /// Stations that report it; `None` without `serves.csv`.
    pub expected: Option<u64>,
    /// Stations of which everything received counts, or is out of the totals by a decision; also
    /// those of which nothing came, and nothing can count any more.
    pub received: u64,
    /// Stations of which a batch is held that nobody has rejected.
    pub held: u64,
    /// Stations that have not reported; `None` without `serves.csv`.
    pub missing: Option<u64>,
    /// Ballots that may still come beside those that are held.
    pub to_come: ToCome,
    /// Whether the result is provisional.
    pub is_waited_for: bool,
    /// Batches that are annulled.
    pub annulled: u64,
    /// Batches in whose place a recount stands.
    pub superseded: u64,
    /// Ballots of all batches, by what became of them.
    pub ballots: BallotFates,
    pub(crate) batches_held: Vec<HeldVotes>,
}

impl DistrictCompleteness {
    fn new(has_serves: bool) -> Self {
        let none = has_serves.then_some(0);
        Self {
            expected: none,
            received: 0,
            held: 0,
            missing: none,
            to_come: ToCome::AtMost(0),
            is_waited_for: false,
            annulled: 0,
            superseded: 0,
            ballots: BallotFates::default(),
            batches_held: Vec::new(),
        }
    }

    /// Whether anything is held or missing, or a recount waits for a decision.
    #[must_use]
    pub fn is_outstanding(&self) -> bool {
        self.to_come != ToCome::AtMost(0) || !self.batches_held.is_empty()
    }

    /// Held batches that nobody has rejected.
    #[must_use]
    pub fn held_batches(&self) -> usize {
        self.batches_held.len()
    }
}

/// How a pair of station and district stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairState {
    /// It has not reported.
    Missing,
    /// A batch of it is held that nobody has rejected.
    Held,
    /// Nothing of it has counted yet: a recount waits for a decision.
    Waiting,
    /// What came of it counts, but a batch of its station is missing in the chain of a device.
    Gap,
    /// It is annulled, or each of its batches: nothing of it counts.
    Annulled,
    /// The same, and an officer has rejected a batch of it that a check held.
    Rejected,
    /// What came of it counts, or is out of the totals by a decision; not all of it is out.
    Received,
}

impl PairState {
    /// Whether officers have taken all of it out of the totals.
    #[must_use]
    pub fn is_out(self) -> bool {
        matches!(self, Self::Annulled | Self::Rejected)
    }
}

/// A pair of station and district: one that is expected, or one that has reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairStanding {
    /// Index of the station.
    pub station: u32,
    /// Index of the district.
    pub district: u32,
    /// How it stands.
    pub state: PairState,
    /// Batches received of it.
    pub batches: u32,
    /// Ballots of those that count.
    pub taken: u64,
    /// Ballots of those that are annulled, or held and rejected.
    pub out: u64,
    /// Whether a recount of it waits for a decision that may replace what counts.
    pub recount_waits: bool,
}

/// What all districts have and wait for.
#[derive(Clone, Debug)]
pub struct Completeness<'a> {
    definition: CountingDefinition<'a>,
    districts: Vec<DistrictCompleteness>,
    pairs: Vec<PairStanding>,
    gaps: Vec<ChainGap>,
}

impl<'a> Completeness<'a> {
    /// Looks at everything that was received.
    #[must_use]
    pub fn of(input: CompletenessInput<'_, 'a>) -> Self {
        let definition = input.definition;
        let new = DistrictCompleteness::new(definition.served_pairs().is_some());
        let districts = vec![new; definition.district_count() as usize];
        let (pairs, gaps) = (Vec::new(), Vec::new());
        let mut completeness = Self { definition, districts, pairs, gaps };
        let fates = fates(&input);
        completeness.sum_fates(&fates);
        let pairs = received_pairs(fates, input.ledger, &mut completeness.gaps);
        match definition.served_pairs() {
            Some(served) => completeness.with_serves(served, &pairs, &input),
            None => completeness.without_serves(&pairs, input.ledger),
        }
        for held in input.held.iter().filter(|held| !held.is_rejected) {
            let district = &mut completeness.districts[held.address.district as usize];
            district.batches_held.push(HeldVotes {
                hash: held.hash,
                ballots: held.alone.batch.ballots(),
                options: Some(held.alone.votes.iter().map(|votes| u64::from(*votes)).collect()),
            });
        }
        completeness
    }

    /// The same of a journal that still grows. A folder without a decision is counted whole where
    /// nobody has said who reports; the first batch of a night is not.
    #[must_use]
    pub fn while_it_grows(mut self, ledger: &Ledger) -> Self {
        if self.definition.served_pairs().is_none() {
            self.wait_for_declarations(ledger);
        }
        self
    }

    /// The same for everybody: of a batch that is held it is known how many ballots it has, and no
    /// vote. Six ballots outside the totals are six people.
    #[must_use]
    pub fn without_held_votes(mut self) -> Self {
        let districts = self.districts.iter_mut();
        let held = districts.flat_map(|district| &mut district.batches_held);
        held.for_each(|batch| batch.options = None);
        self
    }

    /// One district, by index.
    #[must_use]
    pub fn district(&self, district: u32) -> &DistrictCompleteness {
        &self.districts[district as usize]
    }

    /// Every pair that is expected or has reported, by station, then district.
    #[must_use]
    pub fn pairs(&self) -> &[PairStanding] {
        &self.pairs
    }

    /// What is missing in the chains of devices, by station.
    #[must_use]
    pub fn gaps(&self) -> &[ChainGap] {
        &self.gaps
    }

    /// The election.
    pub(crate) fn definition(&self) -> &CountingDefinition<'a> {
        &self.definition
    }

    /// Districts (by index) whose result is provisional, ascending.
    #[must_use]
    pub fn waited_for(&self) -> Vec<u32> {
        self.districts_where(|district| district.is_waited_for)
    }

    /// Districts (by index) whose result is provisional, or of which anything at all is held,
    /// missing or waits for a decision: a declared one too, ascending.
    #[must_use]
    pub fn unfinished(&self) -> Vec<u32> {
        self.districts_where(|district| district.is_waited_for || district.is_outstanding())
    }

    fn districts_where(&self, is_so: impl Fn(&DistrictCompleteness) -> bool) -> Vec<u32> {
        let districts = (0..).zip(&self.districts);
        districts.filter(|(_, district)| is_so(district)).map(|(at, _)| at).collect()
    }

    /// Says it to the outcomes, which can then tell whether they may change.
    pub fn tell<'o>(&'o self, outcomes: &mut [DistrictOutcome<'o>]) {
        outcomes.iter_mut().for_each(|outcome| outcome.completeness = Some(self));
    }

    /// Ballots of every district, by what became of their batches.
    fn sum_fates(&mut self, fates: &[Fated]) {
        for batch in fates {
            let district = &mut self.districts[batch.address.district as usize];
            district.annulled += u64::from(batch.fate == Fate::Annulled);
            district.superseded += u64::from(batch.fate == Fate::Superseded);
            district.ballots.add(batch.fate, batch.taken);
        }
        // Whatever was decided, no ballot that was received is lost, and none is there twice.
        let received: u64 = fates.iter().map(|batch| batch.taken).sum();
        let told: u64 = self.districts.iter().map(|district| district.ballots.received()).sum();
        assert_eq!(told, received, "every ballot received has one fate");
    }

    /// Every pair of `serves.csv` has reported, is held, or is missing.
    fn with_serves(
        &mut self,
        served: impl Iterator<Item = (u32, u32)>,
        pairs: &[Pair],
        input: &CompletenessInput<'_, '_>,
    ) {
        let is_annulled = |(station, district)| {
            input.ledger.is_some_and(|ledger| ledger.annulled_by(station, district).is_some())
        };
        // Both ascend by station, then district: one walk.
        let mut pairs = pairs.iter().peekable();
        for (station, district) in served {
            let at = |pair: &&Pair| (pair.station, pair.district);
            while pairs.next_if(|pair| at(pair) < (station, district)).is_some() {}
            let pair = pairs.next_if(|pair| at(pair) == (station, district));
            let is_annulled = is_annulled((station, district));
            self.pairs.push(standing(station, district, pair, is_annulled));
            let whole = &mut self.districts[district as usize];
            whole.expected = whole.expected.map(|expected| expected + 1);
            match pair.filter(|pair| pair.is_settled || pair.is_held) {
                Some(pair) => whole.reported(pair),
                None if is_annulled => whole.received += 1,
                None => {
                    whole.missing = whole.missing.map(|missing| missing + 1);
                    whole.is_waited_for = true;
                    let registered = input.registers.pair(station, district).registered;
                    whole.to_come.add(match registered {
                        // No first count has come, and an officer may place it without one.
                        _ if pair.is_some_and(Pair::recount_waits) => {
                            ToCome::Unknown(NoBound::Recount)
                        }
                        Some(registered) => ToCome::AtMost(registered),
                        None => ToCome::Unknown(NoBound::NoRegister),
                    });
                }
            }
            whole.is_waited_for |= pair.is_some_and(|pair| pair.is_held || pair.may_miss());
        }
    }

    /// Nobody has said who reports: an officer may have declared that all is in.
    fn without_serves(&mut self, pairs: &[Pair], ledger: Option<&Ledger>) {
        for pair in pairs {
            self.districts[pair.district as usize].reported(pair);
            self.pairs.push(standing(pair.station, pair.district, Some(pair), pair.is_annulled));
        }
        let decided = ledger.filter(|ledger| !ledger.applied().is_empty());
        if let Some(ledger) = decided {
            self.wait_for_declarations(ledger);
        }
        // What is missing of a station may be of any district; of an annulled one it is nobody's.
        let is_annulled =
            |station| decided.is_some_and(|ledger| ledger.is_station_annulled(station));
        if !pairs.iter().any(|pair| pair.has_gap && !is_annulled(pair.station)) {
            return;
        }
        let declared = decided.map(Ledger::declared).unwrap_or_default();
        for (index, district) in (0..).zip(&mut self.districts) {
            if !declared.contains_key(self.definition.district_id(index)) {
                district.to_come.add(ToCome::Unknown(NoBound::Gap));
            }
        }
    }

    /// Nobody has said who reports: whatever is there may be all or nothing, until an officer
    /// declares it.
    fn wait_for_declarations(&mut self, ledger: &Ledger) {
        let declared = ledger.declared();
        for (index, district) in (0..).zip(&mut self.districts) {
            if !declared.contains_key(self.definition.district_id(index)) {
                district.is_waited_for = true;
                district.to_come.add(ToCome::Unknown(NoBound::NotDeclared));
            }
        }
    }
}

impl DistrictCompleteness {
    /// A pair of which something was received.
    fn reported(&mut self, pair: &Pair) {
        if pair.is_held {
            self.held += 1;
        } else if pair.is_settled {
            self.received += 1;
        }
        if pair.may_miss() {
            self.to_come.add(ToCome::Unknown(NoBound::Gap));
        }
        if pair.recount_waits() {
            self.to_come.add(ToCome::Unknown(NoBound::Recount));
        }
    }
}

/// How a pair stands of which this was received.
fn standing(station: u32, district: u32, pair: Option<&Pair>, is_annulled: bool) -> PairStanding {
    let state = match pair {
        _ if is_annulled => PairState::Annulled,
        None => PairState::Missing,
        Some(pair) if pair.is_held => PairState::Held,
        Some(pair) if !pair.is_settled && pair.waits => PairState::Waiting,
        // Only a recount that was rejected.
        Some(pair) if !pair.is_settled => PairState::Missing,
        Some(pair) if pair.has_gap => PairState::Gap,
        Some(pair) if pair.counts => PairState::Received,
        Some(pair) if pair.is_rejected => PairState::Rejected,
        Some(_) => PairState::Annulled,
    };
    let batches = pair.map_or(0, |pair| pair.batches);
    let BallotFates { counted, out, .. } = pair.map(|pair| pair.ballots).unwrap_or_default();
    let recount_waits = pair.is_some_and(Pair::recount_waits);
    PairStanding { station, district, state, batches, taken: counted, out, recount_waits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_bound_stays_without_one_and_names_the_weightiest_reason() {
        let mut to_come = ToCome::AtMost(2);
        to_come.add(ToCome::AtMost(3));
        assert_eq!(to_come.max(), Some(5));
        to_come.add(ToCome::Unknown(NoBound::Recount));
        to_come.add(ToCome::AtMost(1));
        to_come.add(ToCome::Unknown(NoBound::NoRegister));
        assert_eq!(to_come, ToCome::Unknown(NoBound::Recount));
        let mut huge = ToCome::AtMost(u64::MAX);
        huge.add(ToCome::AtMost(1));
        assert_eq!(huge.max(), None);
    }
}
