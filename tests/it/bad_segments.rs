//! Damaged, foreign and contradicting segments: every one is refused, and nothing is half counted.
//!
//! In: a small sealed folder, damaged in every way there is. Out: exit code 1, the file and place
//! on stderr, nothing on stdout. Never: a panic.

use std::path::{Path, PathBuf};

use shomar_engine::{Definition, Evidence, Finding, Index, Kernel, tally};
use shomar_format::layout;
use shomar_format::segment::{close_frame, record_frame, segment_header};

use crate::kit::{self, fixture, run, text};
use crate::plain_reader::{segment_of, sparse_record};

/// A sealed folder with one segment.
struct Folder {
    directory: tempfile::TempDir,
    segment: PathBuf,
    bytes: Vec<u8>,
}

impl Folder {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        kit::seal(&fixture("small/election"), &fixture("small/ballots.csv"), directory.path());
        let segment = shomar_store::list_segments(directory.path()).unwrap().remove(0);
        let bytes = std::fs::read(&segment).unwrap();
        std::fs::remove_file(&segment).unwrap();
        Self { segment: directory.path().join("damaged.segment"), directory, bytes }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a segment and expects it refused, with all of `words` in the message.
    fn refuses(&self, bytes: &[u8], words: &[&str]) {
        std::fs::write(&self.segment, bytes).unwrap();
        let (code, stdout, stderr) = run(["tally", text(self.path())]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{words:?}: {stderr}");
        for word in words.iter().chain(&["damaged.segment: offset ", "found ", "expected "]) {
            assert!(stderr.contains(word), "'{word}' is not in: {stderr}");
        }
        assert!(!stderr.contains("panicked"), "{stderr}");
        if !words.iter().any(|word| word.contains("clean ballot")) {
            // What kind a ballot is depends on the election, which `inspect` does without.
            let (code, _, inspected) = run(["inspect", text(&self.segment)]);
            assert_eq!(code, 1, "inspect: {inspected}");
        }
    }
}

/// Counts in this process: fast enough for every bit of a segment.
pub(crate) fn count(
    definition: &Definition,
    segment: &Path,
    kernel: Kernel,
) -> Result<(), Vec<Finding>> {
    let counting = definition.counting();
    let evidence = Evidence::open(&[segment.to_owned()]).unwrap();
    let index = Index::build(&evidence, &counting);
    tally(&evidence, &index, &counting, &definition.readings(), kernel).map(|_| ())
}

fn refuses_every_flipped_bit(segment: &Path, definition: &Definition, mut bytes: Vec<u8>) {
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(segment, &bytes).unwrap();
        let findings = count(definition, segment, Kernel::best()).expect_err(&format!("bit {bit}"));
        assert!(!findings.is_empty());
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    std::fs::write(segment, &bytes).unwrap();
    count(definition, segment, Kernel::best()).expect("the undamaged segment counts");
}

#[test]
fn every_flipped_bit_is_refused() {
    let folder = Folder::new();
    let definition = Definition::open(&folder.path().join("election")).unwrap();
    refuses_every_flipped_bit(&folder.segment, &definition, folder.bytes.clone());
}

#[test]
fn every_flipped_bit_of_old_evidence_is_refused() {
    let golden = kit::workspace().join("bench-data/golden/v1/election");
    let definition = Definition::open(&golden).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bytes = segment_of(&[&sparse_record(1), &sparse_record(6)]);
    refuses_every_flipped_bit(&folder.path().join("old.segment"), &definition, bytes);
}

#[test]
fn a_segment_cut_off_anywhere_is_refused() {
    let folder = Folder::new();
    let definition = Definition::open(&folder.path().join("election")).unwrap();
    for length in 0..folder.bytes.len() {
        std::fs::write(&folder.segment, &folder.bytes[..length]).unwrap();
        let findings = count(&definition, &folder.segment, Kernel::best())
            .expect_err(&format!("{length} bytes"));
        assert_eq!(findings.len(), 1, "{length} bytes: {findings:?}");
    }
    // The hardest place: between two records, where only the missing close frame tells.
    let close = folder.bytes.len() - 64;
    folder.refuses(&folder.bytes[..close], &["a close frame"]);
    folder.refuses(&[], &["an empty file"]);
}

#[test]
fn foreign_newer_and_empty_files_are_named_for_what_they_are() {
    let folder = Folder::new();
    folder.refuses(&[0; 4096], &["zeros", "'SHOMARSG'"]);
    folder.refuses(b"PK\x03\x04 a zip of something else, long enough to hold a header", &["'PK.."]);
    folder.refuses(&[b'x'; 10], &["10 bytes"]);
    let mut newer = folder.bytes.clone();
    newer[8] = 3;
    folder.refuses(&newer, &["format version", "3, newer than this program"]);
    let mut longer = folder.bytes.clone();
    longer.extend([0; 64]);
    folder.refuses(&longer, &["after the close frame", "64 bytes"]);
}

#[test]
fn bytes_moved_inside_a_segment_are_refused() {
    let folder = Folder::new();
    // Records 0 and 1 of the fixture are 448 bytes each, with their frames 512.
    let (first, second) = (64..64 + 512, 576..576 + 512);
    let mut swapped = folder.bytes.clone();
    swapped[first.clone()].copy_from_slice(&folder.bytes[second.clone()]);
    swapped[second].copy_from_slice(&folder.bytes[first]);
    folder.refuses(&swapped, &["position of the record"]);
}

#[test]
fn a_batch_of_another_definition_is_refused() {
    let folder = Folder::new();
    std::fs::write(&folder.segment, &folder.bytes).unwrap();
    let other = tempfile::tempdir().unwrap();
    kit::copy_files(&fixture("small/election"), other.path());
    let candidates = other.path().join("candidates.csv");
    let text_of = std::fs::read_to_string(&candidates).unwrap();
    std::fs::write(&candidates, text_of.replace("V1,104,,d,D", "V1,104,,d,Somebody Else")).unwrap();
    let arguments = ["tally", text(folder.path()), "--election", text(other.path())];
    let (code, stdout, stderr) = run(arguments);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("definition digest"), "{stderr}");
    // The same edit beside the segments: the compiled definition is not believed over the text.
    std::fs::copy(&candidates, folder.path().join("election/candidates.csv")).unwrap();
    let (code, stdout, stderr) = run(["tally", text(folder.path())]);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("definition digest"), "{stderr}");
}

