//! Real ballots: participatory-budgeting elections of Pabulib as elections of ours.
//!
//! In: the text of a `.pb` file (sections META, PROJECTS, VOTES; `;`-separated, quoted as CSV), or
//! the `.tar.xz` that holds hundreds of them. Out: a [`PabulibElection`], and from it the election
//! folder and the ballots as text (FORMAT.md): one contest, one district, projects as
//! independent candidates, seats = `max_length`, or the number of projects where there is none.
//!
//! Codes are 1, 2, 3 ... in file order, because project ids need not be numbers.
//!
//! It never counts a vote, corrects a ballot or drops one: repeated projects stay as entered and
//! are only tallied apart, in [`PabulibElection::repeats`]. What it does not understand is an
//! error that names file and line, so that an agreement of totals is never owed to a guess.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

use csv::StringRecord;

#[cfg(test)]
mod tests;

/// The id of the only contest, and of its only district.
pub(crate) const CONTEST: &str = "projects";

/// Ballots of a made-up station, where a file does not say where or how people voted.
const STATION_BALLOTS: usize = 750;

/// Columns of VOTES that tell one ballot box from another.
const STATION_COLUMNS: [&str; 3] = ["voting_method", "neighborhood", "district"];

/// One `.pb` file, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PabulibElection {
    /// File name, with `.pb`.
    pub(crate) name: String,
    /// `approval`, `choose-1`, `cumulative` or `ordinal`.
    pub(crate) vote_type: String,
    /// The town or body that held it.
    pub(crate) unit: String,
    /// `PROJECTS.project_id` in file order: the project at position i has code i + 1.
    pub(crate) project_ids: Vec<String>,
    /// `PROJECTS.name`, or the id where the file has no names.
    pub(crate) project_names: Vec<String>,
    /// `PROJECTS.votes`, per project.
    pub(crate) published_votes: Vec<u64>,
    /// `META.num_votes`.
    pub(crate) published_ballots: u64,
    /// `META.max_length`: how many projects a ballot may name.
    pub(crate) max_length: Option<u32>,
    /// Names of the stations, in order of appearance.
    pub(crate) stations: Vec<String>,
    /// Ballots in file order.
    pub(crate) ballots: Vec<PabulibBallot>,
    /// Per project: mentions beyond the first inside single ballots. The published totals contain
    /// them, so that for each project *counted + repeats = published*.
    pub(crate) repeats: Vec<u64>,
}

/// One row of VOTES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PabulibBallot {
    /// Position in [`PabulibElection::stations`].
    pub(crate) station_index: usize,
    /// Codes as entered; empty = blank.
    pub(crate) codes: Vec<u32>,
}

