//! Small cells: what may be shown to everybody, so that nobody's ballot is told.
//!
//! In: every batch that enters or leaves the totals, in the order of the journal; which districts
//! are complete. Out: totals that change by whole chunks: each of at least `least` ballots, and not
//! nearly of one mind. Never: a state that depends on when somebody looked. Two publishers of one
//! journal by the same rules ([`cells_digest`]) can only show states of the same row, so that no
//! difference of two of them, at whatever times, is smaller than a chunk.
//!
//! Of each district the batches that came since the last chunk are *pending*. When they are a chunk
//! they become the *ready* one, and the one that was ready before is shown. So the last chunk waits
//! for the next one; it is shown, with everything pending, once the district is complete. What is
//! left after that (a late batch of three ballots, a small correction) stays pending. Batches that
//! were always shown together are a class: of what a decision takes out of a class, and of what it
//! leaves there, each must be a chunk, or nothing; else that decision waits, and others do not.
//!
//! A district that is complete and never had a chunk is *withheld*: its votes are shown nowhere.
//! Its ballots by kind join the *rest* of its contest in its county; what is no chunk there when
//! the county is complete joins that of the province, and of the country. Who joins whom follows
//! from the definition, so it is known before the vote. Complete means that every station has
//! reported something, and a second device may follow: then what no rest has shown yet comes back
//! to the district, and is looked at with what is new. What a rest has shown stays in it for ever,
//! and so does every later change of it: a ballot is never in two cells.
//!
//! Everything shown is a sum of cells (docs/decisions/0012-small-cells.md). On votes revealed by
//! units of fewer than ten ballots: S. Kuriwaki, J. B. Lewis, M. Morse, on Maricopa County 2020.

use std::collections::{HashMap, HashSet};

use shomar_format::CountingDefinition;
use shomar_format::bytes::{Digest32, hex, sha256};
use shomar_format::document::BallotCounts;
use shomar_format::election::Election;
use shomar_format::election::check::{CheckAction, CheckMethod};

use crate::ledger::BatchNumber;
use crate::outcome::ContestRule;
use crate::result_document::rules_digest;

/// Ballots of a chunk, at least, where nobody says otherwise.
pub const LEAST_BALLOTS: u64 = 10;

/// Ballots of a chunk that lack a mark, at least, whichever mark it is. If one alone lacked it,
/// that voter would know everybody else's; and if a chunk had only to have one such ballot, being
/// withheld with many ballots would say that none has.
const LEAST_WITHOUT_A_MARK: u64 = 3;

/// How far a district is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Something that is expected is not in: the last chunk waits.
    Partial,
    /// Nobody has said what is expected: no chunk waits for it, and nothing is withheld.
    Unsaid,
    /// Everything that is expected is in.
    Complete,
}

/// A batch that came into the totals, or went out of them, and is not shown.
#[derive(Clone, Debug)]
struct Entry {
    district: usize,
    batch: BatchNumber,
    came: bool,
    ballots: BallotCounts,
    /// Per option of its district.
    votes: Box<[u32]>,
    /// Per candidate, votes by name and through a list; none where there are no lists.
    persons: Box<[u32]>,
}

/// A district, or a rest.
#[derive(Clone, Debug, Default)]
struct Cell {
    /// Shows ballots by kind, and no vote.
    is_rest: bool,
    ready: Vec<Entry>,
    pending: Vec<Entry>,
    parent: Option<usize>,
    is_any_shown: bool,
    /// What comes goes on to the parent: for good from a rest, until more comes from a district.
    is_withheld: bool,
    /// Something came or went since it was settled.
    is_touched: bool,
    /// Batches of this district that a rest shows.
    in_rests: u32,
    /// Ballots of this district that count, shown or not.
    counted: u64,
    is_complete: bool,
    /// Cells that join this one if they are withheld, and are not complete.
    open_children: u32,
    /// Batches that were shown to come, or to go, together: what is left of each group.
    groups: Vec<Sum>,
    /// The last group of each batch.
    group_of: HashMap<BatchNumber, usize>,
}

/// Where ballots of withheld districts are shown, by kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RestPlace {
    /// Of the contest (by index) in a county: province and county as the election names them.
    County(usize, String, String),
    /// In a province.
    Province(usize, String),
    /// In the country.
    Country(usize),
}

