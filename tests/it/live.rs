//! The live count agrees with a full count at every frontier, whatever officers decide.
//!
//! In: records in any order, control records among them, appended to a real journal group by group.
//! Out: after each group the same totals as a count of all segments. Never: a journal read further
//! than it is durable.

use std::fs::File;
use std::path::{Path, PathBuf};

use shomar_engine::checks::Registers;
use shomar_engine::evidence::JournalSegment;
use shomar_engine::live::{JournalFrontier, Live, LiveError, LiveSnapshot, Segments};
use shomar_engine::recount::{NoCount, RecountInput, recount};
use shomar_engine::{Definition, Evidence, Kernel, Snapshot};
use shomar_format::Election;
use shomar_store::disk::DirectoryDisk;
use shomar_store::journal::{Durable, Journal, JournalOptions, open_for_reading};

use crate::keyed::{Keyed, records};
use crate::kit::{digest, run, text};

/// Segments by the names that a journal gives them.
pub(crate) struct Named(pub(crate) PathBuf);

impl Segments for Named {
    fn open(&mut self, segment: usize) -> std::io::Result<(PathBuf, File)> {
        let closed = self.0.join(format!("{segment:06}.segment"));
        let open = self.0.join(format!("{segment:06}.segment.open"));
        let path = if closed.exists() { closed } else { open };
        Ok((path.clone(), File::open(path)?))
    }
}

fn frontier(durable: &Durable) -> JournalFrontier {
    JournalFrontier { segment: usize::try_from(durable.segment).unwrap(), length: durable.length }
}

struct Night {
    definition: Definition,
    registers: Registers,
    folder: PathBuf,
}

impl Night {
    fn new(keyed: &Keyed, name: &str) -> Self {
        let election = keyed.path("election");
        let folder = keyed.path(name);
        crate::kit::copy_files(&election, &folder.join("election"));
        let (read, _) = Election::read(&election).unwrap();
        let definition = Definition::open(&election).unwrap();
        Self { definition, registers: Registers::of(&read), folder }
    }

    fn journal(&self, segment_bytes_max: u64) -> Journal<DirectoryDisk> {
        let disk = DirectoryDisk::create(&self.folder).unwrap();
        let digest = *self.definition.counting().digest();
        Journal::open(disk, digest, JournalOptions { segment_bytes_max }, |_| ()).unwrap()
    }

    fn live(&self) -> Live<'_> {
        Live::new(&self.definition, self.definition.readings(), self.registers.clone())
    }

    /// A full count of everything that another process may read now.
    fn full(&self) -> Result<(Snapshot, usize), NoCount> {
        let segments = open_for_reading(&self.folder).unwrap().into_iter().map(|readable| {
            let (path, file) = (readable.path, readable.file);
            JournalSegment { path, file, length: readable.length, closed: readable.closed }
        });
        let evidence = Evidence::open_journal(&segments.collect::<Vec<_>>()).unwrap();
        let readings = self.definition.readings();
        let input = RecountInput {
            evidence: &evidence,
            definition: &self.definition,
            readings: &readings,
            kernel: Kernel::Portable,
            as_of: None,
            registers: Some(&self.registers),
        };
        let recount = recount(&input)?;
        let counting = self.definition.counting();
        let held = recount.held.len();
        let head = &self.definition.head;
        Ok((Snapshot::merge(recount.tallied, &counting, head, &readings), held))
    }

    fn assert_agrees(&self, snapshot: &LiveSnapshot) {
        match (&snapshot.totals, self.full()) {
            (Some(totals), Ok((full, held))) => {
                let (counting, head) = (self.definition.counting(), &self.definition.head);
                let frontier = |totals: &Snapshot| totals.frontier(&counting, head);
                assert_eq!(frontier(totals), frontier(&full), "at {}", snapshot.position);
                assert_eq!(snapshot.held.len(), held);
            }
            (None, Err(NoCount::NotClosed { batches, taken })) => {
                assert_eq!(batches, snapshot.batches_received);
                assert_eq!(taken, snapshot.ballots_received);
            }
            (live, full) => panic!("live {live:?}, full {:?}", full.map(|_| ())),
        }
    }
}

/// Appends the records in groups of changing sizes, and compares after each.
fn follow(keyed: &Keyed, name: &str, records: &[&[u8]]) -> PathBuf {
    let night = Night::new(keyed, name);
    let mut journal = night.journal(1_500);
    let (mut live, mut segments) = (night.live(), Named(night.folder.clone()));
    let mut rest = records;
    for size in [1, 2, 3].into_iter().cycle() {
        let (group, others) = rest.split_at(size.min(rest.len()));
        group.iter().for_each(|record| {
            journal.append(record, 1).unwrap();
        });
        let durable = journal.commit().unwrap();
        assert_eq!(live.advance(&frontier(&durable), &mut segments).unwrap(), group.len() as u64);
        night.assert_agrees(&live.snapshot().unwrap());
        rest = others;
        if rest.is_empty() {
            break;
        }
    }
    // Who begins anew with the whole journal arrives at the same.
    let mut late = night.live();
    late.advance(&frontier(journal.durable()), &mut segments).unwrap();
    night.assert_agrees(&late.snapshot().unwrap());
    let durable = journal.close().unwrap();
    live.advance(&frontier(&durable), &mut segments).unwrap();
    night.assert_agrees(&live.snapshot().unwrap());
    night.folder
}

