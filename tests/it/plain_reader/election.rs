//! The golden election folder as plain text, and the compiled definition as plain bytes.
//!
//! In: files. Out: what a recount must know, and the canonical definition text. Never: quotation
//! marks or optional columns; the golden folder has none.

use std::collections::HashMap;
use std::path::Path;

use super::segment::{array_at, u32_at};

/// Stands for a code that the district does not have; in the compiled definition, for no list.
pub(super) const UNKNOWN: u16 = 65_535;

pub(super) struct Election {
    pub(super) definition_text: String,
    pub(super) contests: Vec<String>,
    pub(super) stations: Vec<String>,
    pub(super) districts: Vec<District>,
}

pub(super) struct District {
    pub(super) id: String,
    pub(super) contest: usize,
    pub(super) seats: usize,
    pub(super) alternates: u64,
    pub(super) lists: Vec<u32>,
    /// Code, and index of the list.
    pub(super) candidates: Vec<(u32, Option<usize>)>,
}

pub(super) fn table(folder: &Path, file: &str) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(folder.join(file)).expect("a table of the election");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let header: Vec<String> = lines.next().expect("a header").collect();
    lines.map(|fields| header.iter().cloned().zip(fields).collect()).collect()
}

pub(super) fn toml_values(folder: &Path, key: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("election.toml")).expect("election.toml");
    let values = text.lines().filter_map(|line| line.strip_prefix(&format!("{key} = ")));
    values.map(|value| value.trim_matches('"').to_owned()).collect()
}

pub(super) fn read_election(folder: &Path) -> Election {
    let ids = toml_values(folder, "id");
    let mut text = format!("shomar-definition\t1\nelection\t{}\ttest\n", ids[0]);
    let mut line = |kind: &str, row: &HashMap<String, String>, columns: &str| {
        let field = |column| row.get(column).map_or("", String::as_str);
        let fields: Vec<&str> = columns.split(' ').map(field).collect();
        text.push_str(&format!("{kind}\t{}\n", fields.join("\t")));
    };
    for id in &ids[1..] {
        line("contest", &HashMap::from([("id".to_owned(), id.clone())]), "id");
    }
    let code = |row: &HashMap<String, String>| row["code"].parse::<u32>().expect("a code");
    let mut districts = Vec::new();
    for row in table(folder, "districts.csv") {
        let id = &row["district"];
        let columns = "district contest name_fa name_en province county seats alternates";
        line("district", &row, columns);
        let of_district = |file| {
            let mut rows = table(folder, file);
            rows.retain(|row| row["district"] == *id);
            rows.sort_by_key(code);
            rows
        };
        let lists = of_district("lists.csv");
        lists.iter().for_each(|row| line("list", row, "code name_fa name_en"));
        let lists: Vec<u32> = lists.iter().map(code).collect();
        let mut candidates = Vec::new();
        for mut row in of_district("candidates.csv") {
            row.insert("veteran".to_owned(), "0".to_owned());
            line("candidate", &row, "code list name_fa name_en veteran degree_rank");
            let list = lists.iter().position(|list| list.to_string() == row["list"]);
            candidates.push((code(&row), list));
        }
        let seats = row["seats"].parse().expect("seats");
        let alternates = row["alternates"].parse().expect("alternates");
        let contest = ids[1..].iter().position(|id| *id == row["contest"]).expect("a contest");
        let id = id.clone();
        districts.push(District { id, contest, seats, alternates, lists, candidates });
    }
    let stations = table(folder, "stations.csv");
    for row in &stations {
        line("station", row, "station province county name_fa registered");
        let device = HashMap::from([("id".to_owned(), "0".to_owned())]);
        line("device", &device, "id key");
    }
    Election {
        definition_text: text,
        contests: ids[1..].to_vec(),
        stations: stations.iter().map(|row| row["station"].clone()).collect(),
        districts,
    }
}

impl District {
    pub(super) fn option_count(&self) -> usize {
        self.lists.len() + self.candidates.len()
    }

    /// What canonicalising would have called clean.
    pub(super) fn is_clean(&self, ballot: &[u16]) -> bool {
        let is_name =
            |&choice: &u16| (self.lists.len()..self.option_count()).contains(&usize::from(choice));
        let different = (1..ballot.len()).all(|at| !ballot[..at].contains(&ballot[at]));
        match ballot {
            [one] => usize::from(*one) < self.option_count(),
            _ => ballot.len() <= self.seats && ballot.iter().all(is_name) && different,
        }
    }

    /// The default reading: the options that get a vote; none if the ballot is void.
    pub(super) fn read(&self, ballot: &[u16]) -> Vec<u16> {
        let known = ballot.iter().copied().filter(|&choice| choice != UNKNOWN);
        let known: Vec<u16> = known.collect();
        let list = known.iter().find(|&&choice| usize::from(choice) < self.lists.len());
        if let Some(&list) = list {
            return vec![list];
        }
        let mut names = Vec::new();
        for name in known {
            if !names.contains(&name) && names.len() < self.seats {
                names.push(name);
            }
        }
        names
    }
}

/// The arrays of a compiled definition in the order of the document, `serves_given` as one of them.
pub(super) fn read_compiled(payload: &[u8]) -> Vec<Vec<u64>> {
    let mut at = payload.len() - 92;
    let mut arrays = Vec::new();
    for width in [4, 4, 4, 4, 4, 4, 2, 4, 4, 1, 0, 8] {
        if width == 0 {
            arrays.push(vec![u32_at(payload, at).into()]);
            at += 4;
            continue;
        }
        let distance = i32::from_le_bytes(array_at(payload, at)).unsigned_abs() as usize;
        let length = u32_at(payload, at + 4) as usize * width;
        let array = &payload[at - distance..][..length];
        let number = |bytes: &[u8]| bytes.iter().rfold(0, |sum, &byte| sum << 8 | u64::from(byte));
        arrays.push(array.chunks_exact(width).map(number).collect());
        at += 8;
    }
    assert_eq!(at, payload.len(), "the root ends the payload");
    arrays
}

/// What [`read_compiled`] must give for this election.
pub(super) fn compiled_arrays(election: &Election) -> Vec<Vec<u64>> {
    let mut arrays = vec![Vec::new(); 12];
    arrays[4].push(0);
    let no_list = u64::from(UNKNOWN);
    for district in &election.districts {
        arrays[0].push(district.contest as u64);
        arrays[1].push(district.seats as u64);
        arrays[2].push(district.alternates);
        arrays[3].push(district.lists.len() as u64);
        let lists = district.lists.iter().map(|&code| (code, no_list));
        let candidates = district.candidates.iter();
        let candidates =
            candidates.map(|&(code, list)| (code, list.map_or(no_list, |at| at as u64)));
        for (code, list) in lists.chain(candidates) {
            arrays[5].push(code.into());
            arrays[6].push(list);
        }
        let end = arrays[5].len() as u64;
        arrays[4].push(end);
    }
    arrays[7] = vec![1; election.stations.len()];
    for id in election.districts.iter().map(|district| &district.id).chain(&election.stations) {
        arrays[9].extend(id.bytes().map(u64::from));
        let end = arrays[9].len() as u64;
        arrays[8].push(end);
    }
    arrays[10].push(0);
    arrays
}