/// What is shown of all districts.
#[derive(Clone, Debug)]
pub struct Disclosure {
    /// 0: everything is shown at once.
    least: u64,
    /// Districts, then rests.
    cells: Vec<Cell>,
    rests: Vec<RestPlace>,
    votes: Vec<u64>,
    ballots: Vec<BallotCounts>,
    /// Whether anything was shown since the last look.
    pub(crate) has_news: bool,
}

/// SHA-256 of what makes the row of states beside the journal and the definition, hexadecimal: the
/// rules digest (readings, checks, who is expected to report); and who is authenticated, where a
/// check that holds compares with it. By other rules the same journal has another row, and a state
/// of one and a state of the other may differ by a single ballot.
#[must_use]
pub fn cells_digest(election: &Election, rules: &[ContestRule]) -> String {
    let mut text = format!("shomar-cells\n{}\n", rules_digest(election, rules));
    let compares = |method| {
        matches!(method, CheckMethod::BallotsAuthenticated | CheckMethod::AuthenticatedRegistered)
    };
    let mut checks = election.head.checks.iter().map(|written| written.check);
    if checks.any(|check| check.action == CheckAction::Hold && compares(check.method)) {
        for station in &election.stations {
            if let Some(authenticated) = station.authenticated {
                text.push_str(&format!("station\t{}\t{authenticated}\n", station.id));
            }
        }
        for serve in election.serves.iter().flatten() {
            if let Some(authenticated) = serve.authenticated {
                let station = &election.stations[serve.station as usize].id;
                let district = &election.districts[serve.district as usize].id;
                text.push_str(&format!("serve\t{station}\t{district}\t{authenticated}\n"));
            }
        }
    }
    let digest: Digest32 = sha256(text.as_bytes());
    hex(&digest)
}

impl Disclosure {
    /// Begins with nothing shown; chunks of at least so many ballots.
    #[must_use]
    pub fn new(definition: &CountingDefinition<'_>, election: &Election, least: u64) -> Self {
        let mut cells = vec![Cell::default(); election.districts.len()];
        let (mut rests, mut places) = (Vec::new(), HashMap::new());
        let mut rest = |place: RestPlace, cells: &mut Vec<Cell>| {
            *places.entry(place.clone()).or_insert_with(|| {
                cells.push(Cell { is_rest: true, ..Cell::default() });
                rests.push(place);
                cells.len() - 1
            })
        };
        for (index, district) in election.districts.iter().enumerate() {
            let (contest, province) = (district.contest, district.province.clone());
            let county = RestPlace::County(contest, province.clone(), district.county.clone());
            let mut child = index;
            for place in
                [county, RestPlace::Province(contest, province), RestPlace::Country(contest)]
            {
                let parent = rest(place, &mut cells);
                if cells[child].parent.is_none() {
                    cells[child].parent = Some(parent);
                    cells[parent].open_children += 1;
                }
                child = parent;
            }
        }
        Self {
            least,
            votes: vec![0; definition.option_total()],
            ballots: vec![BallotCounts::default(); cells.len()],
            cells,
            rests,
            has_news: true,
        }
    }

    /// A batch of a district came into the totals, or went out of them.
    pub(crate) fn change(
        &mut self,
        definition: &CountingDefinition<'_>,
        district: u32,
        batch: BatchNumber,
        came: bool,
        (ballots, votes): (BallotCounts, &[u32]),
    ) {
        let persons = persons(definition, district, votes);
        let district = district as usize;
        let counted = &mut self.cells[district].counted;
        *counted = if came { *counted + ballots.taken } else { *counted - ballots.taken };
        // Where nothing counts any more, nothing is withheld.
        self.has_news |= self.cells[district].is_withheld;
        let entry = Entry { district, batch, came, ballots, votes: votes.into(), persons };
        match self.rest_that_shows(district, batch) {
            Some(rest) => self.take(rest, entry),
            None => {
                self.recall(district);
                self.take(district, entry);
            }
        }
    }

    /// The rest that has shown a batch of a district, if one has.
    fn rest_that_shows(&self, district: usize, batch: BatchNumber) -> Option<usize> {
        self.above(district).find(|rest| self.cells[*rest].group_of.contains_key(&batch))
    }