fn corrections(keyed: &Keyed, first: Option<&[u8]>) -> Vec<Vec<u8>> {
    let decisions: [&[&str]; 5] = [
        &["annul", "--station", "S1", "--reason", "b-fraud"],
        &["annul", "--station", "S2", "--district", "T", "--reason", "b-excess"],
        &["reinstate", "--station", "S1"],
        &["annul", "--station", "S1", "--district", "V1", "--reason", "b-threat"],
        &["reinstate", "--station", "S2", "--district", "T"],
    ];
    let mut signed: Vec<Vec<u8>> = Vec::new();
    for decision in decisions {
        let last = signed.last().map(Vec::as_slice).or(first);
        signed.push(keyed.control(last, decision));
    }
    signed
}

#[test]
fn the_live_count_is_that_of_a_full_count_after_every_group() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let signed = corrections(&keyed, None);
    // Corrections before, between and after the batches they are about.
    for shift in 0..=batches.len() {
        let mut records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
        for (number, control) in signed.iter().enumerate() {
            records.insert((shift + number * 2).min(records.len()).max(number), control);
        }
        let folder = follow(&keyed, &format!("night{shift}"), &records);
        let document = digest(&folder, &[]);
        assert_ne!(document, digest(&keyed.path("sealed"), &[]));
    }
}

#[test]
fn an_official_night_counts_nothing_per_option_before_its_close() {
    let keyed = Keyed::new("official");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let early = keyed.control(Some(&open), &["annul", "--station", "S1", "--reason", "b-fraud"]);
    let close = keyed.control(Some(&early), &["close"]);
    let late = corrections(&keyed, Some(&close));
    let mut records: Vec<&[u8]> = vec![&open, &batches[0], &early];
    records.extend(batches[1..].iter().map(Vec::as_slice));
    records.push(&close);
    // S1 is annulled already: the first of them would not apply.
    records.push(&late[0]);
    let folder = keyed.path("night");
    let night = Night::new(&keyed, "night");
    let mut journal = night.journal(1_500);
    let (mut live, mut segments) = (night.live(), Named(folder));
    for (number, record) in records.iter().enumerate() {
        journal.append(record, 1).unwrap();
        let advanced = live.advance(&frontier(&journal.commit().unwrap()), &mut segments);
        if number + 1 == records.len() {
            let error = advanced.unwrap_err().to_string();
            assert!(error.contains("it is annulled already"), "{error}");
            break;
        }
        advanced.unwrap();
        let snapshot = live.snapshot().unwrap();
        assert_eq!(snapshot.totals.is_some(), number + 2 == records.len(), "record {number}");
        night.assert_agrees(&snapshot);
    }
}

/// Of S1 three tenths are void, of S2 nothing; in the city one station alone reports.
const VOID_SHARES: &str = "S1,V1,101 102 103,50\nS1,V1,104,20\nS1,V1,,30\nS2,V1,102 104,30\n\
                           S2,T,40,50\nS2,T,,3\n";

#[test]
fn held_batches_move_as_their_district_reports() {
    let keyed = Keyed::new("test");
    let toml = keyed.path("election/election.toml");
    let head = std::fs::read_to_string(&toml).unwrap();
    let checks = "[[check]]\nmethod = \"void-share\"\nlimit = \"10%\"\naction = \"hold\"\n\
                  [[check]]\nmethod = \"jump\"\nlimit = \"50%\"\naction = \"hold\"\n";
    std::fs::write(&toml, format!("{head}\n{checks}")).unwrap();
    let batches = keyed.seal_rows(VOID_SHARES, "sealed");
    let hash = shomar_format::bytes::hex(&shomar_format::record::record_hash(&batches[0]));
    let reject = keyed.control(None, &["reject", "--batch", &hash]);
    let release = keyed.control(Some(&reject), &["release", "--batch", &hash]);
    let annul = ["annul", "--batch", &hash, "--reason", "b-no-seal"];
    let annul = keyed.control(Some(&release), &annul);
    let mut records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    records.extend([&reject[..], &release, &annul]);
    let folder = follow(&keyed, "night", &records);
    let all = batches.len().to_string();
    let (code, stdout, stderr) = run(["tally", text(&folder), "--as-of", &all]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("held by checks"), "{stdout}");
}