impl PabulibElection {
    /// Reads the text of a `.pb` file; `name` is for messages and for the election's id.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let source = Source { name, text };
        let [meta, projects, votes] = source.split_sections()?;
        let meta = Meta::parse(&meta)?;
        let projects = Projects::parse(&projects)?;
        let project_count = projects.ids.len();
        if usize::try_from(meta.project_count) != Ok(project_count) {
            let declared = meta.project_count;
            return Err(format!("{name}: {project_count} projects, num_projects says {declared}"));
        }
        let seats = meta.max_length.map_or(Ok(project_count), usize::try_from);
        let seats = seats.map_err(|error| format!("{name}: max_length: {error}"))?;
        let (choices, repeats) = parse_votes(&votes, &projects.ids, seats)?;
        let (stations, station_indices) = split_stations(&votes);
        let ballots = station_indices.into_iter().zip(choices);
        Ok(Self {
            name: name.to_owned(),
            vote_type: meta.vote_type,
            unit: meta.unit,
            project_ids: projects.ids,
            project_names: projects.names,
            published_votes: projects.votes,
            published_ballots: meta.ballot_count,
            max_length: meta.max_length,
            stations,
            ballots: ballots
                .map(|(station_index, codes)| PabulibBallot { station_index, codes })
                .collect(),
            repeats,
        })
    }

    /// Is a ballot of this file a plain set of names? (Not points, and not an order.)
    pub(crate) fn is_block_vote(&self) -> bool {
        matches!(self.vote_type.as_str(), "approval" | "choose-1")
    }

    /// How many names of a ballot are read.
    pub(crate) fn seats(&self) -> u64 {
        self.max_length.map_or(self.project_ids.len() as u64, u64::from)
    }

    /// Writes `directory/election/` and `directory/ballots.csv`; returns the former's path.
    pub(crate) fn write_folder(&self, directory: &Path) -> io::Result<PathBuf> {
        let folder = directory.join("election");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("election.toml"), self.election_toml())?;
        self.write_districts(&folder.join("districts.csv"))?;
        self.write_candidates(&folder.join("candidates.csv"))?;
        self.write_stations(&folder.join("stations.csv"))?;
        self.write_ballots(&directory.join("ballots.csv"))?;
        Ok(folder)
    }

    fn election_toml(&self) -> String {
        let title = self.name.strip_suffix(".pb").unwrap_or(&self.name);
        // A JSON string is a TOML basic string as well: the same quotes, the same escapes.
        let title = serde_json::Value::from(title);
        format!(
            "id = {title}\ntitle_fa = {title}\ntitle_en = {title}\nmode = \"test\"\n\n\
             [[contest]]\nid = \"{CONTEST}\"\nrule = \"block-plurality\"\n"
        )
    }

    fn write_districts(&self, path: &Path) -> io::Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        let columns = "district,contest,name_fa,name_en,province,county,seats,alternates";
        writer.write_record(columns.split(','))?;
        let seats = self.seats().to_string();
        let (unit, alternates) = (self.unit.as_str(), "0");
        writer.write_record([CONTEST, CONTEST, unit, unit, unit, unit, &seats, alternates])?;
        writer.flush()
    }

    fn write_candidates(&self, path: &Path) -> io::Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        writer.write_record(["district", "code", "list", "name_fa", "name_en"])?;
        for (code, name) in (1_u32..).zip(&self.project_names) {
            writer.write_record([CONTEST, &code.to_string(), "", name, name])?;
        }
        writer.flush()
    }

    fn write_stations(&self, path: &Path) -> io::Result<()> {
        let mut ballot_counts = vec![0_u64; self.stations.len()];
        for ballot in &self.ballots {
            ballot_counts[ballot.station_index] += 1;
        }
        let mut writer = csv::Writer::from_path(path)?;
        let columns = "station,province,county,name_fa,registered,authenticated,key";
        writer.write_record(columns.split(','))?;
        for (index, (name, registered)) in self.stations.iter().zip(ballot_counts).enumerate() {
            let (id, registered) = (station_id(index), registered.to_string());
            writer.write_record([&id, &self.unit, &self.unit, name, &registered, "", ""])?;
        }
        writer.flush()
    }

    fn write_ballots(&self, path: &Path) -> io::Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        writer.write_record(["station", "district", "choices"])?;
        for ballot in &self.ballots {
            let codes: Vec<String> = ballot.codes.iter().map(u32::to_string).collect();
            writer.write_record([&station_id(ballot.station_index), CONTEST, &codes.join(" ")])?;
        }
        writer.flush()
    }
}

fn station_id(station_index: usize) -> String {
    format!("s{}", station_index + 1)
}

/// Calls `visit(file name, text)` for every `.pb` file of a `.tar.xz`, in archive order.
///
/// A thread decompresses into a pipe while `visit` works, so that only a block of the archive and
/// one file are in memory. An archive that is cut short or damaged is an error, even if the damage
/// lies behind the last file.
pub(crate) fn for_each_election(
    archive: &Path,
    visit: impl FnMut(String, String),
) -> Result<(), String> {
    let context = |error: &dyn std::fmt::Display| format!("{}: {error}", archive.display());
    let mut compressed = BufReader::new(File::open(archive).map_err(|error| context(&error))?);
    let (reader, mut writer) = io::pipe().map_err(|error| context(&error))?;
    thread::scope(|scope| {
        // The writer moves into the thread: its end closes the pipe, with an error or without.
        let decompression = scope.spawn(move || {
            lzma_rs::xz_decompress(&mut compressed, &mut writer).map_err(|error| error.to_string())
        });
        let visited = visit_entries(reader, visit).map_err(|error| error.to_string());
        let decompressed = decompression.join().map_err(|_| context(&"decompression panicked"))?;
        // Either may be the cause of the other: a visit that stops closes the pipe, and an archive
        // that is cut short ends the entries.
        let findings: Vec<String> =
            [visited.err(), decompressed.err()].into_iter().flatten().collect();
        if findings.is_empty() { Ok(()) } else { Err(context(&findings.join("; "))) }
    })
}

