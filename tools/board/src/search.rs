//! Search by name or code: places, districts, lists, candidates, stations.
//!
//! In: what somebody typed, in any spelling of its letters. Out: what bears that name, best first.
//! Never: a search longer than one walk over the names.

use std::cmp::Reverse;
use std::collections::HashSet;

use memchr::memmem::Finder;
use shomar_format::Election;

use crate::letters::{folded, joined};
use crate::places::Places;

/// Matches that are looked at; beyond it the search asks for more letters.
const MATCHES_MAX: usize = 2_000;
/// Letters of a query that are looked at.
const QUERY_LETTERS_MAX: usize = 200;
/// Words of a query that are looked for: each of them is, in every line that has the longest.
const QUERY_WORDS_MAX: usize = 32;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A province, by index.
    Province(u32),
    /// A county, by index.
    County(u32),
    /// A district, by index.
    District(u32),
    /// A list of a district: both by index.
    List(u32, u32),
    /// A candidate of a district: both by index.
    Candidate(u32, u32),
    /// A station, by index.
    Station(u32),
}

/// What a search found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Best first.
    pub targets: Vec<Target>,
    /// Whether there is more than was looked at.
    pub is_cut: bool,
}

/// The names of an election, one after another.
#[derive(Debug)]
pub struct SearchIndex {
    /// Folded, a line each: names and codes between tabs.
    names: String,
    /// Where each line begins, and whose it is.
    lines: Vec<(usize, Target)>,
}

impl SearchIndex {
    /// Takes every name of an election.
    pub fn of(election: &Election, places: &Places) -> Self {
        let mut index = Self { names: "\n".to_owned(), lines: Vec::new() };
        for (at, province) in (0..).zip(&places.provinces) {
            index.add(Target::Province(at), &[&province.name_fa, province.name_en()]);
        }
        for (at, county) in (0..).zip(&places.counties) {
            index.add(Target::County(at), &[&county.name_fa]);
        }
        for (at, district) in (0..).zip(&election.districts) {
            let names = [&district.name_fa, &district.name_en, &district.id];
            index.add(Target::District(at), &names.map(String::as_str));
        }
        for (district, own) in (0..).zip(&election.districts) {
            for (at, list) in (0..).zip(&own.lists) {
                let names = [&list.name_fa, &list.name_en, &list.code.to_string()];
                index.add(Target::List(district, at), &names.map(String::as_str));
            }
            for (at, person) in (0..).zip(&own.candidates) {
                let names = [&person.name_fa, &person.name_en, &person.code.to_string()];
                index.add(Target::Candidate(district, at), &names.map(String::as_str));
            }
        }
        for (at, station) in (0..).zip(&election.stations) {
            index.add(Target::Station(at), &[&station.name_fa, &station.id]);
        }
        index
    }

    fn add(&mut self, target: Target, names: &[&str]) {
        self.lines.push((self.names.len(), target));
        for name in names.iter().filter(|name| !name.is_empty()) {
            for form in std::iter::once(folded(name)).chain(joined(name)) {
                self.names.push('\t');
                self.names.push_str(&form);
            }
        }
        self.names.push_str("\t\n");
    }

    /// Whatever has a word that begins with each word of the query; a number must be the whole
    /// word. Words that a half-space joins are looked for together and apart.
    pub fn find(&self, query: &str) -> Found {
        let query: String = query.chars().take(QUERY_LETTERS_MAX).collect();
        let mut found: Vec<(u8, Target)> = Vec::new();
        let mut is_cut = false;
        for form in std::iter::once(folded(&query)).chain(joined(&query)) {
            is_cut |= self.find_form(&form, &mut found);
        }
        found.sort_unstable();
        let mut seen = HashSet::new();
        found.retain(|(_, target)| seen.insert(*target));
        is_cut |= found.len() > MATCHES_MAX;
        found.truncate(MATCHES_MAX);
        Found { targets: found.into_iter().map(|(_, target)| target).collect(), is_cut }
    }

    /// Adds the matches of one form of the query; whether there are more than are looked at.
    fn find_form(&self, query: &str, found: &mut Vec<(u8, Target)>) -> bool {
        let words = words_of(query);
        let Some(longest) = words.first() else { return false };
        let most = found.len() + MATCHES_MAX;
        let mut next_line = 0;
        for place in Finder::new(longest).find_iter(self.names.as_bytes()) {
            let line = self.lines.partition_point(|(begins, _)| *begins <= place) - 1;
            if line < next_line {
                continue;
            }
            let text = self.line(line);
            next_line = line + 1;
            let is_match = words.iter().all(|word| has_word(text, word));
            if is_match {
                found.push((rank(text, query), self.lines[line].1));
                if found.len() == most {
                    return true;
                }
            }
        }
        false
    }

