//! The votes file of `shomar seats`: numbers for the rules, names and lines for people.
//!
//! What comes in: CSV `list,candidate,votes`, and for rules that need it `position` on the list,
//! `veteran`, `degree_rank`, or `names` (how many a list has, where they are not rows). What goes
//! out: lists and candidates by position, the names to print, and the parties that recorded lots
//! mean. A name is printed alone where it is clear, else as `list/name`, and lots are read the same
//! way. It computes no seats.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, bail};
use shomar_seats::{
    Candidate, GroupKey, Labels, Language, List, Lot, LotKind, Members, Method, Party, Rule,
};

use crate::lots::{ALL_LISTS, INDEPENDENTS, LotRow, read_table, whole_number};

/// The votes file: numbers for the rules, names and lines for people.
#[derive(Debug, Default)]
pub(crate) struct Slate {
    pub(crate) lists: Vec<List>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) list_names: Vec<String>,
    pub(crate) candidate_names: Vec<String>,
    /// How often a name stands for a list or a candidate.
    name_counts: HashMap<String, u32>,
    /// Line on which a list, or an independent, first appears.
    pub(crate) list_lines: Vec<u64>,
    pub(crate) candidate_lines: Vec<u64>,
}

/// One row of a votes file.
#[derive(Debug)]
pub(crate) struct VotesRow {
    /// Line in the file, from 1.
    pub(crate) line: u64,
    /// The district; empty where the file has no such column.
    pub(crate) district: String,
    list: String,
    candidate: String,
    person: Candidate,
    names: Option<u32>,
}

/// Reads the rows of a votes file; `more` are columns that it may have besides.
pub(crate) fn read_rows(path: &Path, more: &[&str]) -> anyhow::Result<Vec<VotesRow>> {
    let shown = path.display();
    let optional = [&["position", "veteran", "degree_rank", "names"], more].concat();
    let rows = read_table(path, &["list", "candidate", "votes"], &optional)?;
    if rows.is_empty() {
        bail!("{shown}: found no rows, expected one at least after the header");
    }
    rows.into_iter()
        .map(|row| {
            let line = row.line;
            let place = || format!("{shown}:{line}");
            let mut fields = row.fields.into_iter();
            let mut field = || fields.next().unwrap_or_default();
            let [list, candidate, votes, position, veteran, degree_rank, names, district] =
                std::array::from_fn(|_| field());
            let Some(votes) = whole_number(&votes) else {
                bail!(
                    "{shown}:{line}: found votes {votes:?}, expected a whole number from 0 \
                     to {}",
                    u64::MAX
                );
            };
            if list.is_empty() && candidate.is_empty() {
                bail!("{shown}:{line}: found neither list nor candidate, expected one");
            }
            let person = Candidate {
                list: None,
                votes,
                veteran: yes_or_no(&veteran).with_context(place)?,
                degree_rank: small_number("degree_rank", &degree_rank).with_context(place)?,
                position: small_number("position", &position).with_context(place)?,
            };
            let names = small_number("names", &names).with_context(place)?;
            Ok(VotesRow { line, district, list, candidate, person, names })
        })
        .collect()
}

impl Slate {
    /// Reads the votes of one race.
    pub(crate) fn read(path: &Path, rule: &Rule) -> anyhow::Result<Slate> {
        let rows = read_rows(path, &[])?;
        Slate::of_rows(path, &rows, rule)
    }

