//! How the voters of a district vote: the ballots of a station, one after another.
//!
//! In: a district, and the random numbers of one station and district. Out: ballots as option
//! indices in the order of entry, an unknown code as [`UNKNOWN_OPTION`]. Never: an allocation per
//! ballot, a ballot sorted, judged or read.

use std::hint::select_unpredictable;

use shomar_format::election::District;
use shomar_format::{DistrictShape, OptionIndex, UNKNOWN_OPTION};

use crate::popularity::{Popularity, zipf_weights};
use crate::random::{Domain, Random};

/// More choices than any ballot has: the seats of the largest council and what an irregular ballot
/// adds to them.
const CHOICES_MAX: usize = 64;
/// Attempts to draw a name that is not on the ballot yet, before the next free one is taken.
const DRAWS_MAX: u32 = 16;

/// Of 10,000 ballots, how many are of which kind; the rest names persons.
#[derive(Clone, Copy, Debug)]
struct Kinds {
    blank: u32,
    void: u32,
    needs_a_rule: u32,
    list: u32,
}

/// How ballots come about.
#[derive(Clone, Debug)]
enum Form {
    /// Drawn by popularity.
    Drawn,
    /// Built so that two candidates tie at the last seat: candidates by rank.
    Tied(Vec<OptionIndex>),
    /// Nobody enters anything.
    AllBlank,
}

/// Where a voter stands: the numbers to draw from, and the ballot that is being filled in. Each
/// thread has one and takes it from station to station.
#[derive(Debug)]
pub(crate) struct Booth {
    random: Random,
    /// Room for every ballot, of which the first `length` choices are filled in.
    choices: [OptionIndex; CHOICES_MAX],
    length: usize,
    /// Number of the ballot, from 1, of all stations together.
    number: u32,
    /// For each option, of whatever district, the number of the ballot that last got the name.
    named_on: Vec<u32>,
}

impl Booth {
    /// A booth in which nobody voted yet.
    pub(crate) fn new() -> Self {
        Self {
            random: Random::new(0, Domain::Ballots, 0, 0),
            choices: [0; CHOICES_MAX],
            length: 0,
            number: 0,
            named_on: Vec::new(),
        }
    }

    #[inline]
    fn push(&mut self, choice: OptionIndex) {
        self.choices[self.length] = choice;
        self.length += 1;
    }

    #[inline]
    fn length(&self) -> u32 {
        u32::try_from(self.length).expect("a ballot is short")
    }
}

/// The habits of a district's voters.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    /// What canonicalising must know.
    pub(crate) shape: DistrictShape,
    names: Popularity,
    lists: Option<Popularity>,
    kinds: Kinds,
    form: Form,
}

impl Habits {
    /// Draws the habits of a district.
    pub(crate) fn new(district: &District, seed: u64, index: u32) -> Self {
        let mut random = Random::new(seed, Domain::Habits, index, 0);
        let count = district.candidates.len();
        let offset = district.seats / 2 + 1;
        let mut weights = vec![0; count];
        let order = ranks(district, &mut random);
        for (rank, (&candidate, weight)) in
            order.iter().zip(zipf_weights(count, offset)).enumerate()
        {
            // Voters know slates, so there is a step behind the last seat (Tehran 2021: 255,854
            // votes for the 21st, 74,294 for the 22nd). Without it every small place would tie.
            let behind = rank >= district.seats as usize;
            weights[candidate] = if behind { weight / 2 } else { weight };
        }
        let lists = (!district.lists.is_empty()).then(|| {
            let mut weights: Vec<u32> = zipf_weights(district.lists.len(), 2).collect();
            random.shuffle(&mut weights);
            Popularity::new(0, &weights)
        });
        let kinds = if lists.is_some() {
            // Tehran: 26 % void in 2021, blank ones among them.
            Kinds {
                blank: random.between(900, 1_300),
                void: random.between(900, 1_300),
                needs_a_rule: random.between(150, 200),
                list: 4_500,
            }
        } else {
            Kinds {
                blank: random.between(100, 500),
                void: random.between(50, 200),
                needs_a_rule: random.between(100, 200),
                list: 0,
            }
        };
        Self {
            shape: district.shape(),
            names: Popularity::new(small(district.lists.len()), &weights),
            lists,
            kinds,
            form: Form::Drawn,
        }
    }

