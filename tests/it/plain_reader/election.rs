//! The golden election folder as plain text, and the compiled definition as plain bytes.
//!
//! In: files. Out: what a recount must know, and the canonical texts with their digests. Never:
//! `shomar-format`; only the CSV of the folder is split by a crate, which is not ours.

use std::collections::HashMap;
use std::path::Path;

use super::reading::Reading;
use super::segment::{array_at, hex, sha256, u32_at};

/// Stands for a code that the district does not have; in the compiled definition, for no list.
pub(super) const UNKNOWN: u16 = 65_535;

/// Fields of a row, or keys of a table, by name.
pub(super) type Row = HashMap<String, String>;

pub(super) struct Election {
    pub(super) id: String,
    /// The tables of `[[contest]]`.
    pub(super) contests: Vec<Row>,
    pub(super) districts: Vec<District>,
    /// `test` or `official`.
    pub(super) mode: String,
    /// Public keys of the `[[officer]]`.
    pub(super) officers: Vec<[u8; 32]>,
    /// The tables of `[[check]]`.
    pub(super) checks: Vec<Row>,
    pub(super) stations: Vec<Station>,
    /// By station, then district.
    pub(super) serves: Vec<Serve>,
    counting_text: String,
    names_text: String,
}

pub(super) struct Station {
    pub(super) id: String,
    /// The key of each device, where it has one.
    pub(super) devices: Vec<Option<[u8; 32]>>,
    pub(super) registered: Option<u64>,
}

/// A pair of `serves.csv`.
pub(super) struct Serve {
    pub(super) station: usize,
    pub(super) district: usize,
    pub(super) registered: Option<u64>,
    /// The line of the rules text.
    pub(super) line: String,
}

pub(super) struct District {
    pub(super) id: String,
    pub(super) contest: usize,
    pub(super) seats: usize,
    pub(super) alternates: usize,
    pub(super) lists: Vec<u32>,
    /// Code, and index of the list.
    pub(super) candidates: Vec<(u32, Option<usize>)>,
}

/// The value of a number in ASCII, Persian or Arabic-Indic digits; `u64::MAX` if it is too large.
pub(super) fn number(text: &str) -> Option<u64> {
    let digit = |digit: char| match digit {
        '0'..='9' => Some(digit as u32 - '0' as u32),
        '\u{6f0}'..='\u{6f9}' => Some(digit as u32 - 0x6f0),
        '\u{660}'..='\u{669}' => Some(digit as u32 - 0x660),
        _ => None,
    };
    let mut digits = text.chars().map(digit).peekable();
    digits.peek()?;
    digits.try_fold(0, |sum: u64, digit| Some(sum.saturating_mul(10).saturating_add(digit?.into())))
}

fn small(text: &str) -> usize {
    usize::try_from(number(text).expect("a number")).expect("a small number")
}

fn code(text: &str) -> u32 {
    u32::try_from(number(text).expect("a code")).expect("a code")
}

/// As it stands in a canonical text: without leading zeros, or empty.
fn canonical(text: &str) -> String {
    number(text).map_or(String::new(), |number| number.to_string())
}

fn table(folder: &Path, file: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(folder.join(file)).expect("a table of the election");
    reader.deserialize().map(|row| row.expect("a row of the table")).collect()
}

/// Top-level keys, and the tables by name; the golden files have one key a line.
fn read_head(folder: &Path) -> (Row, HashMap<String, Vec<Row>>) {
    let text = std::fs::read_to_string(folder.join("election.toml")).expect("election.toml");
    let (mut head, mut tables) = (Row::new(), HashMap::<String, Vec<Row>>::new());
    let mut now = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("[[").and_then(|line| line.strip_suffix("]]")) {
            tables.entry(name.to_owned()).or_default().push(Row::new());
            now = Some(name);
        } else if let Some((key, value)) = line.split_once(" = ") {
            let value = value.trim_matches('"').to_owned();
            let table = now.and_then(|name| tables.get_mut(name)?.last_mut());
            table.unwrap_or(&mut head).insert(key.to_owned(), value);
        }
    }
    (head, tables)
}

