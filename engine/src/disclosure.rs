//! Small cells: what may be shown to everybody, so that nobody's ballot is told.
//!
//! In: every batch that enters or leaves the totals, in the order of the journal; which districts
//! are complete. Out: totals that change by whole chunks: each of at least `least` ballots, and not
//! of one mind. Never: a state that depends on when somebody looked. Two publishers of one journal
//! can only show states of the same row, so that no difference of two of them, at whatever times,
//! is smaller than a chunk.
//!
//! Of each district the batches that came since the last chunk are *pending*. When they are a chunk
//! they become the *ready* one, and the one that was ready before is shown. So the last chunk waits
//! for the next one; it is shown, with everything pending, once the district is complete. What is
//! left after that (a late batch of three ballots, a small correction) stays pending. Batches that
//! were always shown together are a class: of what a decision takes out of a class, and of what it
//! leaves there, each must be a chunk, or nothing; else that decision waits, and others do not.
//!
//! A district that is complete and never had a chunk is *withheld* for good: its votes are shown
//! nowhere. Its ballots by kind join the *rest* of its contest in its county; what is no chunk
//! there when the county is complete joins that of the province, and of the country. Who joins whom
//! follows from the definition, so it is known before the vote.
//!
//! Everything shown is a sum of cells (docs/decisions/0012-small-cells.md). On votes revealed by
//! units of fewer than ten ballots: S. Kuriwaki, J. B. Lewis, M. Morse, on Maricopa County 2020.

use std::collections::{HashMap, HashSet};

use shomar_format::CountingDefinition;
use shomar_format::document::BallotCounts;
use shomar_format::election::Election;

use crate::ledger::BatchNumber;

/// Ballots of a chunk, at least, where nobody says otherwise.
pub const LEAST_BALLOTS: u64 = 10;

/// A batch that came into the totals, or went out of them, and is not shown.
#[derive(Clone, Debug)]
struct Entry {
    batch: BatchNumber,
    came: bool,
    ballots: BallotCounts,
    /// Per option of its district; none in a rest.
    votes: Box<[u32]>,
}

