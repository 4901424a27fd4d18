//! What stands in the files of a publication.
//!
//! In: a board. Out: names with bytes, each of which begins with election, frontier and status.
//! Never: a name that another election could give a meaning: ids are percent-encoded.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use shomar_board::board::Board;
use shomar_board::documents::Resource;
use shomar_board::file_names::file_part;
use shomar_board::status::PublicationStatus;
use shomar_format::bytes::hex;

/// A file of a publication.
pub(crate) struct OwnFile {
    /// Below the folder of its frontier, with `/`.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// The publication before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Previous {
    /// Its folder.
    pub(crate) path: String,
    /// SHA-256 of its `SHA256SUMS`: whoever changes an earlier publication breaks this chain.
    pub(crate) sha256sums: String,
}

/// What is in a publication, and where.
#[derive(Serialize)]
struct Index<'a> {
    version: u32,
    election: &'a str,
    mode: &'static str,
    status: PublicationStatus,
    position: u64,
    title_fa: &'a str,
    title_en: &'a str,
    definition_digest: String,
    rules_digest: &'a str,
    small_cell_ballots: u64,
    cells_digest: &'a str,
    /// Of all records below the position: what continues this publication has the same there.
    records_digest: String,
    previous: Option<&'a Previous>,
    nation: &'static str,
    corrections: Vec<String>,
    small_cells: &'static str,
    provinces: Vec<Entry<'a>>,
    districts: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    /// Number of a province, id of a district.
    id: std::borrow::Cow<'a, str>,
    name_fa: &'a str,
    name_en: &'a str,
    path: String,
}

/// All files of a publication but their checksums, by name.
pub(crate) fn files_of(
    board: &Board,
    small_cell_ballots: u64,
    previous: Option<&Previous>,
) -> Vec<OwnFile> {
    let setting = &board.setting;
    let election = setting.subject.election;
    let mut wanted: Vec<(String, Resource)> = vec![
        ("nation.json".to_owned(), Resource::Nation),
        ("small-cells.json".to_owned(), Resource::SmallCells),
    ];
    let mut corrections = Vec::new();
    let mut others = Vec::new();
    for page in 1.. {
        let Some(bytes) = (Resource::Corrections { page }).document(board) else { break };
        let name = format!("corrections/{page}.json");
        corrections.push(name.clone());
        others.push(OwnFile { name, bytes });
    }
    let provinces = (0..).zip(&setting.places.provinces).map(|(at, own)| {
        let path = format!("provinces/{at}.json");
        wanted.push((path.clone(), Resource::Province(at)));
        let (name_fa, name_en) = (own.name_fa.as_str(), own.name_en());
        Entry { id: at.to_string().into(), name_fa, name_en, path }
    });
    let provinces: Vec<Entry<'_>> = provinces.collect();
    let districts = (0..).zip(&election.districts).map(|(at, own)| {
        let path = format!("districts/{}.json", file_part(&own.id));
        wanted.push((path.clone(), Resource::District(at)));
        let (name_fa, name_en) = (own.name_fa.as_str(), own.name_en.as_str());
        Entry { id: own.id.as_str().into(), name_fa, name_en, path }
    });
    let districts: Vec<Entry<'_>> = districts.collect();
    let head = &election.head;
    let index = Index {
        version: shomar_board::documents::VERSION,
        election: &head.id,
        mode: head.mode.name(),
        status: board.status(),
        position: board.snapshot.position,
        title_fa: &head.title_fa,
        title_en: &head.title_en,
        definition_digest: hex(&election.definition_digest()),
        rules_digest: &setting.rules_digest,
        small_cell_ballots,
        cells_digest: &setting.cells_digest,
        records_digest: hex(&board.snapshot.records_digest(board.snapshot.position)),
        previous,
        nation: "nation.json",
        corrections,
        small_cells: "small-cells.json",
        provinces,
        districts,
    };
    let mut bytes = serde_json::to_vec(&index).expect("an index has keys of text");
    bytes.push(b'\n');
    others.push(OwnFile { name: "index.json".to_owned(), bytes });
    let made = wanted.into_par_iter().map(|(name, resource)| {
        let bytes = resource.document(board).expect("what is no page of a list is there");
        OwnFile { name, bytes }
    });
    let mut files: Vec<OwnFile> = made.collect();
    files.append(&mut others);
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}
