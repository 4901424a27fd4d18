//! The same ballots give the same digest: whatever the threads, files, rows or cuts.
//!
//! In: the small fixture and seeded shuffles. Out: equal digests, or equal bytes. Never: a digest
//! that would stay equal if a ballot changed; the last test sees it change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use shomar_engine::{Definition, Evidence, Index, Kernel, Snapshot, tally};
use shomar_format::{
    BatchAddress, CanonicalBatch, Canonicaliser, DistrictShape, Election, Encoding, OptionIndex,
    SealedBatch, UNKNOWN_OPTION,
};
use shomar_loader::{Reject, SealJob, SealSink, seal_text};

use crate::kit::{self, digest, fixture};
use crate::plain_reader::many_options;

/// A small generator of shuffles (splitmix64, Steele, Lea, Flood 2014).
pub(crate) struct Shuffle(pub(crate) u64);

impl Shuffle {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Rows of the fixture with every `count` written out.
fn rows() -> Vec<String> {
    let text = std::fs::read_to_string(fixture("small/ballots.csv")).unwrap();
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        let (row, count) = line.rsplit_once(',').unwrap();
        for _ in 0..count.parse::<u32>().unwrap() {
            rows.push(row.to_owned());
        }
    }
    rows
}

fn write_rows(path: &Path, rows: &[String]) {
    std::fs::write(path, format!("station,district,choices\n{}\n", rows.join("\n"))).unwrap();
}

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let paths = shomar_store::list_segments(directory).unwrap();
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

#[test]
fn shuffled_rows_and_written_out_counts_seal_to_the_same_bytes() {
    let election = fixture("small/election");
    let first = tempfile::tempdir().unwrap();
    kit::seal(&election, &fixture("small/ballots.csv"), first.path());
    let expected = files(first.path());
    for seed in 0..5 {
        let mut rows = rows();
        Shuffle(seed).shuffle(&mut rows);
        let work = tempfile::tempdir().unwrap();
        let text = work.path().join("ballots.csv");
        write_rows(&text, &rows);
        let out = work.path().join("out");
        kit::seal(&election, &text, &out);
        assert_eq!(files(&out), expected, "seed {seed}");
    }
}

#[test]
fn threads_and_names_of_segments_do_not_matter() {
    let out = tempfile::tempdir().unwrap();
    kit::seal(&fixture("small/election"), &fixture("small/ballots.csv"), out.path());
    let expected = digest(out.path(), &["--threads", "1"]);
    for threads in ["2", "7"] {
        assert_eq!(digest(out.path(), &["--threads", threads]), expected);
    }
    for name in ["zzz.segment", "anything.bin", "no-extension"] {
        for path in shomar_store::list_segments(out.path()).unwrap() {
            std::fs::rename(path, out.path().join(name)).unwrap();
        }
        assert_eq!(digest(out.path(), &[]), expected, "renamed to {name}");
    }
}

/// Gathers batches in memory.
#[derive(Default)]
struct Gather {
    records: Vec<Vec<u8>>,
}

impl SealSink for Gather {
    fn batch(
        &mut self,
        batch: &SealedBatch,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.records.push(batch.bytes().to_vec());
        Ok(())
    }

    fn reject(&mut self, _: &Reject) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}

fn gather(ballots: &Path, sort_on_disk: bool) -> Vec<Vec<u8>> {
    let (election, _) = Election::read(&fixture("small/election")).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let mut gather = Gather::default();
    let definition = election.definition_digest();
    let job = SealJob {
        election: &election,
        definition: &definition,
        keys: None,
        chains: &Default::default(),
        is_recount: false,
        temporary: temporary.path(),
        sort_on_disk,
    };
    let report = seal_text(ballots, &job, &mut gather).unwrap();
    assert_eq!(report.batches, gather.records.len() as u64);
    gather.records
}