    /// The same district, built to tie at its last seat.
    pub(crate) fn tied(mut self, district: &District, seed: u64, index: u32) -> Self {
        let mut random = Random::new(seed, Domain::Planted, index, 1);
        let order = ranks(district, &mut random);
        self.form = Form::Tied(order.into_iter().map(small).collect());
        self
    }

    /// The same district, where nobody enters anything.
    pub(crate) fn all_blank(mut self) -> Self {
        self.form = Form::AllBlank;
        self
    }

    /// Casts `count` ballots in a booth, each given to `each` in the order of entry.
    pub(crate) fn vote(
        &self,
        booth: &mut Booth,
        random: Random,
        count: u32,
        mut each: impl FnMut(&[OptionIndex]),
    ) {
        booth.random = random;
        // Numbers go on from district to district: what an earlier one left behind is of no ballot
        // that is still to come.
        let options = self.shape.option_count as usize;
        booth.named_on.resize(options.max(booth.named_on.len()), 0);
        for number in 0..count {
            booth.length = 0;
            booth.number += 1;
            match &self.form {
                Form::Drawn => self.draw(booth),
                Form::Tied(order) => self.build_tie(order, number, count, booth),
                Form::AllBlank => {}
            }
            each(&booth.choices[..booth.length]);
        }
    }

    #[inline]
    fn draw(&self, booth: &mut Booth) {
        let mut kind = booth.random.below(10_000);
        let mut is = |share: u32| {
            let hit = kind < share;
            kind = kind.wrapping_sub(share);
            hit
        };
        if is(self.kinds.blank) {
            return;
        }
        if is(self.kinds.void) {
            // Codes that nobody has: the voter meant a person of another place.
            for _ in 0..booth.random.between(1, 3) {
                booth.push(UNKNOWN_OPTION);
            }
        } else if is(self.kinds.needs_a_rule) {
            self.draw_irregular(booth);
        } else if is(self.kinds.list) {
            self.add_list(booth);
        } else {
            let seats = self.shape.seats;
            // Seven of eight voters use all their names; the others any number.
            let names =
                if booth.random.below(8) > 0 { seats } else { booth.random.between(1, seats) };
            self.add_names(names, booth);
        }
    }

    /// Fills an empty ballot with different names. There are enough: every district has more
    /// candidates than seats, and a ballot never gets more names than candidates.
    #[inline]
    fn add_names(&self, count: u32, booth: &mut Booth) {
        let Booth { random, choices, length, number, named_on } = booth;
        assert!(*length == 0, "names come first");
        let ballot = &mut choices[..count as usize];
        if self.shape.option_count <= u64::BITS {
            let mut named = 0_u64;
            self.fill(ballot, random, |name| {
                let bit = 1 << (name & 63);
                let is_new = named & bit == 0;
                named |= bit;
                is_new
            });
        } else {
            let named_on = &mut named_on[..self.shape.option_count as usize];
            self.fill(ballot, random, |name| {
                let named_on = &mut named_on[usize::from(name)];
                let is_new = *named_on != *number;
                *named_on = *number;
                is_new
            });
        }
        *length = count as usize;
    }

    /// Fills a ballot with names that are `new` to it, and are not any more when that was asked.
    ///
    /// Whether a name is new decides no branch: where candidates are few, every third draw repeats
    /// a name, and no processor foresees which.
    #[inline]
    fn fill(
        &self,
        ballot: &mut [OptionIndex],
        source: &mut Random,
        mut is_new: impl FnMut(OptionIndex) -> bool,
    ) {
        // A copy is kept in a register: writing to the ballot could change `source` for all that a
        // compiler knows.
        let mut random = source.clone();
        let mut length = 0;
        loop {
            let mut misses = 0;
            while length < ballot.len() && misses < DRAWS_MAX {
                let name = self.names.draw(&mut random);
                ballot[length] = name;
                let is_new_name = is_new(name);
                length += usize::from(is_new_name);
                misses = select_unpredictable(is_new_name, 0, misses + 1);
            }
            if length == ballot.len() {
                break;
            }
            ballot[length] = self.next_new(&mut random, &mut is_new);
            length += 1;
        }
        *source = random;
    }

