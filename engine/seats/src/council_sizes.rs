//! How many members and alternates a council has: tables by population, by election.
//!
//! What comes in: a kind of place and its population at the last census, or numbers that somebody
//! gave. What goes out: the size that the table gives, or whether those numbers are in it. The last
//! census decides («ملاک تشخیص جمعیت آخرین سرشماری»). Sources: docs/law.md.

use crate::{Place, SizesTable};

/// Members and alternates of a council.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CouncilSize {
    /// Members.
    pub members: u32,
    /// Alternates. Under article 25 those of Tehran are 52 % of the seats of each list.
    pub alternates: u32,
}

/// One row: up to so many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeRow {
    /// A city or a village.
    pub place: Place,
    /// Most people of this row; `None`: any number.
    pub population_max: Option<u64>,
    /// What it gives.
    pub size: CouncilSize,
}

/// Seats of Tehran, Rey and Tajrish in the term of 1405, which no other council has.
pub(crate) const TEHRAN_SEATS: u32 = 21;

const fn row(place: Place, population_max: u64, members: u32, alternates: u32) -> SizeRow {
    let population_max = if population_max == u64::MAX { None } else { Some(population_max) };
    SizeRow { place, population_max, size: CouncilSize { members, alternates } }
}

/// Interior Ministry by ISNA, 29 Farvardin 1400; alternates of villages: bylaw of 1381 art. 4.
const OF_1396: [SizeRow; 8] = [
    row(Place::Village, 1_500, 3, 2),
    row(Place::Village, u64::MAX, 5, 3),
    row(Place::City, 50_000, 5, 3),
    row(Place::City, 200_000, 7, 5),
    row(Place::City, 500_000, 9, 6),
    row(Place::City, 1_000_000, 11, 7),
    row(Place::City, 2_000_000, 13, 8),
    row(Place::City, u64::MAX, 15, 10),
];

/// BBC Persian, 1392; villages as before and after.
const OF_1392: [SizeRow; 10] = [
    row(Place::Village, 1_500, 3, 2),
    row(Place::Village, u64::MAX, 5, 3),
    row(Place::City, 20_000, 5, 2),
    row(Place::City, 50_000, 7, 3),
    row(Place::City, 100_000, 9, 4),
    row(Place::City, 200_000, 11, 5),
    row(Place::City, 500_000, 13, 6),
    row(Place::City, 1_000_000, 15, 7),
    row(Place::City, 2_000_000, 21, 8),
    row(Place::City, u64::MAX, 25, 10),
];

impl SizesTable {
    /// The rows, villages first, then by population.
    pub fn rows(self) -> &'static [SizeRow] {
        match self {
            SizesTable::Of1396 => &OF_1396,
            SizesTable::Of1392 => &OF_1392,
        }
    }

    /// The council of Tehran, which is named apart from the table.
    pub fn tehran(self) -> CouncilSize {
        match self {
            SizesTable::Of1396 => CouncilSize { members: TEHRAN_SEATS, alternates: 11 },
            SizesTable::Of1392 => CouncilSize { members: 31, alternates: 12 },
        }
    }

    /// The size for a population; `None` where it is not said whether it is a city or a village.
    pub fn size(self, place: Place, population: u64) -> Option<CouncilSize> {
        let mut rows = self.rows().iter().filter(|row| row.place == place);
        let row = rows.find(|row| row.population_max.is_none_or(|most| population <= most))?;
        Some(row.size)
    }

    /// Every size that a place of this kind can have, that of Tehran among those of cities.
    pub fn sizes(self, place: Place) -> Vec<CouncilSize> {
        let is_of_place = |row: &&SizeRow| place == Place::Any || row.place == place;
        let mut sizes: Vec<CouncilSize> =
            self.rows().iter().filter(is_of_place).map(|row| row.size).collect();
        if place != Place::Village {
            sizes.push(self.tehran());
        }
        sizes.dedup();
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(table: SizesTable, place: Place, population: u64) -> (u32, u32) {
        let size = table.size(place, population).unwrap();
        (size.members, size.alternates)
    }

    #[test]
    fn borders_belong_to_the_smaller_council() {
        let table = SizesTable::Of1396;
        for (place, population, expected) in [
            (Place::Village, 0, (3, 2)),
            (Place::Village, 1_500, (3, 2)),
            (Place::Village, 1_501, (5, 3)),
            (Place::City, 50_000, (5, 3)),
            (Place::City, 50_001, (7, 5)),
            (Place::City, 200_000, (7, 5)),
            (Place::City, 200_001, (9, 6)),
            (Place::City, 500_001, (11, 7)),
            (Place::City, 1_000_001, (13, 8)),
            (Place::City, 2_000_000, (13, 8)),
            (Place::City, 2_000_001, (15, 10)),
        ] {
            assert_eq!(of(table, place, population), expected, "{place:?} {population}");
        }
        assert_eq!(of(SizesTable::Of1392, Place::City, 2_000_000), (21, 8));
        assert_eq!(table.size(Place::Any, 1_000), None, "it must be said what it is");
    }

    #[test]
    fn only_tehran_has_twenty_one_seats() {
        let sizes = SizesTable::Of1396.sizes(Place::Any);
        let count = sizes.iter().filter(|size| size.members == TEHRAN_SEATS).count();
        assert_eq!((count, sizes.len()), (1, 8));
        assert!(SizesTable::Of1396.sizes(Place::Village).iter().all(|size| size.members <= 5));
    }
}