/// A district, or a rest.
#[derive(Clone, Debug, Default)]
struct Cell {
    ready: Vec<Entry>,
    pending: Vec<Entry>,
    parent: Option<usize>,
    is_any_shown: bool,
    is_withheld: bool,
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

impl Disclosure {
    /// Begins with nothing shown; chunks of at least so many ballots.
    #[must_use]
    pub fn new(definition: &CountingDefinition<'_>, election: &Election, least: u64) -> Self {
        let mut cells = vec![Cell::default(); election.districts.len()];
        let (mut rests, mut places) = (Vec::new(), HashMap::new());
        let mut rest = |place: RestPlace, cells: &mut Vec<Cell>| {
            *places.entry(place.clone()).or_insert_with(|| {
                cells.push(Cell::default());
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
        district: u32,
        batch: BatchNumber,
        came: bool,
        ballots: BallotCounts,
        votes: &[u32],
    ) {
        self.take(district as usize, Entry { batch, came, ballots, votes: votes.into() });
    }

    fn take(&mut self, cell: usize, entry: Entry) {
        let own = &mut self.cells[cell];
        if let (true, Some(parent)) = (own.is_withheld, own.parent) {
            return self.take(parent, Entry { votes: Box::default(), ..entry });
        }
        let undoes = |other: &Entry| other.batch == entry.batch && other.came != entry.came;
        if let Some(at) = own.pending.iter().position(undoes) {
            own.pending.remove(at);
        } else if let Some(at) = own.ready.iter().position(undoes) {
            own.ready.remove(at);
            let mut ready = std::mem::take(&mut own.ready);
            ready.append(&mut own.pending);
            own.pending = ready;
        } else {
            own.pending.push(entry);
        }
    }

    /// After a record that touched a district.
    pub(crate) fn settle(
        &mut self,
        definition: &CountingDefinition<'_>,
        district: u32,
        is_complete: bool,
    ) {
        let mut next = Some((district as usize, is_complete));
        while let Some((cell, is_complete)) = next {
            self.settle_cell(definition, cell, is_complete);
            let own = &mut self.cells[cell];
            let was_complete = std::mem::replace(&mut own.is_complete, is_complete);
            let Some(parent) = own.parent else { return };
            let is_withheld = own.is_withheld;
            let open = &mut self.cells[parent].open_children;
            match (was_complete, is_complete) {
                (false, true) => *open -= 1,
                (true, false) => *open += 1,
                _ if is_withheld => {}
                _ => return,
            }
            next = Some((parent, self.cells[parent].open_children == 0));
        }
    }

    fn settle_cell(&mut self, definition: &CountingDefinition<'_>, cell: usize, is_complete: bool) {
        let least = self.least;
        let own = &mut self.cells[cell];
        if least == 0 {
            let all = std::mem::take(&mut own.pending);
            return self.show(definition, cell, &all);
        }
        let mut shown = Vec::new();
        let pending = std::mem::take(&mut own.pending);
        let (chunk, rest) = own.split(pending, least);
        own.pending = rest;
        if !chunk.is_empty() {
            shown = std::mem::replace(&mut own.ready, chunk);
        }
        if is_complete && !own.ready.is_empty() {
            let mut all = std::mem::take(&mut own.ready);
            all.append(&mut own.pending);
            let (mut chunk, rest) = own.split(all, least);
            own.pending = rest;
            shown.append(&mut chunk);
        }
        let never = !own.is_any_shown && shown.is_empty() && own.ready.is_empty();
        if is_complete && never && !own.pending.is_empty() && own.parent.is_some() {
            own.is_withheld = true;
            self.has_news = true;
            let entries = std::mem::take(&mut own.pending);
            entries.into_iter().for_each(|entry| self.take(cell, entry));
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

    /// Districts (by index, ascending) whose votes are shown nowhere.
    pub(crate) fn withheld(&self) -> Vec<u32> {
        let districts = self.cells.len() - self.rests.len();
        let cells = (0..).zip(&self.cells[..districts]);
        cells.filter(|(_, cell)| cell.is_withheld).map(|(district, _)| district).collect()
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
    /// chunk. So what two states have and have not is always made of whole classes.
    fn split(&self, entries: Vec<Entry>, least: u64) -> (Vec<Entry>, Vec<Entry>) {
        let class = |entry: &Entry| self.group_of.get(&entry.batch).copied();
        let mut sums: HashMap<Option<usize>, Sum> = HashMap::new();
        for entry in &entries {
            sums.entry(class(entry)).or_default().add(entry);
        }
        let is_fine = |class: Option<usize>| {
            let changes = &sums[&class];
            let stays = class.map(|group| self.groups[group].without(changes));
            changes.taken > 0
                && changes.is_chunk(least)
                && stays.is_none_or(|stays| stays.is_chunk(least))
        };
        let fine: HashSet<Option<usize>> =
            sums.keys().copied().filter(|class| is_fine(*class)).collect();
        entries.into_iter().partition(|entry| fine.contains(&class(entry)))
    }

    /// These are shown from now on.
    fn note(&mut self, entries: &[Entry]) {
        self.is_any_shown = true;
        let mut classes: HashMap<Option<usize>, usize> = HashMap::new();
        for entry in entries {
            let before = self.group_of.remove(&entry.batch);
            if let Some(group) = before {
                self.groups[group].take_out(entry);
            }
            let group = *classes.entry(before).or_insert_with(|| {
                self.groups.push(Sum::default());
                self.groups.len() - 1
            });
            self.groups[group].add(entry);
            self.group_of.insert(entry.batch, group);
        }
    }
}

/// Ballots and votes of several batches.
#[derive(Clone, Debug, Default)]
struct Sum {
    taken: u64,
    /// Ballots that are void, ballots that are blank, votes per option.
    marks: Vec<u64>,
}

impl Sum {
    fn add(&mut self, entry: &Entry) {
        self.taken += entry.ballots.taken;
        self.marks.resize(2 + entry.votes.len(), 0);
        self.marks.iter_mut().zip(marks(entry)).for_each(|(sum, own)| *sum += own);
    }

    fn take_out(&mut self, entry: &Entry) {
        self.taken -= entry.ballots.taken;
        self.marks.iter_mut().zip(marks(entry)).for_each(|(sum, own)| *sum -= own);
    }

    fn without(&self, part: &Self) -> Self {
        let marks = self.marks.iter().zip(&part.marks);
        Self { taken: self.taken - part.taken, marks: marks.map(|(sum, own)| sum - own).collect() }
    }

    /// Whether nothing is in it, or it tells nobody's ballot: enough of them, and no mark that all
    /// of them bear.
    fn is_chunk(&self, least: u64) -> bool {
        self.taken == 0 || (self.taken >= least && !self.marks.contains(&self.taken))
    }
}

fn marks(entry: &Entry) -> impl Iterator<Item = u64> {
    let kinds = [entry.ballots.void, entry.ballots.blank].into_iter();
    kinds.chain(entry.votes.iter().map(|votes| u64::from(*votes)))
}