    /// The next new name after any one.
    #[cold]
    fn next_new(
        &self,
        random: &mut Random,
        is_new: &mut impl FnMut(OptionIndex) -> bool,
    ) -> OptionIndex {
        let names = self.names.options();
        let count = names.len();
        let start = random.below(u32::try_from(count).expect("within DISTRICT_OPTIONS_MAX"));
        let mut names = names.cycle().skip(start as usize).take(count);
        names.find(|&name| is_new(name)).expect("fewer names than candidates")
    }

    fn add_list(&self, booth: &mut Booth) {
        let lists = self.lists.as_ref().expect("only districts with lists");
        let list = lists.draw(&mut booth.random);
        booth.push(list);
    }

    /// A ballot to which a reading rule applies (docs/law.md).
    #[cold]
    fn draw_irregular(&self, booth: &mut Booth) {
        let with_lists = self.lists.is_some();
        // A list code takes the place of the names on some of them.
        let list_here = with_lists && booth.random.below(4) == 0;
        let kinds = if with_lists { 5 } else { 3 };
        let seats = self.shape.seats;
        match booth.random.below(kinds) {
            0 => {
                self.add_some(list_here, booth);
                let place = booth.random.below(booth.length()) as usize;
                let again = booth.choices[place];
                booth.push(again);
            }
            1 => {
                let extra = booth.random.between(1, 3);
                let all = self.shape.option_count - self.shape.list_count;
                self.add_names((seats + extra).min(all), booth);
            }
            2 => {
                self.add_some(list_here, booth);
                let place = booth.random.below(booth.length() + 1) as usize;
                booth.push(UNKNOWN_OPTION);
                booth.choices[place..booth.length].rotate_right(1);
            }
            3 => {
                let names = booth.random.between(1, seats);
                self.add_names(names, booth);
                self.add_list(booth);
                // The list first, last or between the names.
                let place = booth.random.below(booth.length()) as usize;
                booth.choices.swap(place, booth.length - 1);
            }
            _ => {
                self.add_list(booth);
                let lists = self.shape.list_count;
                let step = booth.random.between(1, lists - 1);
                let other = (u32::from(booth.choices[0]) + step) % lists;
                booth.push(small(other as usize));
            }
        }
    }

    fn add_some(&self, list: bool, booth: &mut Booth) {
        if list {
            self.add_list(booth);
        } else {
            let names = booth.random.between(1, self.shape.seats);
            self.add_names(names, booth);
        }
    }

    /// Ballot `number` of `count` in a district that ties. With s seats, `count` even and at least
    /// [`TIE_BALLOTS_MIN`], the last two blank and n = count - 2 others:
    ///
    /// * the first s - 1 in rank stand on 15 of 16 ballots: more than n / 2 votes each;
    /// * ranks s and s + 1 share the ballots by turns: n / 2 votes each, exactly;
    /// * the others take the s - 1 places in 16 left over: at most n / 4 + s votes all together.
    fn build_tie(&self, order: &[OptionIndex], number: u32, count: u32, booth: &mut Booth) {
        debug_assert!(count.is_multiple_of(2) && count >= TIE_BALLOTS_MIN);
        if number + 2 >= count {
            return;
        }
        let certain = self.shape.seats as usize - 1;
        let (turn, round) = (number as usize % 16, number as usize / 16);
        let first_name = small(self.shape.list_count as usize);
        let name = |rank: usize| first_name + order[rank];
        for rank in 0..certain {
            let others = order.len() - certain - 2;
            match (turn == rank, others) {
                (false, _) => booth.push(name(rank)),
                (true, 0) => {}
                (true, _) => booth.push(name(certain + 2 + round % others)),
            }
        }
        booth.push(name(certain + number as usize % 2));
    }
}

/// Ballots of a district that ties: enough for the argument of [`Habits::build_tie`].
pub(crate) const TIE_BALLOTS_MIN: u32 = 50;

/// Candidates from the most popular to the least: members of lists mixed with as many
/// independents, then the other independents.
fn ranks(district: &District, random: &mut Random) -> Vec<usize> {
    let candidates = 0..district.candidates.len();
    let (mut known, mut others): (Vec<usize>, Vec<usize>) =
        candidates.partition(|&candidate| district.candidates[candidate].list.is_some());
    random.shuffle(&mut others);
    known.extend(others.drain(..known.len().min(others.len())));
    random.shuffle(&mut known);
    known.extend(others);
    known
}

fn small(index: usize) -> OptionIndex {
    OptionIndex::try_from(index).expect("within DISTRICT_OPTIONS_MAX")
}