fn key(digits: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("a key");
    (!digits.is_empty()).then(|| std::array::from_fn(|at| byte(at * 2)))
}

fn line(text: &mut String, fields: &[&str]) {
    text.push_str(&fields.join("\t"));
    text.push('\n');
}

pub(super) fn read_election(folder: &Path) -> Election {
    let (head, mut tables) = read_head(folder);
    let mut of = |name: &str| tables.remove(name).unwrap_or_default();
    let (contests, all_officers, checks) = (of("contest"), of("officer"), of("check"));
    let mut counting = "shomar-counting\t1\n".to_owned();
    let mut names = "shomar-names\t1\n".to_owned();
    line(&mut counting, &["election", &head["id"], &head["mode"]]);
    contests.iter().for_each(|contest| line(&mut counting, &["contest", &contest["id"]]));
    let mut officers = Vec::new();
    for officer in &all_officers {
        let of = |name: &str| officer.get(name).map_or("", String::as_str);
        officers.push(key(of("key")).expect("an officer's key"));
        let own = of("key").to_lowercase();
        line(&mut counting, &["officer", of("id"), of("name_fa"), of("name_en"), &own]);
    }
    let (all_lists, all_candidates) = (table(folder, "lists.csv"), table(folder, "candidates.csv"));
    let mut districts = Vec::new();
    for row in table(folder, "districts.csv") {
        let (seats, alternates) = (small(&row["seats"]), small(&row["alternates"]));
        let numbers = [seats, alternates].map(|number| number.to_string());
        line(
            &mut counting,
            &["district", &row["district"], &row["contest"], &numbers[0], &numbers[1]],
        );
        let places = ["name_fa", "name_en", "province", "county"].map(|name| row[name].as_str());
        line(&mut names, &[&["district"], &places[..]].concat());
        let of_district = |rows: &[Row]| {
            let mut rows: Vec<Row> = rows.to_vec();
            rows.retain(|other| other["district"] == row["district"]);
            rows.sort_by_key(|row| code(&row["code"]));
            rows
        };
        let mut lists = Vec::new();
        for row in of_district(&all_lists) {
            lists.push(code(&row["code"]));
            line(&mut counting, &["list", &canonical(&row["code"])]);
            line(&mut names, &["list", &row["name_fa"], &row["name_en"]]);
        }
        let mut candidates = Vec::new();
        for row in of_district(&all_candidates) {
            let on_list = canonical(&row["list"]);
            candidates.push((
                code(&row["code"]),
                lists.iter().position(|list| list.to_string() == on_list),
            ));
            line(&mut counting, &["candidate", &canonical(&row["code"]), &on_list]);
            let veteran = ["1", "yes", "true"].contains(&row["veteran"].as_str());
            let veteran = if veteran { "1" } else { "0" };
            let rank = canonical(&row["degree_rank"]);
            line(&mut names, &["candidate", &row["name_fa"], &row["name_en"], veteran, &rank]);
        }
        let contest = contests.iter().position(|contest| contest["id"] == row["contest"]);
        let contest = contest.expect("a contest of election.toml");
        let id = row["district"].clone();
        districts.push(District { id, contest, seats, alternates, lists, candidates });
    }
    let all_devices = table(folder, "devices.csv");
    let mut stations = Vec::new();
    for row in table(folder, "stations.csv") {
        let id = row["station"].clone();
        let mut devices: Vec<(&str, &str)> = all_devices
            .iter()
            .filter(|device| device["station"] == id)
            .map(|device| (device["device"].as_str(), device["key"].as_str()))
            .collect();
        if devices.is_empty() {
            devices.push(("0", &row["key"]));
        }
        line(&mut counting, &["station", &id, &devices.len().to_string()]);
        let registered = canonical(&row["registered"]);
        line(
            &mut names,
            &["station", &row["province"], &row["county"], &row["name_fa"], &registered],
        );
        for (device, key) in &devices {
            line(&mut names, &["device", device, &key.to_lowercase()]);
        }
        let devices = devices.iter().map(|(_, digits)| key(digits)).collect();
        stations.push(Station { id, devices, registered: number(&row["registered"]) });
    }
    let mut serves = Vec::new();
    for row in table(folder, "serves.csv") {
        let station = stations.iter().position(|station| station.id == row["station"]);
        let station = station.expect("a station");
        let district = districts.iter().position(|other| other.id == row["district"]);
        let district = district.expect("a district");
        let mut text = String::new();
        let registered = canonical(&row["registered"]);
        line(&mut text, &["serve", &row["station"], &row["district"], &registered]);
        let registered = number(&row["registered"]);
        serves.push(Serve { station, district, registered, line: text });
    }
    serves.sort_by_key(|serve| (serve.station, serve.district));
    Election {
        id: head["id"].clone(),
        mode: head["mode"].clone(),
        officers,
        checks,
        contests,
        districts,
        stations,
        serves,
        counting_text: counting,
        names_text: names,
    }
}

