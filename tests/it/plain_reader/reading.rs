//! Section 7 of FORMAT.md, read literally: what a ballot says under a reading.
//!
//! In: a ballot as it stands in evidence, its district, three options. Out: the options that get a
//! vote; none if the ballot is void. Never: a look at how the engine does it.

use super::election::{District, Row, UNKNOWN};

/// The options in the order of the document, each with its values, the default first.
pub(super) const OPTIONS: [(&str, &[&str]); 3] = [
    ("list_plus_names", &["list_wins", "device_forbids", "first_entered_wins", "both_up_to_21"]),
    ("two_lists", &["first_list_only", "void"]),
    ("limit", &["seats", "seats+alternates"]),
];

/// Values of [`OPTIONS`].
#[derive(Clone)]
pub(super) struct Reading(pub(super) [String; 3]);

impl Reading {
    /// What a contest says, else the default.
    pub(super) fn of(contest: &Row) -> Self {
        Self(OPTIONS.map(|(name, values)| {
            contest.get(name).cloned().unwrap_or_else(|| values[0].to_owned())
        }))
    }

    /// The options of the district that get a vote.
    pub(super) fn read(&self, ballot: &[u16], district: &District) -> Vec<u16> {
        let [list_plus_names, two_lists, limit] = self.0.each_ref().map(String::as_str);
        let limit = match limit {
            "seats" => district.seats,
            _ => district.seats + district.alternates,
        };
        // 1
        let left: Vec<u16> = ballot.iter().copied().filter(|&choice| choice != UNKNOWN).collect();
        let (lists, names): (Vec<u16>, Vec<u16>) =
            left.iter().copied().partition(|&choice| district.is_list(choice));
        // 2
        let Some(&list) = lists.first() else {
            return first_different(&names, limit);
        };
        if two_lists == "void" && lists.iter().any(|&other| other != list) {
            return Vec::new();
        }
        if names.is_empty() {
            return vec![list];
        }
        match list_plus_names {
            "list_wins" => vec![list],
            "device_forbids" => Vec::new(),
            "first_entered_wins" if left[0] == list => vec![list],
            "first_entered_wins" => first_different(&names, limit),
            _ => {
                let members = district.candidates.iter();
                let members = members.filter(|(_, on)| *on == Some(usize::from(list))).count();
                let others: Vec<u16> =
                    names.into_iter().filter(|&name| !district.is_on(name, list)).collect();
                let others = first_different(&others, limit.saturating_sub(members));
                [vec![list], others].concat()
            }
        }
    }
}

/// 3 and 4.
fn first_different(names: &[u16], limit: usize) -> Vec<u16> {
    let mut read = Vec::new();
    for name in names {
        if !read.contains(name) && read.len() < limit {
            read.push(*name);
        }
    }
    read
}