    /// Puts the rows of one race together.
    pub(crate) fn of_rows(path: &Path, rows: &[VotesRow], rule: &Rule) -> anyhow::Result<Slate> {
        let shown = path.display();
        let mut slate = Slate::default();
        let mut lists: HashMap<String, u32> = HashMap::new();
        let mut seen: HashMap<(String, String), u64> = HashMap::new();
        for row in rows {
            let (line, list, candidate) = (row.line, &row.list, &row.candidate);
            if candidate.is_empty() && rule.method().is_plurality() {
                bail!(
                    "{shown}:{line}: found list {list:?} without a candidate, expected a \
                     candidate: {} elects persons (name the candidate, or choose a method for \
                     lists)",
                    rule.name()
                );
            }
            if let Some(first) = seen.insert((list.clone(), candidate.clone()), line) {
                bail!(
                    "{shown}:{line}: found list {list:?}, candidate {candidate:?} again, \
                     expected each once (first on line {first})"
                );
            }
            let at = (!list.is_empty()).then(|| {
                *lists.entry(list.clone()).or_insert_with_key(|name| slate.add_list(name, line))
            });
            let person = Candidate { list: at, ..row.person };
            slate
                .add_votes(person, candidate.clone(), row.names, line)
                .with_context(|| format!("{shown}:{line}"))?;
        }
        slate.refuse_mixed_totals(path, rule, &seen)?;
        Ok(slate)
    }

    fn add_list(&mut self, name: &str, line: u64) -> u32 {
        let position = self.lists.len();
        self.lists.push(List { votes: 0, members: Members::Unnamed });
        self.list_names.push(name.to_owned());
        self.list_lines.push(line);
        *self.name_counts.entry(name.to_owned()).or_default() += 1;
        u32::try_from(position).expect("a file of 4 billion lists does not fit in memory")
    }

    /// The votes of a list are the sum of all its rows.
    fn add_votes(
        &mut self,
        person: Candidate,
        candidate: String,
        names: Option<u32>,
        line: u64,
    ) -> anyhow::Result<()> {
        if let Some(position) = person.list {
            let entry = &mut self.lists[position as usize];
            let Some(sum) = entry.votes.checked_add(person.votes) else {
                bail!("found a sum of votes beyond {}, expected at most that", u64::MAX);
            };
            entry.votes = sum;
            entry.members = match (entry.members, candidate.is_empty(), names) {
                (Members::Unnamed, true, Some(names)) => Members::Counted(names),
                (members, true, None) => members,
                (Members::Unnamed | Members::Named, false, None) => Members::Named,
                _ => bail!(
                    "found a number of names beside candidates of the list, expected one of the two"
                ),
            };
        } else if names.is_some() {
            bail!("found a number of names for an independent, expected none");
        }
        if !candidate.is_empty() {
            *self.name_counts.entry(candidate.clone()).or_default() += 1;
            self.candidates.push(person);
            self.candidate_names.push(candidate);
            self.candidate_lines.push(line);
        }
        Ok(())
    }

