//! `shomar rules`: the rules as data: methods, sets of rules, their options and articles, tables.
//!
//! In: a name, or none. Out: every rule by name; or one with its options, what each decides, its
//! values and its number in docs/law.md; the sizes of councils; the reasons for which a ballot is
//! void. Never: a rule that is not computed.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use shomar_seats::{Method, OptionName, Place, Rule, RuleSet, SizesTable, VoidClass, VoidReason};

use crate::output::{Format, grouped, print_json, table, to_stdout};

/// Arguments of `shomar rules`.
#[derive(Args)]
pub(crate) struct RulesArguments {
    /// A method or a set of rules; all of them if none is named
    name: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct Document {
    rules: Vec<RuleDocument>,
    council_sizes: Vec<SizeDocument>,
    void_reasons: Vec<VoidDocument>,
}

#[derive(Serialize)]
struct RuleDocument {
    name: &'static str,
    method: &'static str,
    title: String,
    article: &'static str,
    options: Vec<OptionDocument>,
}

#[derive(Serialize)]
struct OptionDocument {
    name: &'static str,
    law: &'static str,
    question: &'static str,
    value: String,
    values: &'static [&'static str],
}

#[derive(Serialize)]
struct SizeDocument {
    table: &'static str,
    place: &'static str,
    population_max: Option<u64>,
    members: u32,
    alternates: u32,
}

#[derive(Serialize)]
struct VoidDocument {
    code: &'static str,
    counts_among_taken: bool,
    text_en: &'static str,
    text_fa: &'static str,
}

/// Runs the command.
pub(crate) fn run(arguments: &RulesArguments) -> anyhow::Result<ExitCode> {
    let rules: Vec<Rule> = match &arguments.name {
        Some(name) => vec![Rule::named(name)?],
        None => {
            let methods = Method::all().map(Rule::new);
            methods.chain(RuleSet::ALL.iter().map(|set| Rule::of_set(*set))).collect()
        }
    };
    let is_one = arguments.name.is_some();
    let document = Document {
        rules: rules.iter().map(RuleDocument::of).collect(),
        council_sizes: sizes(),
        void_reasons: VoidReason::ALL.iter().copied().map(VoidDocument::of).collect(),
    };
    match arguments.format {
        Format::Json => print_json(&document)?,
        Format::Table if is_one => to_stdout(|out| write_one(out, &document.rules[0]))?,
        Format::Table => to_stdout(|out| write_all(out, &document))?,
    }
    Ok(ExitCode::SUCCESS)
}

impl RuleDocument {
    fn of(rule: &Rule) -> Self {
        let option = |option: OptionName| OptionDocument {
            name: option.name(),
            law: option.law_number(),
            question: option.question(),
            value: rule.options().value(option),
            values: option.values(),
        };
        Self {
            name: rule.name(),
            method: rule.method().name(),
            title: rule.set().map_or(String::new(), |set| set.title().to_owned()),
            article: rule.article().text(),
            options: rule.option_names().into_iter().map(option).collect(),
        }
    }
}

impl VoidDocument {
    fn of(reason: VoidReason) -> Self {
        Self {
            code: reason.code(),
            counts_among_taken: reason.class() == VoidClass::Taken,
            text_en: reason.english(),
            text_fa: reason.persian(),
        }
    }
}

fn sizes() -> Vec<SizeDocument> {
    let mut sizes = Vec::new();
    for of in [SizesTable::Of1396, SizesTable::Of1392] {
        for row in of.rows() {
            sizes.push(SizeDocument {
                table: of.value(),
                place: row.place.value(),
                population_max: row.population_max,
                members: row.size.members,
                alternates: row.size.alternates,
            });
        }
        let tehran = of.tehran();
        sizes.push(SizeDocument {
            table: of.value(),
            place: "tehran",
            population_max: None,
            members: tehran.members,
            alternates: tehran.alternates,
        });
    }
    sizes
}

fn write_one(out: &mut dyn Write, rule: &RuleDocument) -> std::io::Result<()> {
    writeln!(out, "{}: {}", rule.name, rule.article)?;
    if !rule.title.is_empty() {
        writeln!(out, "  {}; method {}", rule.title, rule.method)?;
    }
    writeln!(out, "\noptions, the value in force and all values")?;
    for option in &rule.options {
        let law = if option.law.is_empty() { String::new() } else { format!("{} ", option.law) };
        writeln!(out, "  {law}{} = {}: {}", option.name, option.value, option.question)?;
        writeln!(out, "      {}", option.values.join(" | "))?;
    }
    Ok(())
}

fn write_all(out: &mut dyn Write, document: &Document) -> std::io::Result<()> {
    let row = |rule: &RuleDocument| {
        let title = if rule.title.is_empty() { rule.article } else { &rule.title };
        vec![rule.name.to_owned(), rule.method.to_owned(), title.to_owned()]
    };
    let (sets, methods): (Vec<_>, Vec<_>) =
        document.rules.iter().partition(|rule| RuleSet::named(rule.name).is_some());
    let methods: Vec<Vec<String>> = methods
        .into_iter()
        .map(|rule| vec![rule.name.to_owned(), rule.article.to_owned()])
        .collect();
    write!(out, "{}", table(&["method", ""], &methods, 2))?;
    let sets: Vec<Vec<String>> = sets.into_iter().map(row).collect();
    write!(out, "\n{}", table(&["set of rules", "method", ""], &sets, 3))?;
    let rows: Vec<Vec<String>> = document
        .council_sizes
        .iter()
        .filter(|size| Place::Any.value() != size.place)
        .map(|size| {
            let most = match (size.population_max, size.place) {
                (Some(most), _) => grouped(most),
                (None, "tehran") => String::new(),
                (None, _) => "any".to_owned(),
            };
            let numbers = [size.members, size.alternates].map(|number| number.to_string());
            let [members, alternates] = numbers;
            vec![size.table.to_owned(), size.place.to_owned(), most, members, alternates]
        })
        .collect();
    let header = ["council sizes", "place", "up to people", "members", "alternates"];
    write!(out, "\n{}", table(&header, &rows, 2))?;
    let rows: Vec<Vec<String>> = document
        .void_reasons
        .iter()
        .map(|reason| {
            let taken = if reason.counts_among_taken { "counted as taken" } else { "not taken" };
            vec![reason.code.to_owned(), taken.to_owned(), reason.text_en.to_owned()]
        })
        .collect();
    write!(out, "\n{}", table(&["void ballots", "", ""], &rows, 3))?;
    writeln!(
        out,
        "\n  the options of one: shomar rules NAME; what they mean: docs/rules.md, docs/law.md"
    )
}
