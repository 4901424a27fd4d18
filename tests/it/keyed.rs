//! A small election whose stations and officer have keys, and journals made of their records.
//!
//! In: records, in the order of a journal. Out: folders that the real program reads. Never: a
//! record made otherwise than by the program under test, unless a test forges one.

use std::path::{Path, PathBuf};

use shomar_format::bytes::hex;
use shomar_format::record::SecretKey;
use shomar_format::segment::SegmentReader;
use shomar_store::SegmentWriter;

use crate::kit::{copy_files, fixture, run, text};

/// The seed of the officer's key, each byte of it.
pub(crate) const OFFICER: u8 = 200;

/// The small election with a key for each station, and the secret keys beside it.
pub(crate) struct Keyed {
    folder: tempfile::TempDir,
}

impl Keyed {
    /// A folder with `election`, its mode this, and `secrets.csv`.
    pub(crate) fn new(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let election = folder.path().join("election");
        copy_files(&fixture("small/election"), &election);
        let edit = |file: &str, change: &dyn Fn(String) -> String| {
            let path = election.join(file);
            std::fs::write(&path, change(std::fs::read_to_string(&path).unwrap())).unwrap();
        };
        edit("election.toml", &|toml| {
            let officer = hex(&secret(OFFICER).public());
            toml.replace("title_en", &format!("mode = \"{mode}\"\ntitle_en"))
                + &format!("\n[[officer]]\nid = \"chair\"\nkey = \"{officer}\"\n")
        });
        edit("stations.csv", &|stations| {
            let mut lines = stations.lines();
            let mut keyed = lines.next().unwrap().to_owned();
            for (number, line) in (1..).zip(lines) {
                let fields = line.rsplit_once(',').unwrap().0;
                keyed.push_str(&format!("\n{fields},{}", hex(&secret(number).public())));
            }
            keyed + "\n"
        });
        let mut secrets = "station,device,secret\n".to_owned();
        for number in [1, 2] {
            secrets.push_str(&format!("S{number},0,{}\n", hex(&[number; 32])));
        }
        std::fs::write(folder.path().join("secrets.csv"), secrets).unwrap();
        std::fs::write(folder.path().join("officer.key"), hex(&[OFFICER; 32])).unwrap();
        Self { folder }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Seals with a key file.
    pub(crate) fn seal(&self, ballots: &Path, key: &Path, out: &str) -> (i32, String, String) {
        run([
            "seal",
            "--election",
            text(&self.path("election")),
            "--ballots",
            text(ballots),
            "--out",
            text(&self.path(out)),
            "--key",
            text(key),
        ])
    }
}

impl Keyed {
    /// Seals ballots (with their header) that were counted again, after what was sealed before into
    /// `sealed`.
    pub(crate) fn recount(&self, ballots: &str) -> Vec<Vec<u8>> {
        std::fs::write(self.path("again.csv"), ballots).unwrap();
        let paths = ["election", "again.csv", "secrets.csv", "sealed", "recount"];
        let paths = paths.map(|name| self.path(name));
        let [election, again, key, after, out] = paths.each_ref().map(|path| text(path));
        let recount = ["seal", "--recount", "--election", election, "--ballots", again];
        let (code, _, stderr) =
            run(recount.into_iter().chain(["--key", key, "--after", after, "--out", out]));
        assert_eq!(code, 0, "{stderr}");
        records(&self.path("recount"))
    }
}

/// The key of station S1 or S2, or of the officer.
pub(crate) fn secret(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

impl Keyed {
    /// Seals the small ballots, signed, and gives their records.
    pub(crate) fn batches(&self, out: &str) -> Vec<Vec<u8>> {
        let ballots = fixture("small/ballots.csv");
        let (code, _, stderr) = self.seal(&ballots, &self.path("secrets.csv"), out);
        assert_eq!(code, 0, "{stderr}");
        records(&self.path(out))
    }

    /// Signs a decision of the officer after `after`, and gives its record.
    pub(crate) fn control(&self, after: Option<&[u8]>, decision: &[&str]) -> Vec<u8> {
        let out = self.path("control.record");
        let _ = std::fs::remove_file(&out);
        let (election, key) = (self.path("election"), self.path("officer.key"));
        let last = self.path("last.record");
        let mut arguments = vec!["control", "--election", text(&election), "--key", text(&key)];
        arguments.extend(["--why", "the test says so", "--out", text(&out)]);
        if let Some(after) = after {
            std::fs::write(&last, after).unwrap();
            arguments.extend(["--after", text(&last)]);
        }
        arguments.extend(decision);
        let (code, _, stderr) = run(arguments);
        assert_eq!(code, 0, "{stderr}");
        std::fs::read(&out).unwrap()
    }

    /// Who is expected to report what, as rows of `serves.csv`.
    pub(crate) fn expecting(self, rows: &str) -> Self {
        self.expect(rows);
        self
    }

    /// The same. Without it nobody has said what is the whole, and a night is never complete.
    pub(crate) fn expect(&self, rows: &str) {
        let header = "station,district,registered,authenticated";
        std::fs::write(self.path("election/serves.csv"), format!("{header}\n{rows}")).unwrap();
    }

    /// These lines more in `election.toml`.
    pub(crate) fn with(self, lines: &str) -> Self {
        let path = self.path("election/election.toml");
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{before}\n{lines}")).unwrap();
        self
    }

    /// Seals rows of `station,district,choices,count` and gives their records.
    pub(crate) fn seal_rows(&self, rows: &str, out: &str) -> Vec<Vec<u8>> {
        let ballots = self.path(&format!("{out}.csv"));
        std::fs::write(&ballots, format!("station,district,choices,count\n{rows}")).unwrap();
        let (code, _, stderr) = self.seal(&ballots, &self.path("secrets.csv"), out);
        assert_eq!(code, 0, "{stderr}");
        records(&self.path(out))
    }

    /// A folder with a journal of these records, and the election beside it.
    pub(crate) fn journal(&self, name: &str, records: &[&[u8]]) -> PathBuf {
        let folder = self.path(name);
        copy_files(&self.path("election"), &folder.join("election"));
        let definition = shomar_format::record::RecordHeader::read(records[0]).unwrap();
        let mut writer = SegmentWriter::new(&folder, *definition.definition());
        records.iter().for_each(|record| writer.append(record).unwrap());
        writer.finish().unwrap();
        folder
    }
}

/// The records of the first segment of a folder.
pub(crate) fn records(folder: &Path) -> Vec<Vec<u8>> {
    records_of(&folder.join("000000.segment"))
}

/// The records of a segment.
pub(crate) fn records_of(segment: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(segment).unwrap();
    let mut reader = SegmentReader::open(&bytes).unwrap();
    let mut records = Vec::new();
    while let Some(framed) = reader.next_record().unwrap() {
        records.push(framed.record.to_vec());
    }
    records
}