fn visit_entries(reader: io::PipeReader, mut visit: impl FnMut(String, String)) -> io::Result<()> {
    let mut archive = tar::Archive::new(BufReader::with_capacity(1 << 16, reader));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let is_election = path.extension().is_some_and(|extension| extension == "pb");
        if !is_election || !entry.header().entry_type().is_file() {
            continue;
        }
        let in_entry = |error| io::Error::other(format!("{}: {error}", path.display()));
        let mut text = String::new();
        entry.read_to_string(&mut text).map_err(in_entry)?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        visit(name.to_string_lossy().into_owned(), text);
    }
    // The rest is padding; read it, or the decompression could not end in its checksums.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map(|_| ())
}

/// A file's name and text: what a message needs to say where.
#[derive(Clone, Copy)]
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> Source<'a> {
    /// META, PROJECTS and VOTES: each once, in this order.
    fn split_sections(self) -> Result<[Section<'a>; 3], String> {
        const TITLES: [&str; 3] = ["META", "PROJECTS", "VOTES"];
        let mut sections = TITLES.map(|_| Section { source: self, header: None, rows: vec![] });
        let mut section_count = 0;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .has_headers(false)
            .flexible(true)
            .from_reader(self.text.as_bytes());
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| format!("{}: {error}", self.name))? {
            if record.iter().any(|field| field.contains('\n')) {
                return Err(self.error_at(&record, "a quote is open at the end of the line"));
            }
            if record.len() == 1 && TITLES.contains(&&record[0]) {
                if TITLES.get(section_count) != Some(&&record[0]) {
                    let message = format!("section {} out of order or twice", &record[0]);
                    return Err(self.error_at(&record, &message));
                }
                section_count += 1;
                continue;
            }
            let Some(section) = section_count.checked_sub(1).map(|index| &mut sections[index])
            else {
                return Err(self.error_at(&record, "expected META in the first line"));
            };
            match &section.header {
                None => section.header = Some(record.clone()),
                Some(header) if header.len() != record.len() => {
                    let (found, expected) = (record.len(), header.len());
                    let message = format!("{found} fields, expected {expected} as in the header");
                    return Err(self.error_at(&record, &message));
                }
                Some(_) => section.rows.push(record.clone()),
            }
        }
        match TITLES.get(section_count) {
            Some(title) => Err(format!("{}: no section {title}", self.name)),
            None => Ok(sections),
        }
    }

    fn error_at(self, record: &StringRecord, message: &str) -> String {
        let bytes = self.text.as_bytes();
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok());
        let mut start = start.unwrap_or(0).min(bytes.len());
        // A record's position may lie before the line end of the record above it.
        while bytes.get(start).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            start += 1;
        }
        let line = 1 + bytes[..start].iter().filter(|byte| **byte == b'\n').count();
        format!("{}: line {line}: {message}", self.name)
    }
}

/// The rows under one title; every row is as long as the header.
struct Section<'a> {
    source: Source<'a>,
    header: Option<StringRecord>,
    rows: Vec<StringRecord>,
}

impl Section<'_> {
    fn find_column(&self, name: &str) -> Option<usize> {
        self.header.as_ref()?.iter().position(|column| column == name)
    }

    fn column(&self, name: &str) -> Result<usize, String> {
        self.find_column(name).ok_or_else(|| match &self.header {
            Some(header) => self.source.error_at(header, &format!("no column {name}")),
            None => format!("{}: no header with a column {name}", self.source.name),
        })
    }

    fn number<N>(&self, row: &StringRecord, column: usize, what: &str) -> Result<N, String>
    where
        N: std::str::FromStr<Err = std::num::ParseIntError>,
    {
        let field = &row[column];
        field.parse().map_err(|error| {
            self.source.error_at(row, &format!("{what} is {field:?}, expected a number: {error}"))
        })
    }
}

/// The rows of META that matter here.
struct Meta {
    vote_type: String,
    unit: String,
    project_count: u64,
    ballot_count: u64,
    max_length: Option<u32>,
}