    /// The rests which a cell would join, the nearest one first.
    fn above(&self, cell: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.cells[cell].parent, |rest| self.cells[*rest].parent)
    }

    /// What no rest has shown comes back to a withheld district.
    fn recall(&mut self, district: usize) {
        if !std::mem::take(&mut self.cells[district].is_withheld) {
            return;
        }
        self.has_news = true;
        let rests: Vec<usize> = self.above(district).collect();
        for rest in rests {
            let own = &mut self.cells[rest];
            let comes_back = |group_of: &HashMap<BatchNumber, usize>, entry: &Entry| {
                entry.district == district && !group_of.contains_key(&entry.batch)
            };
            if own.ready.iter().any(|entry| comes_back(&own.group_of, entry)) {
                own.wait_again();
            }
            let all = std::mem::take(&mut own.pending);
            let (back, stays) = all.into_iter().partition(|entry| comes_back(&own.group_of, entry));
            own.pending = stays;
            own.is_touched = true;
            let mut back: Vec<Entry> = back;
            self.cells[district].pending.append(&mut back);
        }
    }

    fn take(&mut self, cell: usize, entry: Entry) {
        let own = &mut self.cells[cell];
        if let (true, Some(parent)) = (own.is_withheld, own.parent) {
            return self.take(parent, entry);
        }
        own.is_touched = true;
        let undoes = |other: &Entry| other.batch == entry.batch && other.came != entry.came;
        let pending = own.pending.iter().position(undoes);
        let ready = own.ready.iter().position(undoes);
        // What goes out, or comes back, makes another list of what is shown and counts no longer.
        self.has_news |= entry.came == (pending.is_some() || ready.is_some());
        if let Some(at) = pending {
            own.pending.remove(at);
        } else if let Some(at) = ready {
            own.ready.remove(at);
            own.wait_again();
        } else {
            own.pending.push(entry);
        }
    }

    /// After a record that touched a district.
    pub(crate) fn settle(
        &mut self,
        definition: &CountingDefinition<'_>,
        district: u32,
        stage: Stage,
    ) {
        let mut next = Some((district as usize, stage));
        if stage != Stage::Complete {
            self.recall(district as usize);
        }
        while let Some((cell, stage)) = next {
            self.settle_cell(definition, cell, stage);
            let is_complete = stage == Stage::Complete;
            let own = &mut self.cells[cell];
            let was_complete = std::mem::replace(&mut own.is_complete, is_complete);
            let Some(parent) = own.parent else { return };
            let open = &mut self.cells[parent].open_children;
            match (was_complete, is_complete) {
                (false, true) => *open -= 1,
                (true, false) => *open += 1,
                _ if self.above(cell).any(|rest| self.cells[rest].is_touched) => {}
                _ => return,
            }
            let is_complete = self.cells[parent].open_children == 0;
            next = Some((parent, if is_complete { Stage::Complete } else { Stage::Partial }));
        }
    }

    fn settle_cell(&mut self, definition: &CountingDefinition<'_>, cell: usize, stage: Stage) {
        let least = self.least;
        let own = &mut self.cells[cell];
        own.is_touched = false;
        if least == 0 {
            let all = std::mem::take(&mut own.pending);
            return self.show(definition, cell, &all);
        }
        let mut shown = Vec::new();
        let pending = std::mem::take(&mut own.pending);
        let (chunk, rest) = own.split(pending, &own.ready, least);
        own.pending = rest;
        if !chunk.is_empty() {
            shown = std::mem::replace(&mut own.ready, chunk);
        }
        if stage != Stage::Partial && !own.ready.is_empty() {
            own.wait_again();
            let all = std::mem::take(&mut own.pending);
            let (mut chunk, rest) = own.split(all, &shown, least);
            own.pending = rest;
            shown.append(&mut chunk);
        }
        let never = !own.is_any_shown && shown.is_empty() && own.ready.is_empty();
        let is_there = !own.pending.is_empty() || own.in_rests > 0;
        if let Some(parent) = own.parent
            && stage == Stage::Complete
            && never
            && is_there
        {
            self.has_news |= !std::mem::replace(&mut own.is_withheld, true);
            let entries = std::mem::take(&mut own.pending);
            entries.into_iter().for_each(|entry| self.take(parent, entry));
        }
        self.show(definition, cell, &shown);
    }

    fn show(&mut self, definition: &CountingDefinition<'_>, cell: usize, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        self.has_news = true;
        self.cells[cell].note(entries);
        // What came first: sums never pass below zero on the way.
        for entry in entries.iter().filter(|entry| entry.came) {
            self.ballots[cell].add(&entry.ballots);
        }
        for entry in entries.iter().filter(|entry| !entry.came) {
            self.ballots[cell].take_out(&entry.ballots);
        }
        let is_rest = self.cells[cell].is_rest;
        for entry in entries.iter().filter(|_| is_rest) {
            let in_rests = &mut self.cells[entry.district].in_rests;
            *in_rests = if entry.came { *in_rests + 1 } else { *in_rests - 1 };
        }
        let Ok(district) = u32::try_from(cell) else { return };
        if district >= definition.district_count() {
            return;
        }
        let votes = &mut self.votes[definition.option_range(district)];
        for came in [true, false] {
            for entry in entries.iter().filter(|entry| entry.came == came) {
                for (sum, own) in votes.iter_mut().zip(&entry.votes) {
                    let own = u64::from(*own);
                    let changed = if came { sum.checked_add(own) } else { sum.checked_sub(own) };
                    *sum = changed.expect("what goes was shown before");
                }
            }
        }
    }

    /// Votes shown, per option of all districts; ballots shown, per district.
    pub(crate) fn totals(
        &self,
        definition: &CountingDefinition<'_>,
    ) -> (Vec<u64>, Vec<BallotCounts>) {
        let districts = definition.district_count() as usize;
        (self.votes.clone(), self.ballots[..districts].to_vec())
    }

    /// Whether there are no small cells: everything is shown at once.
    pub(crate) fn shows_everything(&self) -> bool {
        self.least == 0
    }

    /// Districts (by index, ascending) whose votes are shown nowhere. Where nobody's ballot counts
    /// there is none to withhold: that nobody voted is no secret.
    pub(crate) fn withheld(&self) -> Vec<u32> {
        let districts = self.cells.len() - self.rests.len();
        let cells = (0..).zip(&self.cells[..districts]);
        let withheld = cells.filter(|(_, cell)| cell.is_withheld && cell.counted > 0);
        withheld.map(|(district, _)| district).collect()
    }

    /// Districts (by index, ascending) of which something is shown that counts no longer: it went
    /// out of the totals, and that is not shown yet.
    pub(crate) fn overtaken(&self) -> Vec<u32> {
        let districts = self.cells.len() - self.rests.len();
        let cells = (0..).zip(&self.cells[..districts]);
        let waiting = |cell: &Cell| cell.ready.iter().chain(&cell.pending).any(|own| !own.came);
        cells.filter(|(_, cell)| waiting(cell)).map(|(district, _)| district).collect()
    }

    /// Ballots of every rest, shown or zero.
    #[cfg(test)]
    pub(crate) fn rest_ballots(&self) -> &[BallotCounts] {
        &self.ballots[self.cells.len() - self.rests.len()..]
    }

    /// Per cell, every batch that was ever shown to come or to go.
    #[cfg(test)]
    pub(crate) fn noted(&self) -> impl Iterator<Item = Vec<BatchNumber>> {
        self.cells.iter().map(|cell| cell.group_of.keys().copied().collect())
    }

    /// Per cell, batches of which the last change is not shown.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Vec<BatchNumber>> {
        let waiting =
            |cell: &Cell| cell.ready.iter().chain(&cell.pending).map(|own| own.batch).collect();
        self.cells.iter().map(waiting)
    }

    /// Whether of some batches that were always shown together there is something, and no chunk.
    #[cfg(test)]
    pub(crate) fn has_small_class(&self) -> bool {
        let classes = self.cells.iter().flat_map(|cell| &cell.groups);
        self.least > 0 && classes.into_iter().any(|class| !class.is_chunk(self.least))
    }

    /// Ballots of withheld districts that are shown together.
    pub(crate) fn rests(&self) -> Vec<(RestPlace, BallotCounts)> {
        let first = self.cells.len() - self.rests.len();
        let rests = self.rests.iter().zip(&self.ballots[first..]);
        let rests = rests.filter(|(_, ballots)| ballots.taken > 0);
        rests.map(|(place, ballots)| (place.clone(), *ballots)).collect()
    }
}

