//! `shomar result --compare-readings`: every council that open readings can bring about.
//!
//! In: a counted election, districts. Out: which options matter tonight, and the different councils
//! side by side, with the readings that give each; as a table or JSON. Never: a reading preferred;
//! the one in force is only marked.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;
use shomar_engine::compare_readings::{
    ComparedReadings, Council, Effect, Variant, compare_readings,
};
use shomar_engine::outcome::ContestRule;
use shomar_engine::result_document::PartyResult;
use shomar_format::Election;
use shomar_format::election::District;
use shomar_seats::{Method, OptionName};

use super::table::code;
use crate::count::{CountInput, Counted, Folder};
use crate::output::{grouped, print_json, table, test_mark, to_stdout};

/// Councils that are shown; the others are counted.
const COUNCILS_SHOWN: usize = 24;
/// Conditions of a council that are shown.
const CONDITIONS_SHOWN: usize = 4;

/// What is compared.
pub(super) struct Compare<'a> {
    pub(super) election: &'a Election,
    pub(super) rules: &'a [ContestRule],
    pub(super) counted: &'a Counted,
}

impl Compare<'_> {
    /// Compares one district, or all where article 24 applies.
    pub(super) fn run(
        &self,
        input: CountInput<'_>,
        only: Option<u32>,
        is_json: bool,
    ) -> anyhow::Result<ExitCode> {
        let is_article_24 = |district: &District| {
            let rule = self.rules[district.contest].rule.of_district(district.seats);
            rule.method() == Method::Article24
        };
        let districts: Vec<u32> = match only {
            Some(district) => vec![district],
            None => (0u32..)
                .zip(&self.election.districts)
                .filter(|(_, district)| is_article_24(district))
                .map(|(index, _)| index)
                .collect(),
        };
        if districts.is_empty() {
            bail!("found no district with article-24, expected one, or --district ID");
        }
        let folder = Folder::open(input, &self.counted.definition)?;
        let mut compared = Vec::new();
        for index in districts {
            let district = &self.election.districts[index as usize];
            let rule = &self.rules[district.contest];
            let mut readings = self.counted.snapshot.readings().to_vec();
            let found = compare_readings(district, rule, |reading| {
                readings[district.contest] = reading;
                folder.district(&self.counted.definition, &readings, index)
            })?;
            compared.push((district, rule, found));
        }
        if is_json {
            let districts = compared
                .iter()
                .map(|(district, rule, found)| DistrictDocument::new(district, rule, found));
            print_json(&Document {
                election: &self.election.head.id,
                mode: self.election.head.mode.name(),
                frontier: self.counted.frontier(),
                districts: districts.collect(),
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        to_stdout(|out| {
            write!(out, "{}", test_mark(self.election.head.mode))?;
            compared
                .iter()
                .try_for_each(|(district, rule, found)| write_district(out, district, rule, found))
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn write_district(
    out: &mut dyn Write,
    district: &District,
    rule: &ContestRule,
    found: &ComparedReadings,
) -> io::Result<()> {
    writeln!(
        out,
        "\ndistrict {} ({}): {} seats, {}; {} combinations of readings, {} different councils",
        district.id,
        district.name_en,
        district.seats,
        rule.rule.name(),
        grouped(found.combinations as u64),
        found.variants.len()
    )?;
    writeln!(out, "no lot is taken into account: a tie stays a tie here")?;
    let effect = |effect: &Effect| {
        let parts = [("seats", effect.seats), ("persons", effect.elected)];
        let parts = parts.into_iter().chain([("alternates", effect.alternates)]);
        let parts: Vec<&str> = parts.filter(|(_, is_so)| *is_so).map(|(name, _)| name).collect();
        if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
    };
    let rows: Vec<Vec<String>> = found
        .effects
        .iter()
        .map(|(option, (alone, combined))| {
            let value = rule.options.get(*option).cloned().unwrap_or_default();
            vec![law_name(option), value, effect(alone), effect(combined)]
        })
        .collect();
    if rows.is_empty() {
        writeln!(out, "\nNo open option changes anything here tonight.")?;
    } else {
        let header = ["option that matters", "in force", "alone it changes", "with others"];
        write!(out, "\n{}", table(&header, &rows, 4))?;
    }
    let none: Vec<String> = found.without_effect.iter().map(|option| law_name(option)).collect();
    if !none.is_empty() {
        writeln!(out, "  without effect: {}", none.join(", "))?;
    }
    let base = &found.variants[0];
    for (number, variant) in (1..).zip(found.variants.iter().take(COUNCILS_SHOWN)) {
        write_council(out, district, number, variant, base)?;
    }
    if found.variants.len() > COUNCILS_SHOWN {
        let more = found.variants.len() - COUNCILS_SHOWN;
        writeln!(out, "\n... and {more} more councils (--format json has all)")?;
    }
    Ok(())
}

/// `A1 denominator`.
fn law_name(option: &str) -> String {
    let number = OptionName::ALL.iter().find(|known| known.name() == option);
    let number = match (number, option) {
        (Some(number), _) => number.law_number(),
        (None, "list_plus_names") => "A10",
        (None, "two_lists") => "A11",
        (None, _) => "",
    };
    if number.is_empty() { option.to_owned() } else { format!("{number} {option}") }
}

fn write_council(
    out: &mut dyn Write,
    district: &District,
    number: usize,
    variant: &Variant,
    base: &Variant,
) -> io::Result<()> {
    let combinations = grouped(variant.combinations as u64);
    let in_force = if variant.in_force { ", in force" } else { "" };
    writeln!(out, "\ncouncil {number}: {combinations} combinations{in_force}")?;
    if let Some(refused) = &variant.council.refused {
        writeln!(out, "  no outcome: {refused}")?;
    } else {
        let seats: Vec<String> = variant
            .council
            .seats
            .iter()
            .map(|(group, seats)| format!("{} {seats}", group_name(*group)))
            .collect();
        writeln!(out, "  seats: {}", seats.join(" | "))?;
    }
    for (kind, between) in &variant.council.lots {
        let between: Vec<String> = between.iter().map(|party| code(*party)).collect();
        writeln!(out, "  a lot is needed ({kind}) between {}", between.join(", "))?;
    }
    let is_compared = base.council.refused.is_none() && variant.council.refused.is_none();
    if !variant.in_force && is_compared {
        let difference = Difference::of(&base.council, &variant.council);
        if !difference.seats.is_empty() {
            let seats: Vec<String> = difference
                .seats
                .iter()
                .map(|change| {
                    let [from, to] = [change.from, change.to].map(Option::unwrap_or_default);
                    format!("{} {from} -> {to}", group_name(change.list))
                })
                .collect();
            writeln!(out, "  other seats: {}", seats.join(", "))?;
        }
        for (what, codes) in [("in", &difference.elected), ("out", &difference.not_elected)] {
            let names: Vec<String> = codes.iter().map(|code| person(district, *code)).collect();
            if !names.is_empty() {
                writeln!(out, "  {what}: {}", names.join(", "))?;
            }
        }
    }
    for condition in variant.when.iter().take(CONDITIONS_SHOWN) {
        let parts: Vec<String> = condition
            .iter()
            .map(|(option, values)| {
                let values: Vec<&str> = values.iter().copied().collect();
                format!("{option}={}", values.join("|"))
            })
            .collect();
        let text = if parts.is_empty() { "any reading".to_owned() } else { parts.join(", ") };
        writeln!(out, "  when {text}")?;
    }
    if variant.when.len() > CONDITIONS_SHOWN {
        writeln!(out, "  ... and {} more", variant.when.len() - CONDITIONS_SHOWN)?;
    }
    Ok(())
}

fn group_name(group: Option<u32>) -> String {
    group.map_or(crate::lots::INDEPENDENTS.to_owned(), |code| code.to_string())
}

fn person(district: &District, code: u32) -> String {
    let candidate = district.candidates.iter().find(|candidate| candidate.code == code);
    let name = candidate.map_or("", super::english_name);
    if name.is_empty() { code.to_string() } else { format!("{code} {name}") }
}

/// What differs from the council in force.
#[derive(Serialize)]
struct Difference {
    seats: Vec<SeatsChange>,
    elected: Vec<u32>,
    not_elected: Vec<u32>,
}

#[derive(Serialize)]
struct SeatsChange {
    list: Option<u32>,
    /// `None`: there is no council under the readings in force.
    from: Option<u32>,
    /// `None`: there is no council under these readings.
    to: Option<u32>,
}

impl Difference {
    fn of(base: &Council, other: &Council) -> Difference {
        // Groups stand in one order in every council that there is; where there is none, in none.
        let groups = base.seats.len().max(other.seats.len());
        let seats = (0..groups).filter_map(|index| {
            let [one, two] = [base, other].map(|council| council.seats.get(index));
            let (list, _) = one.or(two)?;
            let [from, to] = [one, two].map(|group| group.map(|(_, seats)| *seats));
            (from != to).then_some(SeatsChange { list: *list, from, to })
        });
        let [before, after] =
            [base, other].map(|council| council.elected.iter().copied().collect::<BTreeSet<u32>>());
        Difference {
            seats: seats.collect(),
            elected: after.difference(&before).copied().collect(),
            not_elected: before.difference(&after).copied().collect(),
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    election: &'a str,
    mode: &'static str,
    frontier: shomar_format::document::Frontier,
    districts: Vec<DistrictDocument<'a>>,
}

#[derive(Serialize)]
struct DistrictDocument<'a> {
    district: &'a str,
    rule: &'static str,
    in_force: &'a BTreeMap<String, String>,
    combinations: usize,
    options: Vec<OptionDocument>,
    without_effect: &'a [&'static str],
    councils: Vec<CouncilDocument<'a>>,
}

#[derive(Serialize)]
struct OptionDocument {
    option: &'static str,
    alone: Vec<&'static str>,
    in_combination: Vec<&'static str>,
}

#[derive(Serialize)]
struct CouncilDocument<'a> {
    in_force: bool,
    combinations: usize,
    when: &'a [BTreeMap<&'static str, BTreeSet<&'static str>>],
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a str>,
    seats: Vec<SeatsDocument>,
    elected: &'a [u32],
    alternates: &'a [u32],
    lots: Vec<LotDocument>,
    differs: Difference,
}

#[derive(Serialize)]
struct SeatsDocument {
    list: Option<u32>,
    seats: u32,
}

#[derive(Serialize)]
struct LotDocument {
    kind: &'static str,
    between: Vec<PartyResult>,
}

impl<'a> DistrictDocument<'a> {
    fn new(district: &'a District, rule: &'a ContestRule, found: &'a ComparedReadings) -> Self {
        let parts = |effect: &Effect| {
            let parts = [
                ("seats", effect.seats),
                ("elected", effect.elected),
                ("alternates", effect.alternates),
            ];
            parts.into_iter().filter(|(_, is_so)| *is_so).map(|(name, _)| name).collect()
        };
        let option = |(option, (alone, combined)): (&&'static str, &(Effect, Effect))| {
            let (alone, in_combination) = (parts(alone), parts(combined));
            OptionDocument { option, alone, in_combination }
        };
        let base = &found.variants[0].council;
        let council = |variant: &'a Variant| CouncilDocument {
            in_force: variant.in_force,
            combinations: variant.combinations,
            when: &variant.when,
            refused: variant.council.refused.as_deref(),
            seats: variant
                .council
                .seats
                .iter()
                .map(|(list, seats)| SeatsDocument { list: *list, seats: *seats })
                .collect(),
            elected: &variant.council.elected,
            alternates: &variant.alternates,
            lots: variant
                .council
                .lots
                .iter()
                .map(|(kind, between)| LotDocument {
                    kind,
                    between: between.iter().map(|party| (*party).into()).collect(),
                })
                .collect(),
            differs: Difference::of(base, &variant.council),
        };
        Self {
            district: &district.id,
            rule: rule.rule.name(),
            in_force: &rule.options,
            combinations: found.combinations,
            options: found.effects.iter().map(option).collect(),
            without_effect: &found.without_effect,
            councils: found.variants.iter().map(council).collect(),
        }
    }
}