impl Meta {
    fn parse(section: &Section<'_>) -> Result<Self, String> {
        let (key_column, value_column) = (section.column("key")?, section.column("value")?);
        let mut rows = HashMap::new();
        for row in &section.rows {
            if rows.insert(&row[key_column], row).is_some() {
                let message = format!("key {:?} twice", &row[key_column]);
                return Err(section.source.error_at(row, &message));
            }
        }
        let row = |key: &str| {
            let row = rows.get(key).copied();
            row.ok_or_else(|| format!("{}: META has no {key}", section.source.name))
        };
        let max_length = rows.get("max_length").copied();
        Ok(Self {
            vote_type: row("vote_type")?[value_column].to_owned(),
            unit: row("unit")?[value_column].to_owned(),
            project_count: section.number(row("num_projects")?, value_column, "num_projects")?,
            ballot_count: section.number(row("num_votes")?, value_column, "num_votes")?,
            max_length: max_length
                .map(|row| section.number(row, value_column, "max_length"))
                .transpose()?,
        })
    }
}

struct Projects {
    ids: Vec<String>,
    names: Vec<String>,
    votes: Vec<u64>,
}

impl Projects {
    fn parse(section: &Section<'_>) -> Result<Self, String> {
        let id_column = section.column("project_id")?;
        let votes_column = section.column("votes")?;
        let name_column = section.find_column("name").unwrap_or(id_column);
        let mut projects = Self { ids: vec![], names: vec![], votes: vec![] };
        let mut seen = HashSet::new();
        for row in &section.rows {
            if !seen.insert(&row[id_column]) {
                let message = format!("project {:?} twice", &row[id_column]);
                return Err(section.source.error_at(row, &message));
            }
            projects.ids.push(row[id_column].to_owned());
            projects.names.push(row[name_column].to_owned());
            projects.votes.push(section.number(row, votes_column, "votes")?);
        }
        Ok(projects)
    }
}

/// Codes of every ballot as entered, and the repeats per project.
///
/// A ballot with more different names than seats is refused: the rules would not read all of it,
/// and the published totals would be no measure any more.
fn parse_votes(
    section: &Section<'_>,
    project_ids: &[String],
    seats: usize,
) -> Result<(Vec<Vec<u32>>, Vec<u64>), String> {
    let vote_column = section.column("vote")?;
    let codes: HashMap<&str, u32> = project_ids.iter().map(String::as_str).zip(1..).collect();
    let mut repeats = vec![0; project_ids.len()];
    let mut ballots = Vec::with_capacity(section.rows.len());
    for row in &section.rows {
        let vote = &row[vote_column];
        let mut ballot: Vec<u32> = Vec::new();
        let mut repeat_count = 0;
        for id in vote.split(',').filter(|_| !vote.is_empty()) {
            let code = *codes.get(id).ok_or_else(|| {
                section.source.error_at(row, &format!("vote for an unknown project {id:?}"))
            })?;
            if ballot.contains(&code) {
                repeats[code as usize - 1] += 1;
                repeat_count += 1;
            }
            ballot.push(code);
        }
        let name_count = ballot.len() - repeat_count;
        if name_count > seats {
            let message = format!("{name_count} projects on a ballot, expected {seats} at most");
            return Err(section.source.error_at(row, &message));
        }
        ballots.push(ballot);
    }
    Ok((ballots, repeats))
}

/// Station names, and the station of every ballot: what the file says of where and how people
/// voted; where all ballots are alike in that, blocks in file order.
fn split_stations(section: &Section<'_>) -> (Vec<String>, Vec<usize>) {
    let columns: Vec<usize> =
        STATION_COLUMNS.iter().filter_map(|name| section.find_column(name)).collect();
    let mut indices: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut names = Vec::new();
    let mut station_of_ballot = Vec::with_capacity(section.rows.len());
    for row in &section.rows {
        let key: Vec<&str> = columns.iter().map(|column| &row[*column]).collect();
        let index = *indices.entry(key).or_insert_with_key(|key| {
            names.push(key.join(" / "));
            names.len() - 1
        });
        station_of_ballot.push(index);
    }
    if names.len() > 1 {
        return (names, station_of_ballot);
    }
    let block_count = section.rows.len().div_ceil(STATION_BALLOTS);
    let names = (1..=block_count).map(|number| format!("block {number}")).collect();
    (names, (0..section.rows.len()).map(|ballot| ballot / STATION_BALLOTS).collect())
}
