//! Nights that are cut off at every operation, and what is found afterwards.

use shomar_format::record::{RecordBytes, record_hash, verify_bytes};
use shomar_format::segment::SegmentReader;
use shomar_store::crash_disk::{CrashDisk, Failure};
use shomar_store::disk::Disk;
use shomar_store::journal::readable_segments;

use super::{Acknowledged, Planted, batches, election, remember, send, writer};
use crate::answer::{Answer, Code};
use crate::gate::Gate;
use crate::start::Election;

/// Sends a night's records in groups, some of them twice. What could not be sent any more is left.
fn send_all(
    election: &'static Election,
    disks: &[CrashDisk; 2],
    records: &[RecordBytes],
    planted: Planted,
    acknowledged: &mut Acknowledged,
) -> Result<(), String> {
    let Ok(mut writer) = writer(election, disks, planted) else { return Ok(()) };
    let mut from = 0;
    for size in [1, 3, 2, 4].into_iter().cycle() {
        let end = (from + size).min(records.len());
        // Retries of what came before stand beside what is new.
        let again = from.saturating_sub(2);
        let group: Vec<&RecordBytes> = records[again..end].iter().collect();
        let (answers, ended) = send(&mut writer, &group);
        remember(acknowledged, &group, &answers)?;
        if ended.is_err() || end == records.len() {
            return Ok(());
        }
        from = end;
    }
    Ok(())
}

/// Reads the journal as a stranger: everything acknowledged is there, at its place, once.
fn audit(disk: &CrashDisk, acknowledged: &Acknowledged) -> Result<u64, String> {
    let mut found = Vec::new();
    for segment in readable_segments(disk).map_err(|error| error.to_string())? {
        let length = usize::try_from(segment.length).unwrap();
        let mut bytes = RecordBytes::new();
        bytes.resize(length, 0);
        disk.read(&segment.file, 0, &mut bytes).map_err(|error| error.to_string())?;
        let mut reader = SegmentReader::open_unclosed(&bytes).map_err(|fault| fault.to_string())?;
        while let Some(framed) = reader.next_record().map_err(|fault| fault.to_string())? {
            verify_bytes(framed.record).map_err(|fault| fault.to_string())?;
            found.push((record_hash(framed.record), framed.position));
        }
    }
    let mut once: Vec<_> = found.iter().map(|(hash, _)| *hash).collect();
    once.sort_unstable();
    once.dedup();
    if once.len() != found.len() {
        return Err(format!("{} records, {} of them different", found.len(), once.len()));
    }
    for (hash, position) in acknowledged {
        if !found.contains(&(*hash, *position)) {
            return Err(format!("the record acknowledged at {position} is lost"));
        }
    }
    Ok(found.len() as u64)
}

/// A night cut off at every operation, in every state that can be left, then finished in peace.
fn nights_survive(planted: Planted) -> Result<usize, String> {
    let election = election();
    let records = batches(election, 5);
    let whole = [CrashDisk::new(), CrashDisk::new()];
    let mut acknowledged = Acknowledged::new();
    send_all(election, &whole, &records, planted, &mut acknowledged)?;
    if acknowledged.len() != records.len() {
        return Err(format!("{} of {} acknowledged", acknowledged.len(), records.len()));
    }
    audit(&whole[0], &acknowledged)?;
    let mut states = 0;
    for operation in 0..whole[0].operations() {
        let disks = [CrashDisk::new(), CrashDisk::new()];
        disks[0].freeze_at(operation);
        let mut acknowledged = Acknowledged::new();
        send_all(election, &disks, &records, planted, &mut acknowledged)?;
        for (state, left) in disks[0].power_cuts() {
            states += 1;
            let after = [left, CrashDisk::new()];
            let mut acknowledged = acknowledged.clone();
            let place = format!("cut off at operation {operation}, {state}");
            // Whoever has an acknowledgement sends no more: it must be there as soon as the journal
            // is open.
            let opened = writer(election, &after, planted);
            drop(opened.map_err(|error| format!("{place}: {error}"))?);
            audit(&after[0], &acknowledged).map_err(|error| format!("{place}: {error}"))?;
            // And where stations send everything again, it is there once.
            let sent = send_all(election, &after, &records, planted, &mut acknowledged);
            sent.map_err(|error| format!("{place}: {error}"))?;
            let found =
                audit(&after[0], &acknowledged).map_err(|error| format!("{place}: {error}"))?;
            if found != records.len() as u64 {
                return Err(format!("{place}: {found} of {} records", records.len()));
            }
        }
    }
    Ok(states)
}

#[test]
fn every_acknowledged_batch_survives_every_crash_once() {
    let states = nights_survive(Planted::None).unwrap();
    assert!(states > 500, "{states} states");
    println!("{states} states after a crash");
}

#[test]
fn planted_bugs_of_the_writer_are_found() {
    for planted in [
        Planted::AcknowledgeBeforeSync,
        Planted::ForgetDuplicatesAfterRotation,
        Planted::SequenceOffByOne,
    ] {
        // An assertion of the ledger finds a batch that comes twice, before this test does.
        let found = std::panic::catch_unwind(|| nights_survive(planted));
        println!("{planted:?}: {found:?}");
        assert!(!matches!(found, Ok(Ok(_))), "{planted:?} is not found");
    }
}

