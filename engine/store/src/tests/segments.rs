//! Segments that are written at once: rolled over, kept whole, refused while unfinished.

use crate::*;
use shomar_format::segment::SegmentReader;
use std::fs;

#[test]
fn segments_roll_over_and_keep_every_record() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = SegmentWriter::new(directory.path(), [7; 32]).with_segment_bytes_max(600);
    for byte in 0..10_u8 {
        writer.append(&[byte; 128]).unwrap();
    }
    let written = writer.finish().unwrap();
    assert_eq!((written.records, written.segments), (10, 4));
    let mut found = Vec::new();
    let mut bytes_on_disk = 0;
    for path in list_segments(directory.path()).unwrap() {
        let bytes = fs::read(&path).unwrap();
        bytes_on_disk += bytes.len() as u64;
        let mut reader = SegmentReader::open(&bytes).unwrap();
        while let Some(framed) = reader.next_record().unwrap() {
            assert_eq!(framed.position, found.len() as u64);
            found.push(framed.record[0]);
        }
    }
    assert_eq!(found, (0..10).collect::<Vec<_>>());
    assert_eq!(bytes_on_disk, written.bytes);
}

#[test]
fn records_over_the_edge_of_a_block_are_kept_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = SegmentWriter::new(directory.path(), [7; 32]);
    let lengths = [BLOCK_BYTES / 2, BLOCK_BYTES, 64, 3 * BLOCK_BYTES, BLOCK_BYTES / 2 - 640, 64];
    for (byte, length) in (1..).zip(lengths) {
        writer.append(&vec![byte; length]).unwrap();
    }
    let written = writer.finish().unwrap();
    let bytes = fs::read(&list_segments(directory.path()).unwrap()[0]).unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    let mut reader = SegmentReader::open(&bytes).unwrap();
    for (byte, length) in (1..).zip(lengths) {
        assert!(reader.next_record().unwrap().unwrap().record == vec![byte; length]);
    }
    assert!(reader.next_record().unwrap().is_none());
}

#[test]
fn an_unclosed_segment_is_no_evidence() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = SegmentWriter::new(directory.path(), [7; 32]);
    writer.append(&[1; 64]).unwrap();
    drop(writer);
    let error = list_segments(directory.path()).unwrap_err();
    assert!(matches!(error, StoreError::LeftOpen { .. }), "{error}");
}

#[test]
fn a_folder_is_no_evidence_before_it_is_complete() {
    let directory = tempfile::tempdir().unwrap();
    let unfinished = begin_folder(directory.path()).unwrap();
    let mut writer = SegmentWriter::new(directory.path(), [7; 32]).with_segment_bytes_max(1);
    writer.append(&[1; 64]).unwrap();
    writer.append(&[2; 64]).unwrap();
    writer.finish().unwrap();
    // Killed here, the folder would hold two closed segments of perhaps many.
    assert!(list_segments(directory.path()).is_err());
    unfinished.complete().unwrap();
    assert_eq!(list_segments(directory.path()).unwrap().len(), 2);
}

#[test]
fn a_folder_with_something_in_it_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    create_empty(directory.path()).unwrap();
    fs::write(directory.path().join("notes.txt"), "x").unwrap();
    let error = create_empty(directory.path()).unwrap_err();
    assert!(error.to_string().contains("'notes.txt'"), "{error}");
}
