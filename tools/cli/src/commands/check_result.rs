//! `shomar check-result`: somebody else's published seats, held against a rule.
//!
//! In: votes and published seats as CSV, of one race or of many districts. Out: for each district
//! whether the seats are what the rule gives, or what a lot can give under it, or where they depart
//! from it, named by the pair of lists; exit code 1 if one departs. Never: a rule guessed; that
//! another method would fit is said as a hint.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use shomar_seats::{
    Comparison, GroupKey, Outcome, Party, Published, Race, Rule, allocate, compare,
    methods_that_fit,
};

use crate::lots::{read_table, whole_number};
use crate::options::{parse_option, refuse_repeated};
use crate::output::{Format, grouped, print_json, to_stdout};
use crate::slate::{Slate, VotesRow, read_rows};

/// Arguments of `shomar check-result`.
#[derive(Args)]
pub(crate) struct CheckResultArguments {
    /// A method or a named set of rules (`shomar rules` lists all)
    #[arg(long, value_name = "R")]
    rule: String,
    /// Votes: CSV with list,candidate,votes; and perhaps district, names, position, veteran,
    /// degree_rank
    #[arg(long, value_name = "FILE")]
    votes: PathBuf,
    /// Published seats: CSV with list,candidate,seats (candidate empty: seats of the list; both
    /// empty: seats of the independents together); and perhaps district, district_seats
    #[arg(long, value_name = "FILE")]
    official: PathBuf,
    /// Seats of every district [default: district_seats, or the sum of the published seats]
    #[arg(long, value_name = "N")]
    seats: Option<u32>,
    /// Valid ballots, where a reading needs them; for one race only
    #[arg(long, value_name = "N")]
    valid_ballots: Option<u64>,
    /// An option of the rule; can be repeated
    #[arg(long = "option", value_name = "K=V", value_parser = parse_option)]
    options: Vec<(String, String)>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Districts that depart or were tied, and are shown one by one in the table.
const DISTRICTS_SHOWN: usize = 50;

/// The published seats of one district, by list and candidate.
#[derive(Debug, Default)]
struct Official {
    seats: BTreeMap<(String, String), (u32, u64)>,
    district_seats: Option<u32>,
}

#[derive(Serialize)]
struct Document {
    rule: &'static str,
    matches: usize,
    matches_by_lot: usize,
    departs: usize,
    districts: Vec<DistrictDocument>,
}

#[derive(Serialize)]
struct DistrictDocument {
    district: String,
    verdict: &'static str,
    seats: u32,
    /// Groups with another number of seats.
    differences: Vec<DifferenceDocument>,
    /// Pairs: a seat that was published for the one is the other's by the rule.
    moved: Vec<MovedDocument>,
    /// Persons elected by the rule and not published, and the other way round.
    not_published: Vec<String>,
    not_elected: Vec<String>,
    /// Lots that the publication must have drawn.
    lots: Vec<LotDocument>,
    /// Other methods under which the publication is consistent.
    other_methods: Vec<&'static str>,
}

#[derive(Serialize)]
struct DifferenceDocument {
    group: String,
    by_rule: u32,
    published: u32,
}

#[derive(Serialize)]
struct MovedDocument {
    published_for: String,
    by_rule: String,
    /// The step of the rule that gave the last seat of the group that has it by the rule.
    step: Option<String>,
}

#[derive(Serialize)]
struct LotDocument {
    kind: &'static str,
    winner: String,
    between: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(arguments: &CheckResultArguments) -> anyhow::Result<ExitCode> {
    refuse_repeated(&arguments.options)?;
    let options = arguments.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let rule = Rule::parse(&arguments.rule, options)?;
    let mut officials = read_official(&arguments.official)?;
    let mut by_district: BTreeMap<String, Vec<VotesRow>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for row in read_rows(&arguments.votes, &["district"])? {
        let rows = by_district.entry(row.district.clone()).or_default();
        if rows.is_empty() {
            order.push(row.district.clone());
        }
        rows.push(row);
    }
    if arguments.valid_ballots.is_some() && order.len() > 1 {
        bail!("found --valid-ballots with {} districts, expected one race", order.len());
    }
    let mut districts = Vec::with_capacity(order.len());
    for district in order {
        let rows = by_district.remove(&district).unwrap_or_default();
        let Some(official) = officials.remove(&district) else {
            bail!(
                "{}: found no row of district {district:?}, expected its published seats",
                arguments.official.display()
            );
        };
        districts.push(check(arguments, &rule, district, &rows, &official)?);
    }
    if let Some(district) = officials.keys().next() {
        bail!(
            "{}: found district {district:?}, expected a district of {}",
            arguments.official.display(),
            arguments.votes.display()
        );
    }
    let of = |verdict: &str| districts.iter().filter(|one| one.verdict == verdict).count();
    let document = Document {
        rule: rule.name(),
        matches: of("matches"),
        matches_by_lot: of("matches-by-lot"),
        departs: of("departs"),
        districts,
    };
    match arguments.format {
        Format::Json => print_json(&document)?,
        Format::Table => to_stdout(|out| write_table(out, &document))?,
    }
    Ok(ExitCode::from(u8::from(document.departs > 0)))
}

fn read_official(path: &Path) -> anyhow::Result<BTreeMap<String, Official>> {
    let shown = path.display();
    let optional = ["district", "district_seats"];
    let rows = read_table(path, &["list", "candidate", "seats"], &optional)?;
    if rows.is_empty() {
        bail!("{shown}: found no rows, expected one at least after the header");
    }
    let mut officials: BTreeMap<String, Official> = BTreeMap::new();
    for row in rows {
        let line = row.line;
        let [list, candidate, seats, district, district_seats] =
            <[String; 5]>::try_from(row.fields).expect("read_table gives one field per column");
        let number = |what: &str, text: &str| {
            let number = whole_number(text).and_then(|number| u32::try_from(number).ok());
            number.with_context(|| {
                format!("{shown}:{line}: found {what} {text:?}, expected a whole number")
            })
        };
        let seats = number("seats", &seats)?;
        let official = officials.entry(district).or_default();
        if !district_seats.is_empty() {
            let all = number("district_seats", &district_seats)?;
            if official.district_seats.replace(all).is_some_and(|before| before != all) {
                bail!("{shown}:{line}: found district_seats {all}, expected the same in all rows");
            }
        }
        if let Some((_, first)) = official.seats.insert((list, candidate), (seats, line)) {
            bail!("{shown}:{line}: found the list or candidate of line {first} again");
        }
    }
    Ok(officials)
}

impl Official {
    fn sum(&self) -> u32 {
        // Where a list has a row of its own, the rows of its people are part of it.
        let has_row = |list: &str| self.seats.contains_key(&(list.to_owned(), String::new()));
        let counts = |(list, candidate): &(String, String)| {
            candidate.is_empty() || list.is_empty() || !has_row(list)
        };
        self.seats.iter().filter(|(key, _)| counts(key)).map(|(_, (seats, _))| *seats).sum()
    }