impl Election {
    pub(super) fn counting_text(&self) -> &str {
        &self.counting_text
    }

    pub(super) fn names_text(&self) -> &str {
        &self.names_text
    }

    pub(super) fn names_digest(&self) -> [u8; 32] {
        sha256(self.names_text.as_bytes())
    }

    pub(super) fn definition_digest(&self) -> [u8; 32] {
        let counting = hex(&sha256(self.counting_text.as_bytes()));
        let mut text = "shomar-definition\t1\n".to_owned();
        line(&mut text, &["counting", &counting]);
        line(&mut text, &["names", &hex(&self.names_digest())]);
        sha256(text.as_bytes())
    }

    /// The pair of `serves.csv`, if it has this one.
    pub(super) fn serve(&self, station: usize, district: usize) -> Option<&Serve> {
        let own = |serve: &&Serve| (serve.station, serve.district) == (station, district);
        self.serves.iter().find(own)
    }

    /// As `election.toml` says.
    pub(super) fn readings(&self) -> Vec<Reading> {
        self.contests.iter().map(Reading::of).collect()
    }
}

impl District {
    pub(super) fn option_count(&self) -> usize {
        self.lists.len() + self.candidates.len()
    }

    /// Codes in the order of their indices.
    pub(super) fn codes(&self) -> impl Iterator<Item = u32> {
        self.lists.iter().copied().chain(self.candidates.iter().map(|&(code, _)| code))
    }

    pub(super) fn is_list(&self, choice: u16) -> bool {
        usize::from(choice) < self.lists.len()
    }

    /// Whether a choice is a name on this list.
    pub(super) fn is_on(&self, choice: u16, list: u16) -> bool {
        let name = usize::from(choice).checked_sub(self.lists.len());
        name.is_some_and(|name| self.candidates[name].1 == Some(usize::from(list)))
    }

    /// What canonicalising would have called clean.
    pub(super) fn is_clean(&self, ballot: &[u16]) -> bool {
        let is_option = |&choice: &u16| usize::from(choice) < self.option_count();
        let is_name = |choice: &u16| is_option(choice) && !self.is_list(*choice);
        let different = (1..ballot.len()).all(|at| !ballot[..at].contains(&ballot[at]));
        match ballot {
            [] => false,
            [one] => is_option(one),
            _ => ballot.len() <= self.seats && ballot.iter().all(is_name) && different,
        }
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
        arrays[2].push(district.alternates as u64);
        arrays[3].push(district.lists.len() as u64);
        arrays[5].extend(district.codes().map(u64::from));
        let lists = district.candidates.iter().map(|(_, list)| list.map(|list| list as u64));
        arrays[6].extend(district.lists.iter().map(|_| no_list));
        arrays[6].extend(lists.map(|list| list.unwrap_or(no_list)));
        let end = arrays[5].len() as u64;
        arrays[4].push(end);
    }
    arrays[7] = election.stations.iter().map(|station| station.devices.len() as u64).collect();
    let districts = election.districts.iter().map(|district| &district.id);
    for id in districts.chain(election.stations.iter().map(|station| &station.id)) {
        arrays[9].extend(id.bytes().map(u64::from));
        let end = arrays[9].len() as u64;
        arrays[8].push(end);
    }
    arrays[10].push(1);
    let pairs = election.serves.iter();
    arrays[11] = pairs.map(|serve| (serve.station as u64) << 32 | serve.district as u64).collect();
    arrays
}