#[test]
fn a_damaged_compiled_definition_is_made_anew_from_the_text() {
    let folder = Folder::new();
    std::fs::write(&folder.segment, &folder.bytes).unwrap();
    let expected = kit::digest(folder.path(), &[]);
    let compiled = folder.path().join("election/definition.shomar");
    let bytes = std::fs::read(&compiled).unwrap();
    for offset in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[offset] ^= 0x10;
        std::fs::write(&compiled, damaged).unwrap();
        let definition = Definition::open(&folder.path().join("election")).unwrap();
        count(&definition, &folder.segment, Kernel::best()).unwrap();
    }
    std::fs::write(&compiled, &bytes[..100]).unwrap();
    assert_eq!(kit::digest(folder.path(), &[]), expected);
}

/// Writes a compiled definition whose candidates 101 and 102 of V1 have changed their codes, with
/// digests and checksum mended: what somebody could do who wants votes to go elsewhere.
fn forge_codes(compiled: &Path) {
    use shomar_format::layout::definition as at;
    let mut bytes = std::fs::read(compiled).unwrap();
    let codes = [101_u32.to_le_bytes(), 102_u32.to_le_bytes()].concat();
    let place = bytes.windows(8).position(|window| window == codes).unwrap();
    bytes[place..place + 4].copy_from_slice(&102_u32.to_le_bytes());
    bytes[place + 4..place + 8].copy_from_slice(&101_u32.to_le_bytes());
    let checksum = shomar_format::checksum::checksum_with_hole(&bytes, at::CHECKSUM_OFFSET);
    bytes[at::CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(compiled, bytes).unwrap();
}

#[test]
fn a_forged_compiled_definition_moves_no_vote() {
    let folder = Folder::new();
    std::fs::write(&folder.segment, &folder.bytes).unwrap();
    let expected = kit::json("tally", folder.path(), &[]);
    forge_codes(&folder.path().join("election/definition.shomar"));
    assert_eq!(kit::json("tally", folder.path(), &[]), expected);
}

#[test]
fn a_missing_segment_is_noticed_unless_it_is_the_last() {
    let folder = Folder::new();
    let election = folder.path().join("election");
    let (definition, _) = shomar_format::Election::read(&election).unwrap();
    let mut writer =
        shomar_store::SegmentWriter::new(folder.path(), definition.definition_digest())
            .with_segment_bytes_max(1);
    let mut reader = shomar_format::segment::SegmentReader::open(&folder.bytes).unwrap();
    while let Some(framed) = reader.next_record().unwrap() {
        writer.append(framed.record).unwrap();
    }
    assert_eq!(writer.finish().unwrap().segments, 3);
    assert_eq!(run(["tally", text(folder.path())]).0, 0);
    for (missing, words) in [
        ("000000.segment", "records 0 to 0 are in no segment"),
        ("000001.segment", "records 1 to 1 are in no segment"),
    ] {
        let (path, aside) = (folder.path().join(missing), folder.path().join("aside.txt"));
        std::fs::rename(&path, &aside).unwrap();
        let (code, stdout, stderr) = run(["tally", text(folder.path())]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
        std::fs::rename(&aside, &path).unwrap();
    }
}

#[test]
fn a_ballot_has_one_spelling_only() {
    // A clean ballot stored as entered keeps the order in which the voter typed: refused.
    let folder = Folder::new();
    let work = tempfile::tempdir().unwrap();
    let ballots = work.path().join("ballots.csv");
    std::fs::write(&ballots, "station,district,choices\nS1,V1,104 104\n").unwrap();
    let out = work.path().join("out");
    kit::seal(&fixture("small/election"), &ballots, &out);
    let path = shomar_store::list_segments(&out).unwrap().remove(0);
    let mut bytes = std::fs::read(path).unwrap();
    // The payload begins after segment header, frame and record header: 1 length, then 2 choices.
    let payload = 64 + 64 + 192;
    assert_eq!(bytes[payload..payload + 6], [2, 0, 3, 0, 3, 0]);
    bytes[payload + 4] = 1;
    mend(&mut bytes[128..]);
    folder.refuses(&bytes, &["clean ballot among those as entered", "station S1, district V1"]);
}

/// Mends body hash and checksum of the first record of `record`, to reach the checks behind them.
fn mend(record: &mut [u8]) {
    use shomar_format::layout::record as at;
    let length = shomar_format::bytes::u64_at(record, at::PAYLOAD_LENGTH_OFFSET);
    let length = usize::try_from(length).unwrap();
    let end = at::HEADER_BYTES + shomar_format::bytes::aligned(length) + at::TRAILER_BYTES;
    let hash = shomar_format::bytes::sha256(&record[at::HEADER_BYTES..at::HEADER_BYTES + length]);
    record[at::BODY_HASH_OFFSET..][..32].copy_from_slice(&hash);
    let checksum = shomar_format::checksum::checksum_with_hole(&record[..end], at::CHECKSUM_OFFSET);
    record[at::CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
}

#[test]
fn the_same_record_twice_is_counted_once_and_reported() {
    let folder = Folder::new();
    std::fs::write(&folder.segment, &folder.bytes).unwrap();
    let expected = kit::json("tally", folder.path(), &[]);
    std::fs::write(folder.path().join("again.segment"), &folder.bytes).unwrap();
    let (code, stdout, stderr) = run(["tally", text(folder.path()), "--format", "json"]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stdout).unwrap(), expected);
    assert_eq!(stderr.matches("the same record").count(), 3, "{stderr}");
    assert!(stderr.contains("station S1, district V1, device 0, sequence 0"), "{stderr}");
}

#[test]
fn two_records_of_one_address_with_other_bytes_are_refused() {
    let folder = Folder::new();
    std::fs::write(&folder.segment, &folder.bytes).unwrap();
    let work = tempfile::tempdir().unwrap();
    let ballots = work.path().join("ballots.csv");
    std::fs::write(&ballots, "station,district,choices\nS1,V1,101\n").unwrap();
    kit::seal(&fixture("small/election"), &ballots, &work.path().join("out"));
    let other = shomar_store::list_segments(&work.path().join("out")).unwrap().remove(0);
    std::fs::copy(other, folder.path().join("other.segment")).unwrap();
    let (code, stdout, stderr) = run(["tally", text(folder.path())]);
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("another record of the same address"), "{stderr}");
}

#[test]
fn a_folder_without_segments_or_election_is_unusable() {
    let empty = tempfile::tempdir().unwrap();
    for command in ["tally", "result"] {
        let (code, stdout, stderr) = run([command, text(empty.path())]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains("election"), "{stderr}");
    }
    kit::copy_files(&fixture("small/election"), &empty.path().join("election"));
    let (code, _, stderr) = run(["tally", text(empty.path())]);
    assert_eq!(code, 2);
    assert!(stderr.contains("found no segment"), "{stderr}");
    std::fs::write(empty.path().join("000000.segment.open"), "x").unwrap();
    let (code, _, stderr) = run(["tally", text(empty.path())]);
    assert_eq!(code, 1);
    assert!(stderr.contains("has not finished"), "{stderr}");
}

/// Large segments are walked from several places at once, each a guess. Here every guess is wrong:
/// inside each record stand frames with sound checksums, just behind every cut, and they announce
/// records that fit: only where the walk before arrived tells them from true ones.
#[test]
fn frames_inside_a_record_mislead_no_walk() {
    let folder = Folder::new();
    let definition = Definition::open(&folder.path().join("election")).unwrap();
    let counting = definition.counting();
    let mut decoy = vec![0; 5 << 20];
    for cut in (0..decoy.len()).step_by(1 << 20) {
        decoy[cut + 64..cut + 128].copy_from_slice(&record_frame(1 << 20, 1, 0));
    }
    decoy[layout::record::KIND_OFFSET] = layout::record::KIND_BALLOTS;
    let mut bytes = segment_header(counting.digest(), 0).to_vec();
    for position in 0..3_u64 {
        // Addresses that differ, so that no record is taken for another one.
        decoy[56..64].copy_from_slice(&(position + 100).to_le_bytes());
        bytes.extend(record_frame(decoy.len(), position, 0));
        bytes.extend(&decoy);
    }
    bytes.extend(close_frame(3));
    std::fs::write(&folder.segment, &bytes).unwrap();
    let evidence = Evidence::open(std::slice::from_ref(&folder.segment)).unwrap();
    let index = Index::build(&evidence, &counting);
    assert_eq!((index.batches(), &index.findings), (3, &Vec::new()));
    // Damage in the last one is told as a walk in one piece finds it.
    let last = bytes.len() - 64 - decoy.len() - 64;
    bytes[last + 20] ^= 1;
    std::fs::write(&folder.segment, &bytes).unwrap();
    let evidence = Evidence::open(std::slice::from_ref(&folder.segment)).unwrap();
    let index = Index::build(&evidence, &counting);
    assert_eq!((index.batches(), index.findings.len()), (2, 1));
    assert!(
        index.findings[0].to_string().contains("checksum of the frame"),
        "{:?}",
        index.findings
    );
}