    fn of(&self, list: &str, candidate: &str) -> Option<u32> {
        self.seats.get(&(list.to_owned(), candidate.to_owned())).map(|(seats, _)| *seats)
    }

    fn of_people(&self, list: &str) -> u32 {
        let is_of_list = |(of, candidate): &(String, String)| of == list && !candidate.is_empty();
        self.seats.iter().filter(|(key, _)| is_of_list(key)).map(|(_, (seats, _))| *seats).sum()
    }

    /// Published seats of a group.
    fn of_group(&self, slate: &Slate, key: GroupKey) -> u32 {
        match key {
            GroupKey::List(list) => {
                let name = &slate.list_names[list as usize];
                self.of(name, "").unwrap_or_else(|| self.of_people(name))
            }
            GroupKey::Independent(candidate) => {
                self.of("", &slate.candidate_names[candidate as usize]).unwrap_or(0)
            }
            GroupKey::Independents | GroupKey::AllLists => {
                self.of("", "").unwrap_or_else(|| self.of_people(""))
            }
        }
    }

    /// Rows of lists and candidates that the votes file does not have.
    fn refuse_strangers(&self, path: &Path, slate: &Slate) -> anyhow::Result<()> {
        for ((list, candidate), (_, line)) in &self.seats {
            let at = slate.list_names.iter().position(|name| name == list);
            let is_list = list.is_empty() || at.is_some();
            let is_person = candidate.is_empty()
                || slate.candidates.iter().zip(&slate.candidate_names).any(|(person, name)| {
                    name == candidate && person.list.map(|list| list as usize) == at
                });
            if !is_list || !is_person {
                bail!(
                    "{}:{line}: found list {list:?}, candidate {candidate:?}, expected one of the \
                     votes file",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// Persons, if for every seat one was published.
    fn elected(&self, slate: &Slate) -> Option<BTreeSet<u32>> {
        let mut elected = BTreeSet::new();
        for (index, (person, name)) in
            (0u32..).zip(slate.candidates.iter().zip(&slate.candidate_names))
        {
            let list = person.list.map_or("", |list| slate.list_names[list as usize].as_str());
            if self.of(list, name).is_some_and(|seats| seats > 0) {
                elected.insert(index);
            }
        }
        (elected.len() == self.sum() as usize).then_some(elected)
    }
}

fn check(
    arguments: &CheckResultArguments,
    rule: &Rule,
    district: String,
    rows: &[VotesRow],
    official: &Official,
) -> anyhow::Result<DistrictDocument> {
    let seats = arguments.seats.or(official.district_seats).unwrap_or_else(|| official.sum());
    let rule = rule.of_district(seats);
    let slate = Slate::of_rows(&arguments.votes, rows, &rule)?;
    official.refuse_strangers(&arguments.official, &slate)?;
    let race = Race {
        seats,
        lists: &slate.lists,
        candidates: &slate.candidates,
        valid_ballots: arguments.valid_ballots,
        ..Race::default()
    };
    let place = || match &*district {
        "" => arguments.votes.display().to_string(),
        district => format!("{}: district {district}", arguments.votes.display()),
    };
    let first = allocate(&race, &rule, &[]).with_context(place)?;
    let of_groups: Vec<u32> =
        first.groups.iter().map(|group| official.of_group(&slate, group.key)).collect();
    let elected = official.elected(&slate);
    let published = Published { seats: &of_groups, elected: elected.as_ref() };
    let comparison = compare(&race, &rule, published).with_context(place)?;
    let verdict = match (comparison.is_consistent(), comparison.lots.is_empty()) {
        (true, true) => "matches",
        (true, false) => "matches-by-lot",
        (false, _) => "departs",
    };
    let other_methods = if comparison.is_consistent() || rule.method().is_plurality() {
        Vec::new()
    } else {
        let fits = methods_that_fit(&race, &rule, Published { elected: None, ..published });
        fits.into_iter().map(|method| method.name()).collect()
    };
    Ok(document(&slate, &rule, district, verdict, &comparison, other_methods))
}

fn document(
    slate: &Slate,
    rule: &Rule,
    district: String,
    verdict: &'static str,
    comparison: &Comparison,
    other_methods: Vec<&'static str>,
) -> DistrictDocument {
    let name = |party: Party| slate.names(&[party]).concat();
    let group = |key: GroupKey| name(Party::Group(key));
    let outcome: &Outcome = &comparison.outcome;
    let last_step = |key: GroupKey| {
        let step = &outcome.steps[*outcome.seat_steps(key).last()?];
        Some(format!("{} [{}]", step.text_en(slate), step.source(rule)))
    };
    let persons = |of: &[u32]| of.iter().map(|who| name(Party::Candidate(*who))).collect();
    DistrictDocument {
        district,
        verdict,
        seats: outcome.seats,
        differences: comparison
            .seats
            .iter()
            .map(|(key, by_rule, published)| DifferenceDocument {
                group: group(*key),
                by_rule: *by_rule,
                published: *published,
            })
            .collect(),
        moved: comparison
            .moved()
            .into_iter()
            .map(|(published_for, by_rule)| MovedDocument {
                published_for: group(published_for),
                by_rule: group(by_rule),
                step: last_step(by_rule),
            })
            .collect(),
        not_published: persons(&comparison.missing),
        not_elected: persons(&comparison.extra),
        lots: comparison
            .lots
            .iter()
            .map(|lot| LotDocument {
                kind: lot.kind.name(),
                winner: name(lot.winner),
                between: slate.names(&lot.between),
            })
            .collect(),
        other_methods,
    }
}

fn write_table(out: &mut dyn Write, document: &Document) -> std::io::Result<()> {
    let many = document.districts.len() > 1;
    let shown = document.districts.iter().filter(|one| !many || one.verdict != "matches");
    for one in shown.clone().take(DISTRICTS_SHOWN) {
        let name =
            if one.district.is_empty() { String::new() } else { format!("{}: ", one.district) };
        writeln!(out, "{name}{} ({} seats)", one.verdict, one.seats)?;
        for pair in &one.moved {
            writeln!(
                out,
                "  a seat published for {} is {}'s by the rule",
                pair.published_for, pair.by_rule
            )?;
            if let Some(step) = &pair.step {
                writeln!(out, "    {step}")?;
            }
        }
        for difference in &one.differences {
            writeln!(
                out,
                "  {}: {} by the rule, {} published",
                difference.group, difference.by_rule, difference.published
            )?;
        }
        for (what, names) in [
            ("elected by the rule, not published", &one.not_published),
            ("published, not elected by the rule", &one.not_elected),
        ] {
            if !names.is_empty() {
                writeln!(out, "  {what}: {}", names.join(", "))?;
            }
        }
        for lot in &one.lots {
            let between = lot.between.join(", ");
            writeln!(out, "  by lot ({}): {} among {between}", lot.kind, lot.winner)?;
        }
        if !one.other_methods.is_empty() {
            let methods = one.other_methods.join(", ");
            writeln!(out, "  hint: the published seats are what this gives: {methods}")?;
        }
    }
    let count = shown.count();
    if count > DISTRICTS_SHOWN {
        writeln!(out, "... and {} more (--format json has all)", count - DISTRICTS_SHOWN)?;
    }
    if many {
        let [matches, by_lot, departs] =
            [document.matches, document.matches_by_lot, document.departs]
                .map(|number| grouped(number as u64));
        writeln!(
            out,
            "{}: {matches} districts match, {by_lot} by a lot, {departs} depart",
            document.rule
        )?;
    }
    Ok(())
}