impl Cell {
    /// Of these entries those that tell nobody's ballot, and those that must wait. Batches that
    /// were always shown together are a class: what changes of it, and what stays, must each be a
    /// chunk. So what two states have and have not is always made of whole classes. What goes to be
    /// shown before these has left its class by then: two corrections could each leave enough, and
    /// both together too little.
    fn split(&self, entries: Vec<Entry>, before: &[Entry], least: u64) -> (Vec<Entry>, Vec<Entry>) {
        let class = |entry: &Entry| self.group_of.get(&entry.batch).copied();
        let mut sums: HashMap<Option<usize>, Sum> = HashMap::new();
        for entry in &entries {
            sums.entry(class(entry)).or_default().add(entry, self.is_rest);
        }
        let mut stay: HashMap<usize, Sum> = HashMap::new();
        for group in sums.keys().flatten() {
            stay.insert(*group, self.groups[*group].clone());
        }
        for entry in before.iter().chain(&entries) {
            if let Some(stays) = class(entry).and_then(|group| stay.get_mut(&group)) {
                stays.take_out(entry, self.is_rest);
            }
        }
        let is_fine = |class: Option<usize>| {
            let changes = &sums[&class];
            let stays = class.map(|group| &stay[&group]);
            changes.taken > 0
                && changes.is_chunk(least)
                && stays.is_none_or(|stays| stays.is_chunk(least))
        };
        let fine: HashSet<Option<usize>> =
            sums.keys().copied().filter(|class| is_fine(*class)).collect();
        entries.into_iter().partition(|entry| fine.contains(&class(entry)))
    }

