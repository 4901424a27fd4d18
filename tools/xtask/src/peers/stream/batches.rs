//! The batches of a nation, from its text: what PostgreSQL is given, and what it must have counted.
//!
//! In: a folder of `shomar generate --text`. Out: batches of numbers of options, in a random order
//! of arrival, and their totals. Never: a ballot that is in two batches or in none.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// In place of an option on a ballot without any, so that every ballot is in the totals.
pub(crate) const BLANK: i16 = 0;
/// In place of a code that nobody has: Shomar's sealed form keeps no more of it either.
const UNKNOWN: i16 = -1;

/// Votes by district and option, as they were entered.
pub(crate) type Totals = BTreeMap<(u16, i16), u64>;

/// The ballots of one district at one station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) district: u16,
    /// Choices of each ballot; none has 0, for [`BLANK`] takes their place.
    lengths: Vec<u16>,
    options: Vec<i16>,
}

impl Batch {
    /// Its ballots, each with at least one number.
    pub(crate) fn ballots(&self) -> impl Iterator<Item = &[i16]> {
        let mut rest = self.options.as_slice();
        self.lengths.iter().map(move |length| {
            let (ballot, after) = rest.split_at(usize::from(*length));
            rest = after;
            ballot
        })
    }
}

/// Batches in the order of arrival.
pub(crate) struct Batches {
    list: Vec<Batch>,
}

impl Batches {
    /// Reads the text and the codes of its election.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut codes = Codes::default();
        for name in ["lists.csv", "candidates.csv"] {
            let path = folder.join("election").join(name);
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            codes.add(&text).with_context(|| path.display().to_string())?;
        }
        let path = folder.join("ballots.csv");
        let text = File::open(&path).with_context(|| path.display().to_string())?;
        let list = cut(BufReader::new(text), &codes).with_context(|| path.display().to_string())?;
        Ok(Self { list })
    }

    /// Puts them into a random order, as they arrive, and keeps the first. Text is in the order of
    /// stations: neighbours would queue for the same totals, which no night does to anybody.
    pub(crate) fn arrive(&mut self, seed: u64, count: usize) {
        let mut places: Vec<_> = std::mem::take(&mut self.list).into_iter().zip(0_u64..).collect();
        places.sort_by_cached_key(|(_, place)| {
            Sha256::digest([seed.to_le_bytes(), place.to_le_bytes()].concat())
        });
        self.list = places.into_iter().map(|(batch, _)| batch).take(count).collect();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Batch> {
        self.list.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn ballots(&self) -> u64 {
        self.list.iter().map(|batch| batch.lengths.len() as u64).sum()
    }

    /// Choices, a blank ballot counted as one.
    pub(crate) fn choices(&self) -> u64 {
        self.list.iter().map(|batch| batch.options.len() as u64).sum()
    }

    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::new();
        for batch in &self.list {
            for option in &batch.options {
                *totals.entry((batch.district, *option)).or_default() += 1;
            }
        }
        totals
    }
}

/// Numbers for districts and, inside each, for its codes: two bytes hold them.
#[derive(Default)]
struct Codes {
    districts: HashMap<String, (u16, HashMap<String, i16>)>,
}

impl Codes {
    /// Adds a table that begins with `district,code`; neither is ever quoted.
    fn add(&mut self, table: &str) -> Result<()> {
        let mut lines = table.lines();
        let header = lines.next().unwrap_or_default();
        if !header.starts_with("district,code,") {
            bail!("found the header {header}, expected district,code,...");
        }
        for line in lines {
            let mut fields = line.split(',');
            let (Some(district), Some(code)) = (fields.next(), fields.next()) else {
                bail!("found the line {line}, expected district and code");
            };
            let next = u16::try_from(self.districts.len()).context("too many districts")?;
            let (_, options) =
                self.districts.entry(district.to_owned()).or_insert_with(|| (next, HashMap::new()));
            let next = i16::try_from(options.len() + 1).context("too many options")?;
            options.entry(code.to_owned()).or_insert(next);
        }
        Ok(())
    }
}