    fn line(&self, line: usize) -> &str {
        let begins = self.lines[line].0;
        let ends = self.lines.get(line + 1).map_or(self.names.len(), |(begins, _)| *begins);
        &self.names[begins..ends]
    }
}

/// The words that are looked for, once each. The longest first: few lines have it, and none of the
/// others is looked for in the rest.
fn words_of(query: &str) -> Vec<&str> {
    let mut words: Vec<&str> = query.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_unstable_by_key(|word| (Reverse(word.len()), *word));
    words.dedup();
    words.truncate(QUERY_WORDS_MAX);
    words
}

/// Whether a word of the line begins so; digits must be all of it.
fn has_word(line: &str, word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    line.match_indices(word).any(|(at, _)| {
        let begins = line[..at].ends_with([' ', '\t']);
        let ends = !is_number || line[at + word.len()..].starts_with([' ', '\t']);
        begins && ends
    })
}

/// Whole names first, then beginnings of names, then the rest.
fn rank(line: &str, query: &str) -> u8 {
    let mut names = line.split('\t');
    if names.clone().any(|name| name == query) {
        0
    } else if names.any(|name| name.starts_with(query)) {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(lines: &[(Target, &[&str])]) -> SearchIndex {
        let mut index = SearchIndex { names: "\n".to_owned(), lines: Vec::new() };
        lines.iter().for_each(|(target, names)| index.add(*target, names));
        index
    }

    #[test]
    fn names_are_found_in_any_spelling_and_whole_names_come_first() {
        let index = index(&[
            (Target::District(0), &["شهر بستان‌آباد", "Bostanabad", "city-03-07"]),
            (Target::District(1), &["بستان‌آباد", "Bostanabad", "majlis-bostanabad"]),
            (Target::Candidate(0, 4), &["علی کریمی", "Ali Karimi", "104"]),
            (Target::Candidate(1, 0), &["کریم علیزاده", "Karim Alizadeh", "1045"]),
        ]);
        let find = |query: &str| index.find(query).targets;
        assert_eq!(find("بستان آباد"), [Target::District(1), Target::District(0)]);
        assert_eq!(find("علي كريمي"), [Target::Candidate(0, 4)]);
        assert_eq!(find("کریم علی"), [Target::Candidate(1, 0), Target::Candidate(0, 4)]);
        assert_eq!(find("۱۰۴"), [Target::Candidate(0, 4)]);
        assert_eq!(find("ali kar"), [Target::Candidate(0, 4), Target::Candidate(1, 0)]);
        assert_eq!(find("majlis"), [Target::District(1)]);
        // With a half-space, a space or neither, whichever of them the name has.
        for typed in ["بستان\u{200c}آباد", "بستان آباد", "بستانآباد", "بستان\u{200c}اباد"]
        {
            assert_eq!(find(typed), [Target::District(1), Target::District(0)], "{typed}");
        }
        assert_eq!(find("علی\u{200c}زاده"), [Target::Candidate(1, 0)]);
        // In the middle of a word nothing begins.
        assert!(find("ستان").is_empty() && find("").is_empty() && find("  ").is_empty());
        assert!(find("\t\n").is_empty());
    }

    #[test]
    fn a_query_of_nine_thousand_words_looks_for_a_few() {
        assert_eq!(
            words_of("ش شعبه ش ش ژژ ش"),
            ["شعبه", "ژژ", "ش"],
            "the longest first, once each"
        );
        let distinct: String = (0..9_000).map(|at| format!("ش{at} ")).collect();
        assert_eq!(words_of(&distinct).len(), QUERY_WORDS_MAX);
        // What is left is looked for, and one word of nine thousand letters is no word of a name.
        let name = "یک دو سه چهار پنج شش هفت هشت نه ده";
        let index = index(&[(Target::County(3), &[name])]);
        assert_eq!(index.find(name).targets, [Target::County(3)]);
        assert!(index.find(&"ش".repeat(9_000)).targets.is_empty());
    }

    #[test]
    fn a_search_that_finds_too_much_says_so() {
        let lines: Vec<(Target, &[&str])> =
            (0..3_000).map(|at| (Target::Candidate(at, 0), &["رضا"][..])).collect();
        let found = index(&lines).find("رضا");
        assert!(found.is_cut);
        assert_eq!(found.targets.len(), MATCHES_MAX);
    }
}
