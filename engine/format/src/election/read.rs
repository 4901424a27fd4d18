//! The folder's CSV files, read into one [`Election`].
//!
//! In: a folder. Out: an election whose every reference was resolved, or all problems at once.
//! Never: a name compared, a row taken for another, a problem hidden behind an earlier one.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::path::Path;

use super::compile::Sources;
use super::{
    Candidate, CandidateStatus, Device, District, Election, ElectionError, List, Mode, Serve,
    Station, head,
};
use crate::bytes::{digest_from_hex, hex};
use crate::record::is_sound_key;
use crate::table::{Problem, Row, number, read_table};
use crate::{code, limits};

const DISTRICTS: &str = "districts.csv";
const LISTS: &str = "lists.csv";
const CANDIDATES: &str = "candidates.csv";
const STATIONS: &str = "stations.csv";
const DEVICES: &str = "devices.csv";
const SERVES: &str = "serves.csv";

/// Every file of the folder that this program reads, in a fixed order; `true`: must be there.
pub(super) const FILES: [(&str, bool); 7] = [
    (head::FILE, true),
    (DISTRICTS, true),
    (LISTS, false),
    (CANDIDATES, true),
    (STATIONS, true),
    (DEVICES, false),
    (SERVES, false),
];

pub(super) fn read_folder(folder: &Path) -> Result<(Election, Sources), ElectionError> {
    let sources = Sources::read(folder)?;
    let mut reader = Reader { problems: Vec::new(), sources: &sources };
    for (file, required) in FILES {
        if required && sources.bytes(file).is_none() {
            reader.problem(file, 0, "no such file", "the file in the election folder");
        }
    }
    let election = reader.election();
    if reader.problems.is_empty() {
        Ok((election, sources))
    } else {
        Err(ElectionError::Unsound { folder: folder.to_owned(), problems: reader.problems })
    }
}

struct Reader<'a> {
    problems: Vec<Problem>,
    sources: &'a Sources,
}

/// Ids with their index, and the line on which each stands.
type Index = HashMap<String, (usize, u64)>;

