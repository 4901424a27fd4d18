//! The election folder of FORMAT.md: `election.toml` and its CSV files.
//!
//! In: a planned nation, a folder that exists. Out: the files from which `Election::read` gives the
//! same election again. Never: a table held in memory as text.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use shomar_format::Election;
use shomar_format::bytes::hex;

use crate::Nation;

impl Nation {
    /// Writes the election folder.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write_election(&self, folder: &Path) -> io::Result<()> {
        let election = self.election();
        std::fs::create_dir_all(folder)?;
        write_head(election, &folder.join("election.toml"))?;
        write_districts(election, &folder.join("districts.csv"))?;
        // The file is optional, and without lists there is nothing in it.
        if election.districts.iter().any(|district| !district.lists.is_empty()) {
            write_lists(election, &folder.join("lists.csv"))?;
        }
        write_candidates(election, &folder.join("candidates.csv"))?;
        write_stations(election, &folder.join("stations.csv"))?;
        write_serves(election, &folder.join("serves.csv"))
    }
}

fn write_head(election: &Election, path: &Path) -> io::Result<()> {
    let head = &election.head;
    let mut file = BufWriter::new(File::create(path)?);
    // No value holds a quotation mark or a backslash: they are constants of this crate.
    writeln!(file, "# Synthetic: no person, list or ballot in here is real.")?;
    writeln!(file, "id = \"{}\"", head.id)?;
    writeln!(file, "title_fa = \"{}\"", head.title_fa)?;
    writeln!(file, "title_en = \"{}\"", head.title_en)?;
    writeln!(file, "mode = \"{}\"", head.mode.name())?;
    for contest in &head.contests {
        writeln!(file, "\n[[contest]]")?;
        writeln!(file, "id = \"{}\"", contest.id)?;
        writeln!(file, "rule = \"{}\"", contest.rule)?;
    }
    file.flush()
}

type Table = csv::Writer<File>;

fn table(path: &Path, columns: &[&str]) -> io::Result<Table> {
    let mut table = csv::WriterBuilder::new().buffer_capacity(1 << 16).from_path(path)?;
    table.write_record(columns)?;
    Ok(table)
}

fn write_districts(election: &Election, path: &Path) -> io::Result<()> {
    let columns =
        ["district", "contest", "name_fa", "name_en", "province", "county", "seats", "alternates"];
    let mut table = table(path, &columns)?;
    for district in &election.districts {
        table.write_record([
            &district.id,
            &election.head.contests[district.contest].id,
            &district.name_fa,
            &district.name_en,
            &district.province,
            &district.county,
            &district.seats.to_string(),
            &district.alternates.to_string(),
        ])?;
    }
    table.flush()
}

fn write_lists(election: &Election, path: &Path) -> io::Result<()> {
    let mut table = table(path, &["district", "code", "name_fa", "name_en"])?;
    for district in &election.districts {
        for list in &district.lists {
            table.write_record([
                &district.id,
                &list.code.to_string(),
                &list.name_fa,
                &list.name_en,
            ])?;
        }
    }
    table.flush()
}

fn write_candidates(election: &Election, path: &Path) -> io::Result<()> {
    let columns = ["district", "code", "list", "name_fa", "name_en", "veteran", "degree_rank"];
    let mut table = table(path, &columns)?;
    for district in &election.districts {
        for candidate in &district.candidates {
            let list = candidate.list.map(|list| district.lists[usize::from(list)].code);
            table.write_record([
                district.id.as_str(),
                &candidate.code.to_string(),
                &optional(list.map(u64::from)),
                &candidate.name_fa,
                &candidate.name_en,
                if candidate.veteran { "yes" } else { "" },
                &optional(candidate.degree_rank.map(u64::from)),
            ])?;
        }
    }
    table.flush()
}

fn write_stations(election: &Election, path: &Path) -> io::Result<()> {
    let columns =
        ["station", "province", "county", "name_fa", "registered", "authenticated", "key"];
    let mut table = table(path, &columns)?;
    for station in &election.stations {
        table.write_record([
            station.id.as_str(),
            &station.province,
            &station.county,
            &station.name_fa,
            &optional(station.registered),
            &optional(station.authenticated),
            &station.devices[0].key.map_or(String::new(), |key| hex(&key)),
        ])?;
    }
    table.flush()
}

fn write_serves(election: &Election, path: &Path) -> io::Result<()> {
    let mut table = table(path, &["station", "district", "registered", "authenticated"])?;
    for serve in election.serves.iter().flatten() {
        table.write_record([
            &election.stations[serve.station as usize].id,
            &election.districts[serve.district as usize].id,
            &optional(serve.registered),
            &optional(serve.authenticated),
        ])?;
    }
    table.flush()
}

fn optional(number: Option<u64>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}