/// Sends every record with one bit flipped, as an accident would; none may be taken.
fn damage_is_refused(planted: Planted) -> Result<usize, String> {
    let election = election();
    let (queue, jobs) = crossbeam::channel::bounded(1);
    let metrics = std::sync::Arc::default();
    let mut gate = Gate::new(election, queue, 1 << 20, metrics, std::sync::Arc::default());
    gate.planted = planted;
    let record = &batches(election, 1)[0];
    for bit in 0..record.len() * 8 {
        let mut damaged = record.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        // What is not even a record never comes as far as the gate.
        if crate::records::hash_of(&damaged).is_none() {
            continue;
        }
        if gate.enter(damaged, std::time::Instant::now(), None).is_ok() || !jobs.is_empty() {
            return Err(format!("a record with bit {bit} flipped was taken"));
        }
    }
    gate.enter(record.clone(), std::time::Instant::now(), None)
        .map_err(|answer| format!("the sound record was refused: {answer:?}"))?;
    Ok(record.len() * 8)
}

#[test]
fn every_flipped_bit_is_refused_at_the_gate() {
    assert!(damage_is_refused(Planted::None).unwrap() > 3_000);
    assert!(damage_is_refused(Planted::SkipChecksum).is_err(), "a skipped checksum is not found");
}

/// Nobody takes anything from this queue: the gate answers, and waits for nobody.
#[test]
fn a_full_queue_is_busy_and_an_ended_one_stopping() {
    let election = election();
    let (queue, jobs) = crossbeam::channel::bounded(2);
    let metrics = std::sync::Arc::default();
    let gate = Gate::new(election, queue, 4 << 10, metrics, std::sync::Arc::default());
    let records = batches(election, 1);
    let reason = |record: &RecordBytes| {
        let room = gate.room_for(record.len());
        assert!(room.is_some(), "room is given back with the answer");
        let pending = gate.enter(record.clone(), std::time::Instant::now(), room);
        pending.err().and_then(|answer| answer.reason())
    };
    assert_eq!(records[..3].iter().map(reason).collect::<Vec<_>>(), [None, None, Some(Code::Busy)]);
    assert_eq!(gate.waiting(), (2, 2 << 10));
    // Room alone is bounded as well: a record of three kilobytes has none beside the two.
    assert!(gate.room_for(3 << 10).is_none());
    drop(jobs.try_recv().unwrap());
    assert_eq!(gate.waiting(), (1, 1 << 10));
    assert_eq!(reason(&records[2]), None);
    gate.stop();
    assert_eq!(reason(&records[0]), Some(Code::Stopping));
    assert_eq!(jobs.len(), 2, "what was taken is not lost by stopping");
}

#[test]
fn a_failed_sync_acknowledges_nothing_and_ends_the_writer() {
    let election = election();
    let records = batches(election, 2);
    let group: Vec<&RecordBytes> = records.iter().collect();
    let whole = [CrashDisk::new(), CrashDisk::new()];
    let mut first = writer(election, &whole, Planted::None).unwrap();
    let opened = whole[0].operations();
    send(&mut first, &group).1.unwrap();
    let syncs = (opened..whole[0].operations()).filter(|at| whole[0].log()[*at].contains("sync"));
    let syncs: Vec<usize> = syncs.collect();
    assert!(!syncs.is_empty(), "{:?}", whole[0].log());
    for at in syncs {
        let disks = [CrashDisk::new(), CrashDisk::new()];
        let mut writer = writer(election, &disks, Planted::None).unwrap();
        disks[0].fail_at(at, Failure::Refused);
        let (answers, ended) = send(&mut writer, &group);
        assert!(ended.unwrap_err().contains("the process must stop"));
        assert!(answers.iter().all(Option::is_none), "{answers:?}");
    }
}

#[test]
fn a_full_disk_refuses_and_serves_what_is_there() {
    let election = election();
    let records = batches(election, 2);
    let disks = [CrashDisk::new(), CrashDisk::new()];
    let mut writer = writer(election, &disks, Planted::None).unwrap();
    let (known, new) = ([&records[0], &records[1]], [&records[2], &records[0], &records[3]]);
    send(&mut writer, &known).1.unwrap();
    disks[0].fail_at(disks[0].operations(), Failure::NoRoomAfter(100));
    let code = |answer: &Option<Answer>| answer.as_ref().and_then(Answer::reason);
    for _ in 0..2 {
        let (answers, ended) = send(&mut writer, &new);
        ended.unwrap();
        // What is durable is a duplicate as ever; what is not is not acknowledged, also when it
        // comes again.
        assert_eq!(code(&answers[0]), Some(Code::StorageFull), "{answers:?}");
        assert!(matches!(answers[1], Some(Answer::Duplicate { position: 0, .. })), "{answers:?}");
        assert_eq!(code(&answers[2]), Some(Code::StorageFull), "{answers:?}");
    }
}