impl Reader<'_> {
    fn problem(
        &mut self,
        file: &str,
        line: u64,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        push(&mut self.problems, file, line, found, expected);
    }

    fn table(
        &mut self,
        file: &str,
        required: &[&str],
        optional: &[&str],
        each: impl FnMut(&Row<'_>, &mut Vec<Problem>),
    ) {
        if let Some(bytes) = self.sources.bytes(file) {
            read_table(file, bytes, required, optional, &mut self.problems, each);
        }
    }

    fn election(&mut self) -> Election {
        let head = self
            .sources
            .bytes(head::FILE)
            .and_then(|text| head::parse_head(text, &mut self.problems));
        let contests: Option<HashMap<String, usize>> = head.as_ref().map(|head| {
            head.contests.iter().enumerate().map(|(at, contest)| (contest.id.clone(), at)).collect()
        });
        let is_official = head.as_ref().is_some_and(|head| head.mode == Mode::Official);
        // Who is voted for and who reports know nothing of each other: two halves of the work, and
        // a server that starts again on election night is waited for.
        let mut of_stations = Reader { problems: Vec::new(), sources: self.sources };
        let ((districts, district_index), (stations, station_index, bad_keys)) =
            std::thread::scope(|scope| {
                let of_stations = scope.spawn(|| of_stations.stations_and_devices(is_official));
                let of_districts = self.districts_and_options(contests.as_ref());
                (of_districts, of_stations.join().unwrap_or_else(|panic| resume_unwind(panic)))
            });
        self.problems.append(&mut of_stations.problems);
        let serves = self.serves(&station_index, &district_index);
        self.problems.extend(bad_keys);
        Election {
            head: head.unwrap_or_else(|| super::ElectionHead {
                id: String::new(),
                title_fa: String::new(),
                title_en: String::new(),
                mode: Mode::Test,
                date: String::new(),
                contests: Vec::new(),
                officers: Vec::new(),
                checks: Vec::new(),
            }),
            districts,
            stations,
            serves,
        }
    }

    fn districts_and_options(
        &mut self,
        contests: Option<&HashMap<String, usize>>,
    ) -> (Vec<District>, Index) {
        let (mut districts, index) = self.districts(contests);
        // Codes are unique in a district across lists and candidates.
        let mut codes: HashMap<(usize, u32), (&str, u64)> = HashMap::new();
        self.lists(&mut districts, &index, &mut codes);
        self.candidates(&mut districts, &index, &mut codes);
        self.check_sizes(&districts, &index);
        (districts, index)
    }

    /// The stations, and what is wrong with their keys where every device must have one.
    fn stations_and_devices(&mut self, need_keys: bool) -> (Vec<Station>, Index, Vec<Problem>) {
        let (mut stations, index) = self.stations();
        self.devices(&mut stations, &index);
        let bad_keys = if need_keys { check_keys(&stations) } else { Vec::new() };
        (stations, index, bad_keys)
    }

    fn districts(&mut self, contests: Option<&HashMap<String, usize>>) -> (Vec<District>, Index) {
        let columns = [
            "district",
            "contest",
            "name_fa",
            "name_en",
            "province",
            "county",
            "seats",
            "alternates",
        ];
        let (mut districts, mut index) = (Vec::new(), Index::new());
        self.table(DISTRICTS, &columns, &["population"], |row, problems| {
            let id = row.field(0);
            claim(DISTRICTS, "district", id, row.line, districts.len(), &mut index, problems);
            let contest = match contests.map(|contests| contests.get(row.field(1))) {
                Some(None) => {
                    let found = format!("the contest '{}'", row.field(1));
                    push(problems, DISTRICTS, row.line, found, "a contest of election.toml");
                    0
                }
                Some(Some(&contest)) => contest,
                None => 0,
            };
            let seats = small_number(DISTRICTS, "seats", row, 6, 1, limits::SEATS_MAX, problems);
            let alternates =
                small_number(DISTRICTS, "alternates", row, 7, 0, limits::SEATS_MAX, problems);
            let population = optional_number(DISTRICTS, "population", row, 8, problems);
            districts.push(District {
                id: id.to_owned(),
                contest,
                name_fa: row.field(2).to_owned(),
                name_en: row.field(3).to_owned(),
                province: row.field(4).to_owned(),
                county: row.field(5).to_owned(),
                seats,
                alternates,
                population,
                lists: Vec::new(),
                candidates: Vec::new(),
            });
        });
        (districts, index)
    }

    fn lists(
        &mut self,
        districts: &mut [District],
        index: &Index,
        codes: &mut HashMap<(usize, u32), (&str, u64)>,
    ) {
        let columns = ["district", "code", "name_fa", "name_en"];
        self.table(LISTS, &columns, &[], |row, problems| {
            let Some(district) = look_up(LISTS, "district", row, 0, index, problems) else {
                return;
            };
            let Some(code) = new_code(LISTS, row, district, codes, problems) else {
                return;
            };
            districts[district].lists.push(List {
                code,
                name_fa: row.field(2).to_owned(),
                name_en: row.field(3).to_owned(),
            });
        });
        for district in districts {
            district.lists.sort_unstable_by_key(|list| list.code);
        }
    }

    fn candidates(
        &mut self,
        districts: &mut [District],
        index: &Index,
        codes: &mut HashMap<(usize, u32), (&str, u64)>,
    ) {
        let columns = ["district", "code", "list", "name_fa", "name_en"];
        let optional = ["status", "veteran", "degree_rank"];
        self.table(CANDIDATES, &columns, &optional, |row, problems| {
            let Some(district) = look_up(CANDIDATES, "district", row, 0, index, problems) else {
                return;
            };
            let Some(code) = new_code(CANDIDATES, row, district, codes, problems) else {
                return;
            };
            let list = find_list(row, &districts[district], problems);
            let (status, veteran) = (status(row, problems), veteran(row, problems));
            let degree_rank = match row.field(7) {
                "" => None,
                _ => Some(small_number(CANDIDATES, "degree_rank", row, 7, 0, u32::MAX, problems)),
            };
            districts[district].candidates.push(Candidate {
                code,
                list,
                name_fa: row.field(3).to_owned(),
                name_en: row.field(4).to_owned(),
                status,
                veteran,
                degree_rank,
            });
        });
        for district in districts {
            district.candidates.sort_unstable_by_key(|candidate| candidate.code);
        }
    }

    fn check_sizes(&mut self, districts: &[District], index: &Index) {
        let file_limit = [("districts", districts.len(), limits::DISTRICTS_MAX)];
        for (what, found, most) in file_limit {
            if found > most {
                self.problem(DISTRICTS, 0, format!("{found} {what}"), format!("at most {most}"));
            }
        }
        for district in districts {
            let options = district.option_count();
            if options > limits::DISTRICT_OPTIONS_MAX {
                let line = index.get(&district.id).map_or(0, |(_, line)| *line);
                let found = format!("{options} lists and candidates in '{}'", district.id);
                let expected = format!("at most {}", limits::DISTRICT_OPTIONS_MAX);
                self.problem(DISTRICTS, line, found, expected);
            }
        }
    }

    fn stations(&mut self) -> (Vec<Station>, Index) {
        let columns =
            ["station", "province", "county", "name_fa", "registered", "authenticated", "key"];
        let (mut stations, mut index) = (Vec::new(), Index::new());
        self.table(STATIONS, &columns, &[], |row, problems| {
            let id = row.field(0);
            claim(STATIONS, "station", id, row.line, stations.len(), &mut index, problems);
            let key = read_key(STATIONS, row, 6, problems);
            stations.push(Station {
                id: id.to_owned(),
                province: row.field(1).to_owned(),
                county: row.field(2).to_owned(),
                name_fa: row.field(3).to_owned(),
                registered: optional_number(STATIONS, "registered", row, 4, problems),
                authenticated: optional_number(STATIONS, "authenticated", row, 5, problems),
                devices: vec![Device { id: "0".to_owned(), key }],
            });
        });
        if stations.len() > limits::STATIONS_MAX {
            let found = format!("{} stations", stations.len());
            self.problem(STATIONS, 0, found, format!("at most {}", limits::STATIONS_MAX));
        }
        (stations, index)
    }

    fn devices(&mut self, stations: &mut [Station], index: &Index) {
        if self.sources.bytes(DEVICES).is_none() {
            return;
        }
        let mut devices: Vec<Vec<Device>> = vec![Vec::new(); stations.len()];
        let mut seen = Index::new();
        self.table(DEVICES, &["device", "station", "key"], &[], |row, problems| {
            claim(DEVICES, "device", row.field(0), row.line, 0, &mut seen, problems);
            let key = read_key(DEVICES, row, 2, problems);
            let Some(station) = look_up(DEVICES, "station", row, 1, index, problems) else {
                return;
            };
            if devices[station].len() == limits::STATION_DEVICES_MAX {
                let expected = format!("at most {}", limits::STATION_DEVICES_MAX);
                push(problems, DEVICES, row.line, "one more device of its station", expected);
                return;
            }
            devices[station].push(Device { id: row.field(0).to_owned(), key });
        });
        for (station, devices) in stations.iter_mut().zip(devices) {
            if !devices.is_empty() {
                station.devices = devices;
            }
        }
    }

    fn serves(&mut self, stations: &Index, districts: &Index) -> Option<Vec<Serve>> {
        self.sources.bytes(SERVES)?;
        let mut serves: Vec<Serve> = Vec::new();
        let mut seen: HashMap<(u32, u32), u64> = HashMap::new();
        let columns = ["station", "district", "registered", "authenticated"];
        self.table(SERVES, &columns, &[], |row, problems| {
            let station = look_up(SERVES, "station", row, 0, stations, problems);
            let district = look_up(SERVES, "district", row, 1, districts, problems);
            let registered = optional_number(SERVES, "registered", row, 2, problems);
            let authenticated = optional_number(SERVES, "authenticated", row, 3, problems);
            let (Some(station), Some(district)) = (station, district) else {
                return;
            };
            // Within STATIONS_MAX and DISTRICTS_MAX, or a problem was told already.
            let (Ok(station), Ok(district)) = (u32::try_from(station), u32::try_from(district))
            else {
                return;
            };
            if let Some(line) = seen.insert((station, district), row.line) {
                let found = format!("the pair of line {line} again");
                push(problems, SERVES, row.line, found, "each pair once");
                return;
            }
            serves.push(Serve { station, district, registered, authenticated });
        });
        serves.sort_unstable();
        Some(serves)
    }
}

