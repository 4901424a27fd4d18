//! How the voters of a district vote: the ballots of a station, one after another.
//!
//! In: a district, and the random numbers of one station and district. Out: ballots as option
//! indices in the order of entry, an unknown code as [`UNKNOWN_OPTION`]. Never: an allocation per
//! ballot, a ballot sorted, judged or read.

use shomar_format::election::District;
use shomar_format::{DistrictShape, OptionIndex, UNKNOWN_OPTION};

use crate::popularity::{Popularity, zipf_weights};
use crate::random::{Domain, Random};

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

/// Where a voter stands: the numbers to draw from, and the ballot that is being filled in.
struct Booth {
    random: Random,
    ballot: Vec<OptionIndex>,
    /// Number of the ballot, from 1.
    number: u32,
    /// For each candidate the number of the ballot that last got the name.
    named_on: Vec<u32>,
}

/// The habits of a district's voters.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    /// What canonicalising must know.
    pub(crate) shape: DistrictShape,
    first_name: OptionIndex,
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
            Popularity::new(&weights)
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
            first_name: small(district.lists.len()),
            names: Popularity::new(&weights),
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

    /// Casts `count` ballots, each given to `each` in the order of entry.
    pub(crate) fn vote(&self, random: Random, count: u32, mut each: impl FnMut(&[OptionIndex])) {
        let mut booth = Booth {
            random,
            ballot: Vec::with_capacity(64),
            number: 0,
            named_on: vec![0; self.names.count()],
        };
        for number in 0..count {
            booth.ballot.clear();
            booth.number += 1;
            match &self.form {
                Form::Drawn => self.draw(&mut booth),
                Form::Tied(order) => self.build_tie(order, number, count, &mut booth.ballot),
                Form::AllBlank => {}
            }
            each(&booth.ballot);
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
            let codes = booth.random.between(1, 3) as usize;
            booth.ballot.resize(codes, UNKNOWN_OPTION);
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

    #[inline]
    fn add_names(&self, count: u32, booth: &mut Booth) {
        for _ in 0..count {
            self.add_name(booth);
        }
    }

    /// Adds a name that is not on the ballot yet. There is one: every district has more candidates
    /// than seats, and a ballot never gets more names than candidates.
    #[inline]
    fn add_name(&self, booth: &mut Booth) {
        for _ in 0..DRAWS_MAX {
            let name = self.names.draw(&mut booth.random);
            if self.add_if_new(name, booth) {
                return;
            }
        }
        let count = small(self.names.count());
        let start = booth.random.below(u32::from(count));
        let added = (0..u32::from(count)).any(|step| {
            let name = small(((start + step) % u32::from(count)) as usize);
            self.add_if_new(name, booth)
        });
        assert!(added, "fewer names than candidates");
    }

    #[inline]
    fn add_if_new(&self, name: OptionIndex, booth: &mut Booth) -> bool {
        let named_on = &mut booth.named_on[usize::from(name)];
        if *named_on == booth.number {
            return false;
        }
        *named_on = booth.number;
        booth.ballot.push(self.first_name + name);
        true
    }

    fn add_list(&self, booth: &mut Booth) {
        let lists = self.lists.as_ref().expect("only districts with lists");
        booth.ballot.push(lists.draw(&mut booth.random));
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
                let place = booth.random.below(length(&booth.ballot)) as usize;
                booth.ballot.push(booth.ballot[place]);
            }
            1 => {
                let extra = booth.random.between(1, 3);
                let all = u32::from(small(self.names.count()));
                self.add_names((seats + extra).min(all), booth);
            }
            2 => {
                self.add_some(list_here, booth);
                let place = booth.random.below(length(&booth.ballot) + 1) as usize;
                booth.ballot.insert(place, UNKNOWN_OPTION);
            }
            3 => {
                let names = booth.random.between(1, seats);
                self.add_names(names, booth);
                self.add_list(booth);
                // The list first, last or between the names.
                let place = booth.random.below(length(&booth.ballot)) as usize;
                let last = booth.ballot.len() - 1;
                booth.ballot.swap(place, last);
            }
            _ => {
                self.add_list(booth);
                let lists = self.shape.list_count;
                let step = booth.random.between(1, lists - 1);
                let other = (u32::from(booth.ballot[0]) + step) % lists;
                booth.ballot.push(small(other as usize));
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
    fn build_tie(
        &self,
        order: &[OptionIndex],
        number: u32,
        count: u32,
        ballot: &mut Vec<OptionIndex>,
    ) {
        debug_assert!(count.is_multiple_of(2) && count >= TIE_BALLOTS_MIN);
        if number + 2 >= count {
            return;
        }
        let certain = self.shape.seats as usize - 1;
        let (turn, round) = (number as usize % 16, number as usize / 16);
        let name = |rank: usize| self.first_name + order[rank];
        for rank in 0..certain {
            let others = order.len() - certain - 2;
            match (turn == rank, others) {
                (false, _) => ballot.push(name(rank)),
                (true, 0) => {}
                (true, _) => ballot.push(name(certain + 2 + round % others)),
            }
        }
        ballot.push(name(certain + number as usize % 2));
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

fn length(ballot: &[OptionIndex]) -> u32 {
    u32::try_from(ballot.len()).expect("a ballot is short")
}