    /// What was ready is so no longer: it is looked at again, with what is pending.
    fn wait_again(&mut self) {
        let mut all = std::mem::take(&mut self.ready);
        all.append(&mut self.pending);
        self.pending = all;
    }

    /// These are shown from now on.
    fn note(&mut self, entries: &[Entry]) {
        self.is_any_shown = true;
        let mut classes: HashMap<Option<usize>, usize> = HashMap::new();
        for entry in entries {
            let before = self.group_of.remove(&entry.batch);
            if let Some(group) = before {
                self.groups[group].take_out(entry, self.is_rest);
            }
            let group = *classes.entry(before).or_insert_with(|| {
                self.groups.push(Sum::default());
                self.groups.len() - 1
            });
            self.groups[group].add(entry, self.is_rest);
            self.group_of.insert(entry.batch, group);
        }
    }
}

/// Ballots and votes of several batches.
#[derive(Clone, Debug, Default)]
struct Sum {
    taken: u64,
    /// Ballots that are void, ballots that are blank, votes.
    marks: Vec<u64>,
}

impl Sum {
    fn add(&mut self, entry: &Entry, is_rest: bool) {
        self.taken += entry.ballots.taken;
        let marks = marks(entry, is_rest);
        self.marks.resize(marks.clone().count(), 0);
        self.marks.iter_mut().zip(marks).for_each(|(sum, own)| *sum += own);
    }

    fn take_out(&mut self, entry: &Entry, is_rest: bool) {
        self.taken -= entry.ballots.taken;
        self.marks.iter_mut().zip(marks(entry, is_rest)).for_each(|(sum, own)| *sum -= own);
    }

    /// Whether nothing is in it, or it tells nobody's ballot: enough of them, and of no mark do
    /// nearly all bear it.
    fn is_chunk(&self, least: u64) -> bool {
        let least_without = LEAST_WITHOUT_A_MARK.min(least);
        let tells = |mark: &u64| self.taken.saturating_sub(*mark) < least_without;
        self.taken == 0 || (self.taken >= least && !self.marks.iter().any(tells))
    }
}

/// How many ballots of a batch are void, are blank, and bear each vote that its cell shows.
fn marks(entry: &Entry, is_rest: bool) -> impl Iterator<Item = u64> + Clone {
    let kinds = [entry.ballots.void, entry.ballots.blank].into_iter();
    let votes = entry.votes.iter().chain(&entry.persons).filter(move |_| !is_rest);
    kinds.chain(votes.map(|votes| u64::from(*votes)))
}

/// Votes of candidates by name and through a list: that everybody voted for somebody can be hidden
/// in two numbers, and is told by their sum. None where there are no lists.
fn persons(definition: &CountingDefinition<'_>, district: u32, votes: &[u32]) -> Box<[u32]> {
    let lists = definition.shape(district).list_count as usize;
    let members = definition.option_lists(district).iter().zip(votes).skip(lists);
    let of_list = |list: u16| votes[..lists].get(usize::from(list)).copied().unwrap_or(0);
    let persons = members.filter(|_| lists > 0);
    persons.map(|(list, own)| own.saturating_add(of_list(list.to_native()))).collect()
}