fn check_keys(stations: &[Station]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for station in stations {
        for device in &station.devices {
            let found = match device.key {
                Some(key) if is_sound_key(&key) => continue,
                Some(key) => format!("{}, which is no key,", hex(&key)),
                None => "no key".to_owned(),
            };
            let found = format!("{found} for device {} of {}", device.id, station.id);
            let expected = "a key for every device of an official election";
            push(&mut problems, STATIONS, 0, found, expected);
        }
    }
    problems
}

fn push(
    problems: &mut Vec<Problem>,
    file: &str,
    line: u64,
    found: impl Into<String>,
    expected: impl Into<String>,
) {
    problems.push(Problem {
        file: file.to_owned(),
        line,
        found: found.into(),
        expected: expected.into(),
    });
}

/// Enters a new id into its index.
fn claim(
    file: &str,
    what: &str,
    id: &str,
    line: u64,
    at: usize,
    index: &mut Index,
    problems: &mut Vec<Problem>,
) {
    if id.is_empty() {
        push(problems, file, line, format!("an empty {what}"), "an id");
    } else if let Some((_, before)) = index.get(id) {
        let found = format!("the {what} '{id}' of line {before} again");
        push(problems, file, line, found, "each id once");
    } else {
        index.insert(id.to_owned(), (at, line));
    }
}