#[test]
fn batches_in_any_order_and_in_any_number_of_segments_give_one_digest() {
    let election = fixture("small/election");
    let first = tempfile::tempdir().unwrap();
    kit::seal(&election, &fixture("small/ballots.csv"), first.path());
    let expected = kit::json("tally", first.path(), &[])["frontier"].clone();
    let records = gather(&fixture("small/ballots.csv"), false);
    let (definition, _) = Election::read(&election).unwrap();
    for seed in 0..4 {
        let mut shuffled = records.clone();
        Shuffle(seed).shuffle(&mut shuffled);
        let out = tempfile::tempdir().unwrap();
        kit::copy_files(&first.path().join("election"), &out.path().join("election"));
        // Segments of one record each, or all in one.
        let bytes_max = if seed % 2 == 0 { 1 } else { u64::MAX };
        let mut writer =
            shomar_store::SegmentWriter::new(out.path(), definition.definition_digest())
                .with_segment_bytes_max(bytes_max);
        for record in &shuffled {
            writer.append(record).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(kit::json("tally", out.path(), &[])["frontier"], expected, "seed {seed}");
    }
}

#[test]
fn sorting_on_disk_seals_the_same_bytes_as_sorting_in_memory() {
    // More ballots than a batch may have in one pair, so that batches are cut as well.
    let work = tempfile::tempdir().unwrap();
    let text = work.path().join("ballots.csv");
    let mut rows = String::from("count,choices,district,station\n");
    let mut random = Shuffle(1405);
    for _ in 0..3_000 {
        let length = random.below(6);
        let codes: Vec<String> = (0..length).map(|_| (100 + random.below(6)).to_string()).collect();
        let (count, station) = (1 + random.below(90), 1 + random.below(2));
        rows.push_str(&format!("{count},{},V1,S{station}\n", codes.join(" ")));
    }
    std::fs::write(&text, rows).unwrap();
    let (memory, disk) = (gather(&text, false), gather(&text, true));
    assert!(memory.len() > 3, "{} batches", memory.len());
    assert_eq!(memory, disk);
}

/// Ballots of every kind; some options are so popular that many ballots of a chunk have them.
fn random_batches(shape: DistrictShape, random: &mut Shuffle) -> Vec<CanonicalBatch> {
    let mut canonicaliser = Canonicaliser::new(shape);
    let options = shape.option_count as usize;
    for _ in 0..600 {
        let most = 1 + random.below(shape.seats as usize + 2);
        let near = 1 + random.below(options);
        let ballot: Vec<OptionIndex> = (0..random.below(most + 1))
            .map(|_| match random.below(40) {
                0 => UNKNOWN_OPTION,
                _ => OptionIndex::try_from(random.below(near)).unwrap(),
            })
            .collect();
        canonicaliser.add(&ballot, 1);
    }
    canonicaliser.finish()
}

#[test]
fn rows_and_columns_give_one_digest_by_every_kernel() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path().join("election");
    many_options::write_election(&folder);
    let definition = Definition::open(&folder).unwrap();
    let (counting, readings) = (definition.counting(), definition.readings());
    let mut random = Shuffle(7);
    let mut batches = Vec::new();
    for district in 0..counting.district_count() {
        for batch in random_batches(counting.shape(district), &mut random) {
            let sequence = batches.len() as u64;
            batches.push((BatchAddress { district, station: 0, device: 0, sequence }, batch));
        }
    }
    // All in rows, all in columns, and one after the other.
    let all: [&[Encoding]; 3] =
        [&[Encoding::Sparse], &[Encoding::Columnar], &[Encoding::Columnar, Encoding::Sparse]];
    let mut frontiers = Vec::new();
    for (number, encodings) in all.into_iter().enumerate() {
        let out = work.path().join(number.to_string());
        std::fs::create_dir(&out).unwrap();
        let mut writer = shomar_store::SegmentWriter::new(&out, *counting.digest());
        for ((address, batch), &encoding) in batches.iter().zip(encodings.iter().cycle()) {
            let sealed = SealedBatch::seal_as(encoding, counting.digest(), *address, batch);
            writer.append(sealed.bytes()).unwrap();
        }
        writer.finish().unwrap();
        let evidence = Evidence::open(&shomar_store::list_segments(&out).unwrap()).unwrap();
        let index = Index::build(&evidence, &counting);
        for &kernel in Kernel::available() {
            let tallied = tally(&evidence, &index, &counting, &readings, kernel).unwrap();
            let snapshot = Snapshot::merge(tallied, &counting, &definition.head, &readings);
            assert_eq!(snapshot.ballots().taken, 600 * u64::from(counting.district_count()));
            let frontier = snapshot.frontier(&counting, &definition.head);
            frontiers.push((frontier.digest, frontier.evidence));
        }
    }
    let (digests, evidence): (Vec<_>, BTreeSet<_>) = frontiers.into_iter().unzip();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    assert_eq!(evidence.len(), 3, "the bytes differ, and so does the evidence");
}

#[test]
fn another_ballot_gives_another_digest() {
    let election = fixture("small/election");
    let digest_of = |rows: &[String]| {
        let work = tempfile::tempdir().unwrap();
        let text = work.path().join("ballots.csv");
        write_rows(&text, rows);
        kit::seal(&election, &text, &work.path().join("out"));
        digest(&work.path().join("out"), &[])
    };
    let mut rows = rows();
    let before = digest_of(&rows);
    let last = rows.last_mut().unwrap();
    assert!(last.contains("104 103"), "{last}");
    *last = last.replace("104 103", "104 102");
    assert_ne!(digest_of(&rows), before);
    rows.pop();
    assert_ne!(digest_of(&rows), before);
}