#[test]
fn a_held_batch_that_is_annulled_and_brought_back_at_once_stays_held() {
    let keyed = Keyed::new("test");
    let toml = keyed.path("election/election.toml");
    let head = std::fs::read_to_string(&toml).unwrap();
    let check = "[[check]]\nmethod = \"void-share\"\nlimit = \"10%\"\naction = \"hold\"\n";
    std::fs::write(&toml, format!("{head}\n{check}")).unwrap();
    let batches = keyed.seal_rows(VOID_SHARES, "sealed");
    let night = Night::new(&keyed, "night");
    let mut journal = night.journal(1 << 20);
    let (mut live, mut segments) = (night.live(), Named(night.folder.clone()));
    let mut take = |records: &[&[u8]]| {
        records.iter().for_each(|record| {
            journal.append(record, 1).unwrap();
        });
        live.advance(&frontier(&journal.commit().unwrap()), &mut segments).unwrap();
        live.snapshot().unwrap()
    };
    let snapshot = take(&batches.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let held = snapshot.held.first().expect("a check holds one").hash;
    let hash = shomar_format::bytes::hex(&held);
    let annul = keyed.control(None, &["annul", "--batch", &hash, "--reason", "b-no-seal"]);
    let reinstate = keyed.control(Some(&annul), &["reinstate", "--batch", &hash]);
    // No snapshot between the two.
    let snapshot = take(&[&annul, &reinstate]);
    assert!(snapshot.held.iter().any(|batch| batch.hash == held));
    night.assert_agrees(&snapshot);
    assert_eq!(snapshot.decisions.len(), 2);
}

#[test]
fn every_flipped_bit_of_a_counter_is_found_before_it_is_shown() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let night = Night::new(&keyed, "night");
    let mut journal = night.journal(1 << 20);
    batches.iter().for_each(|record| {
        journal.append(record, 1).unwrap();
    });
    let durable = journal.commit().unwrap();
    let (mut live, mut segments) = (night.live(), Named(night.folder.clone()));
    live.advance(&frontier(&durable), &mut segments).unwrap();
    live.snapshot().unwrap();
    for counter in 0..live.counter_count() {
        for (set, bit) in (0..2).flat_map(|set| (0..64).map(move |bit| (set, bit))) {
            live.flip_counter_bit(set, counter, bit);
            let error = live.snapshot().unwrap_err();
            assert!(matches!(error, LiveError::CountersDiffer { .. }), "{error}");
            live.flip_counter_bit(set, counter, bit);
        }
    }
    night.assert_agrees(&live.snapshot().unwrap());
}

#[test]
fn a_live_count_reads_nothing_that_is_not_durable() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let night = Night::new(&keyed, "night");
    let mut journal = night.journal(1 << 20);
    journal.append(&batches[0], 1).unwrap();
    let durable = journal.commit().unwrap();
    journal.append(&batches[1], 1).unwrap();
    journal.commit().unwrap();
    let (mut live, mut segments) = (night.live(), Named(night.folder.clone()));
    assert_eq!(live.advance(&frontier(&durable), &mut segments).unwrap(), 1);
    assert_eq!(live.snapshot().unwrap().batches_received, 1);
    assert_eq!(live.advance(&frontier(journal.durable()), &mut segments).unwrap(), 1);
}

/// A nation, so that kernels, lists and spilling parts are all in it.
#[test]
fn a_small_nation_is_counted_live_as_it_is_counted_whole() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = folder.path().join("sealed");
    let arguments = ["generate", "--ballots", "60000", "--seed", "3", "--out", text(&sealed)];
    assert_eq!(run(arguments).0, 0);
    let (read, _) = Election::read(&sealed.join("election")).unwrap();
    let definition = Definition::open(&sealed.join("election")).unwrap();
    let live_folder = folder.path().join("live");
    let night = Night { definition, registers: Registers::of(&read), folder: live_folder };
    let mut journal = night.journal(200_000);
    let (mut live, mut segments) = (night.live(), Named(night.folder.clone()));
    for (number, record) in records(&sealed).iter().enumerate() {
        journal.append(record, 1).unwrap();
        if number % 97 == 0 {
            let durable = journal.commit().unwrap();
            live.advance(&frontier(&durable), &mut segments).unwrap();
        }
    }
    let durable = journal.close().unwrap();
    live.advance(&frontier(&durable), &mut segments).unwrap();
    let snapshot = live.snapshot().unwrap();
    night.assert_agrees(&snapshot);
    let expected = expected_ballots(&sealed);
    assert_eq!(snapshot.totals.unwrap().ballots().taken, expected);
}

fn expected_ballots(sealed: &Path) -> u64 {
    let expected = std::fs::read_to_string(sealed.join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    expected["ballots"]["taken"].as_u64().unwrap()
}