fn look_up(
    file: &str,
    what: &str,
    row: &Row<'_>,
    column: usize,
    index: &Index,
    problems: &mut Vec<Problem>,
) -> Option<usize> {
    let found = index.get(row.field(column)).map(|(at, _)| *at);
    if found.is_none() {
        let text = format!("the unknown {what} '{}'", row.field(column));
        push(problems, file, row.line, text, format!("a {what} of {what}s.csv"));
    }
    found
}

fn new_code<'c>(
    file: &'c str,
    row: &Row<'_>,
    district: usize,
    codes: &mut HashMap<(usize, u32), (&'c str, u64)>,
    problems: &mut Vec<Problem>,
) -> Option<u32> {
    let code::Token::Code(code) = code::read_token(row.field(1).as_bytes()) else {
        let found = format!("the code '{}'", row.field(1));
        push(problems, file, row.line, found, "a number from 1 to 4294967295");
        return None;
    };
    if let Some((other, line)) = codes.insert((district, code), (file, row.line)) {
        let found = format!("the code {code} of {other}:{line} again");
        push(problems, file, row.line, found, "each code once in its district");
        return None;
    }
    Some(code)
}

fn find_list(row: &Row<'_>, district: &District, problems: &mut Vec<Problem>) -> Option<u16> {
    let text = row.field(2);
    if text.is_empty() {
        return None;
    }
    let place = match code::read_token(text.as_bytes()) {
        code::Token::Code(code) => {
            district.lists.binary_search_by_key(&code, |list| list.code).ok()
        }
        _ => None,
    };
    if place.is_none() {
        let found = format!("the list '{text}'");
        push(problems, CANDIDATES, row.line, found, "a list of its district in lists.csv, or none");
    }
    place.and_then(|place| u16::try_from(place).ok())
}

fn status(row: &Row<'_>, problems: &mut Vec<Problem>) -> CandidateStatus {
    match row.field(5) {
        "" => CandidateStatus::Stands,
        "withdrawn" => CandidateStatus::Withdrawn,
        "disqualified" => CandidateStatus::Disqualified,
        "deceased" => CandidateStatus::Deceased,
        other => {
            let expected = "nothing, withdrawn, disqualified or deceased";
            push(problems, CANDIDATES, row.line, format!("the status '{other}'"), expected);
            CandidateStatus::Stands
        }
    }
}

fn veteran(row: &Row<'_>, problems: &mut Vec<Problem>) -> bool {
    match row.field(6) {
        "" | "0" | "no" | "false" => false,
        "1" | "yes" | "true" => true,
        other => {
            push(problems, CANDIDATES, row.line, format!("veteran '{other}'"), "yes or no");
            false
        }
    }
}

fn read_key(
    file: &str,
    row: &Row<'_>,
    column: usize,
    problems: &mut Vec<Problem>,
) -> Option<[u8; 32]> {
    let text = row.field(column);
    if text.is_empty() {
        return None;
    }
    let key = digest_from_hex(text);
    if key.is_none() {
        let found = format!("the key '{text}'");
        push(problems, file, row.line, found, "an Ed25519 public key, 64 hexadecimal digits");
    }
    key
}

fn small_number(
    file: &str,
    what: &str,
    row: &Row<'_>,
    column: usize,
    least: u32,
    most: u32,
    problems: &mut Vec<Problem>,
) -> u32 {
    match code::read_number(row.field(column).as_bytes()).flatten().map(u32::try_from) {
        Some(Ok(number)) if (least..=most).contains(&number) => number,
        _ => {
            let found = format!("{what} '{}'", row.field(column));
            push(problems, file, row.line, found, format!("a number from {least} to {most}"));
            least
        }
    }
}

fn optional_number(
    file: &str,
    what: &str,
    row: &Row<'_>,
    column: usize,
    problems: &mut Vec<Problem>,
) -> Option<u64> {
    // Registers of a nation sum up far below 2^64 when each is below 2^32.
    match row.field(column) {
        "" => None,
        text => match number(text, u64::from(u32::MAX)) {
            Ok(number) => Some(number),
            Err((found, expected)) => {
                push(problems, file, row.line, format!("{what} {found}"), expected);
                None
            }
        },
    }
}