/// Cuts rows `station,district,choices` into batches. Rows of a station stand together, those of
/// its districts in the order of voting.
fn cut(text: impl BufRead, codes: &Codes) -> Result<Vec<Batch>> {
    let mut lines = text.lines();
    let header = lines.next().context("found no header")??;
    if header != "station,district,choices" {
        bail!("found the header {header}, expected station,district,choices");
    }
    let mut batches: Vec<Batch> = Vec::new();
    let (mut station, mut first_of_station) = (String::new(), 0);
    for (line, number) in lines.zip(2..) {
        let line = line?;
        let mut fields = line.splitn(3, ',');
        let (Some(at), Some(district), Some(choices)) =
            (fields.next(), fields.next(), fields.next())
        else {
            bail!("line {number}: found {line}, expected three fields");
        };
        if at != station {
            at.clone_into(&mut station);
            first_of_station = batches.len();
        }
        let (district, options) = codes
            .districts
            .get(district)
            .with_context(|| format!("line {number}: nobody knows the district {district}"))?;
        let mut of_station = batches.iter_mut().skip(first_of_station);
        let batch = match of_station.position(|batch| batch.district == *district) {
            Some(place) => &mut batches[first_of_station + place],
            None => {
                let (lengths, options) = (Vec::new(), Vec::new());
                batches.push(Batch { district: *district, lengths, options });
                let last = batches.len() - 1;
                &mut batches[last]
            }
        };
        let before = batch.options.len();
        let entered = choices.split(' ').filter(|code| !code.is_empty());
        batch.options.extend(entered.map(|code| options.get(code).copied().unwrap_or(UNKNOWN)));
        if batch.options.len() == before {
            batch.options.push(BLANK);
        }
        batch.lengths.push(u16::try_from(batch.options.len() - before)?);
        if batch.lengths.len() > 0x7fff {
            bail!("line {number}: a batch of more ballots than 15 bits number");
        }
    }
    Ok(batches)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const TEXT: &str = "station,district,choices\n\
        1,tehran,101 102\n\
        1,village,7\n\
        1,tehran,\n\
        2,tehran,102 999999 101\n\
        2,tehran,11\n";

    pub(crate) fn batches() -> Batches {
        let mut codes = Codes::default();
        codes.add("district,code,name_fa\ntehran,11,\"a, b\"\n").unwrap();
        codes.add("district,code,list\ntehran,101,\ntehran,102,\nvillage,7,\n").unwrap();
        Batches { list: cut(TEXT.as_bytes(), &codes).unwrap() }
    }

    #[test]
    fn rows_of_one_station_and_district_are_one_batch() {
        let batches = batches();
        let ballots: Vec<Vec<&[i16]>> =
            batches.iter().map(|batch| batch.ballots().collect()).collect();
        let expected: [&[&[i16]]; 3] = [&[&[2, 3], &[BLANK]], &[&[1]], &[&[3, UNKNOWN, 2], &[1]]];
        assert_eq!(ballots, expected);
        assert_eq!((batches.len(), batches.ballots(), batches.choices()), (3, 5, 8));
    }

    #[test]
    fn totals_are_the_choices_as_entered() {
        let expected =
            [((0, -1), 1), ((0, 0), 1), ((0, 1), 1), ((0, 2), 2), ((0, 3), 2), ((1, 1), 1)];
        assert_eq!(batches().totals(), Totals::from(expected));
    }

    #[test]
    fn order_of_arrival_follows_from_the_seed_and_loses_nothing() {
        let arrived = |seed, count| {
            let mut batches = batches();
            batches.arrive(seed, count);
            batches
        };
        assert_eq!(arrived(1, 9).totals(), batches().totals());
        assert_eq!(arrived(1, 9).list, arrived(1, 9).list);
        assert!((2..20).any(|seed| arrived(seed, 9).list != arrived(1, 9).list));
        assert_eq!(arrived(1, 2).list, arrived(1, 9).list[..2]);
    }

    #[test]
    fn text_that_is_none_is_refused() {
        let error = |text: &str| {
            let error = cut(text.as_bytes(), &Codes::default()).unwrap_err();
            format!("{error:#}")
        };
        assert_eq!(error(""), "found no header");
        assert!(error("a,b\n").starts_with("found the header a,b"));
        assert_eq!(
            error("station,district,choices\n1,nowhere,1\n"),
            "line 2: nobody knows the district nowhere"
        );
        assert!(error("station,district,choices\n1\n").contains("expected three fields"));
    }
}