    /// Under article 24 the total of a list is the sum of its members, who have been given the
    /// votes of the list's code already: a row for the list beside them would count twice.
    fn refuse_mixed_totals(
        &self,
        path: &Path,
        rule: &Rule,
        seen: &HashMap<(String, String), u64>,
    ) -> anyhow::Result<()> {
        if rule.method() != Method::Article24 {
            return Ok(());
        }
        for (list, name) in self.lists.iter().zip(&self.list_names) {
            let line = seen.get(&(name.clone(), String::new()));
            if let (Members::Named, Some(line)) = (list.members, line) {
                bail!(
                    "{}:{line}: found votes for list {name:?} beside votes for its \
                     candidates, expected one of the two: by article 24 item 1 its total is the \
                     sum of its members' votes, those through the list included",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// The name as it is printed and read in lots: alone if that is clear, else `list/name`.
    pub(crate) fn candidate_label(&self, position: usize) -> String {
        let name = &self.candidate_names[position];
        if self.name_counts.get(name) == Some(&1) {
            return name.clone();
        }
        let list = self.candidates[position].list;
        let list = list.map_or("", |list| self.list_names[list as usize].as_str());
        format!("{list}/{name}")
    }

    /// `None`: the independents together.
    pub(crate) fn party_label(&self, party: Party) -> Option<String> {
        match party {
            Party::Group(GroupKey::AllLists) => Some(ALL_LISTS.to_owned()),
            Party::Group(GroupKey::List(list)) => Some(self.list_names[list as usize].clone()),
            Party::Group(GroupKey::Independents) => None,
            Party::Group(GroupKey::Independent(candidate)) | Party::Candidate(candidate) => {
                Some(self.candidate_label(candidate as usize))
            }
        }
    }

    pub(crate) fn names(&self, parties: &[Party]) -> Vec<String> {
        let pool = || "(independents)".to_owned();
        parties.iter().map(|party| self.party_label(*party).unwrap_or_else(pool)).collect()
    }

    /// Looks up the winner of a recorded lot, and those between whom it was drawn.
    pub(crate) fn lot(&self, path: &Path, row: &LotRow, rule: &Rule) -> anyhow::Result<Lot> {
        let place = || format!("{}:{}", path.display(), row.line);
        if !row.district.is_empty() {
            bail!("{}: found district {:?}, expected it empty", place(), row.district);
        }
        if row.is_replacement {
            bail!("{}: found kind replacement, expected a lot about the seats", place());
        }
        let between = row.between.iter().map(|name| self.tied_party(row.kind, name, rule));
        Ok(Lot {
            kind: row.kind,
            place: row.place,
            winner: self.tied_party(row.kind, &row.winner, rule).with_context(place)?,
            between: between.collect::<anyhow::Result<_>>().with_context(place)?,
        })
    }

    fn tied_party(&self, kind: LotKind, name: &str, rule: &Rule) -> anyhow::Result<Party> {
        let is_pooled = rule.method() == Method::Article24;
        let mut parties: Vec<Party> = Vec::new();
        if matches!(kind, LotKind::Seat | LotKind::Alternate) {
            let lists = (0u32..).zip(&self.lists);
            parties.extend(lists.map(|(list, _)| Party::Group(GroupKey::List(list))));
            if is_pooled {
                parties.push(Party::Group(GroupKey::Independents));
                parties.push(Party::Group(GroupKey::AllLists));
            } else if kind == LotKind::Seat {
                let persons = (0u32..).zip(&self.candidates);
                let alone = persons.filter(|(_, candidate)| candidate.list.is_none());
                parties.extend(alone.map(|(who, _)| Party::Group(GroupKey::Independent(who))));
            }
        }
        if kind != LotKind::Seat {
            let persons = (0u32..).zip(&self.candidates);
            parties.extend(persons.map(|(who, _)| Party::Candidate(who)));
        }
        let name = if name == INDEPENDENTS { "" } else { name };
        parties.retain(|party| self.party_label(*party).unwrap_or_default() == name);
        match parties[..] {
            [winner] => Ok(winner),
            [] => bail!(
                "found {name:?}, expected a {} of the votes file as `shomar seats` prints it \
                 (list/name where a name alone is not clear)",
                if kind == LotKind::Seat { "list or independent" } else { "candidate" }
            ),
            _ => bail!("found {name:?}, which is not unique"),
        }
    }
}

/// `yes` or `no`; empty is `no`.
fn yes_or_no(text: &str) -> anyhow::Result<bool> {
    match text {
        "" | "0" | "no" | "false" => Ok(false),
        "1" | "yes" | "true" => Ok(true),
        other => bail!("found veteran {other:?}, expected yes or no"),
    }
}

/// A whole number that fits; empty is none.
fn small_number(what: &str, text: &str) -> anyhow::Result<Option<u32>> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = whole_number(text).and_then(|number| u32::try_from(number).ok());
    number.map(Some).with_context(|| format!("found {what} {text:?}, expected a whole number"))
}

impl Labels for Slate {
    fn list(&self, position: u32, _: Language) -> String {
        self.list_names[position as usize].clone()
    }

    fn candidate(&self, position: u32, _: Language) -> String {
        self.candidate_label(position as usize)
    }
}

#[cfg(test)]
mod tests {
    use shomar_seats::{Race, allocate};

    use super::*;

    fn read(method: &str, text: &str) -> anyhow::Result<Slate> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("votes.csv");
        std::fs::write(&path, text).unwrap();
        Slate::read(&path, &Rule::parse(method, []).unwrap())
    }

    fn seats(method: &str, count: u32, text: &str) -> serde_json::Value {
        let slate = read(method, text).unwrap();
        let rule = Rule::parse(method, []).unwrap();
        let race = Race {
            seats: count,
            alternates: 1,
            lists: &slate.lists,
            candidates: &slate.candidates,
            ..Race::default()
        };
        let outcome = allocate(&race, &rule, &[]).unwrap();
        let close = shomar_seats::margins(&race, &rule, &outcome);
        assert!(slate.table(&rule, &outcome, close).contains(outcome.status.name()));
        serde_json::to_value(slate.json(&rule, None, &outcome, close)).unwrap()
    }

    #[test]
    fn rows_become_groups_in_the_order_of_the_file() {
        let text = "\u{feff}votes,candidate,list\n7,Zed,\n10,,B\n6,a,A\n5,b,A\n1,,A\n";
        let json = seats("dhondt", 4, text);
        assert_eq!(
            json["groups"],
            serde_json::json!([
                {"list": null, "candidate": "Zed", "votes": 7, "seats": 1, "vacant": 0},
                {"list": "B", "votes": 10, "seats": 1, "vacant": 0},
                {"list": "A", "votes": 12, "seats": 2, "vacant": 0},
            ])
        );
        let elected: Vec<&str> = json["elected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|who| who["candidate"].as_str().unwrap())
            .collect();
        assert_eq!(elected, ["Zed", "a", "b"]);
        assert!(json["steps"][0]["text_fa"].as_str().unwrap().contains("۱۲"));
    }

    #[test]
    fn equal_names_are_told_apart_in_lots() {
        let text = "list,candidate,votes\nA,Ali,5\nB,Ali,5\n,Sara,5\n";
        let json = seats("relative-plurality", 1, text);
        assert_eq!(json["status"], "lot-required");
        assert_eq!(json["lots"][0]["between"], serde_json::json!(["A/Ali", "B/Ali", "Sara"]));
        let slate = read("relative-plurality", text).unwrap();
        let rule = Rule::parse("relative-plurality", []).unwrap();
        let row = |winner: &str| LotRow {
            line: 2,
            district: String::new(),
            kind: LotKind::Person,
            is_replacement: false,
            place: 1,
            winner: winner.to_owned(),
            between: Vec::new(),
            drawn_at: String::new(),
            present: String::new(),
        };
        let lot = slate.lot(Path::new("lots.csv"), &row("B/Ali"), &rule).unwrap();
        assert_eq!(lot.winner, Party::Candidate(1));
        assert!(slate.lot(Path::new("lots.csv"), &row("Ali"), &rule).is_err());
    }

    #[test]
    fn what_is_wrong_with_a_votes_file_is_named() {
        let header = "list,candidate,votes\n";
        for (method, rows, expected) in [
            ("dhondt", "A,,1e3\n", ".csv:2: found votes \"1e3\""),
            ("dhondt", "A,,5\nB,,-3\n", ".csv:3: found votes \"-3\""),
            ("dhondt", "A,,1.5\n", "whole number"),
            ("dhondt", "A,,18446744073709551616\n", "whole number"),
            ("dhondt", "A,,18446744073709551615\nA,x,1\n", ".csv:3: found a sum"),
            ("dhondt", ",,5\n", ".csv:2: found neither list nor candidate"),
            ("dhondt", "A,x,5\nA,,1\nA,x,6\n", "first on line 2"),
            ("block-plurality", "A,,5\n", ".csv:2: found list \"A\" without a candidate"),
            ("article-24", "A,x,5\nA,,1\n", ".csv:3: found votes for list \"A\" beside"),
            ("hare", "", "found no rows"),
        ] {
            let message = format!("{:#}", read(method, &format!("{header}{rows}")).unwrap_err());
            assert!(message.contains("votes.csv") && message.contains(expected), "{message}");
        }
        let message = format!("{:#}", read("hare", "list,name,votes\n").unwrap_err());
        assert!(message.contains("the unknown column 'name'"), "{message}");
    }
}
