//! How `bench-data/golden/v2` came about: its journal, sealed and signed again, byte for byte.
//!
//! In: the election text of the folder, and the ballots and decisions below. Out: the same segments
//! and the same compiled definition. Never: a golden file written; what differs is a finding.
//! Should a later version of the format seal otherwise, this file goes and the folder stays.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use shomar_engine::Definition;
use shomar_format::bytes::Digest32;
use shomar_format::control::{Action, Control, Lot, Subject};
use shomar_format::record::{NO_PREVIOUS, SecretKey, control_address, record_hash};
use shomar_format::{BatchAddress, Canonicaliser, Election, Encoding, SealedBatch, UNKNOWN_OPTION};
use shomar_store::disk::DirectoryDisk;
use shomar_store::journal::{Journal, JournalOptions};

use crate::kit;

/// When the first record was received, and signed if an officer did. The next one comes a second
/// later.
const BEGAN_MS: u64 = 1_793_800_000_000;
/// Small, so that the journal has several segments.
const SEGMENT_BYTES: u64 = 4_096;

/// Seeds of the devices, and of the officers: 32 equal bytes.
const DEVICE_SEEDS: [(&str, u32, u8); 5] =
    [("S1", 0, 1), ("شعبه۲", 0, 2), ("شعبه۲", 1, 3), ("S,3", 0, 4), ("S4", 0, 5)];
const OFFICER_SEEDS: [u8; 2] = [101, 102];
const CHAIR: u32 = 0;
const DEPUTY: u32 = 1;

const VILLAGE: &str = "V\"1\"";

/// Choices as entered, and how many ballots have them. 999 is nobody's code.
type Ballots = [(&'static [u32], u32)];

const FIRST: &Ballots = &[
    (&[40], 21),
    (&[50], 9),
    (&[101, 201, 301], 19),
    (&[301, 302], 7),
    (&[101], 4),
    (&[40, 301], 2),
    (&[201, 201], 1),
    (&[999], 1),
    (&[], 3),
];
/// The same station counted again: a list more, a blank one less, and other ballots as entered.
const AGAIN: &Ballots = &[
    (&[40], 22),
    (&[50], 9),
    (&[101, 201, 301], 19),
    (&[301, 302], 7),
    (&[101], 4),
    (&[50, 40, 301], 2),
    (&[101, 102, 103, 201, 202, 302], 1),
    (&[999], 1),
    (&[], 2),
];
const LATE: &Ballots = &[(&[50], 6), (&[302], 1)];
const YET_AGAIN: &Ballots = &[(&[40], 60), (&[], 1)];
const TWO_LISTS: &Ballots = &[(&[50], 5), (&[202, 203], 6), (&[40, 50], 2), (&[], 1)];
const SPARSE: &Ballots = &[
    (&[4_294_967_295], 2),
    (&[101, 102, 103, 302], 3),
    (&[203], 1),
    (&[201, 202, 203, 301, 302], 1),
    (&[999, 40], 1),
    (&[], 2),
];
/// More than a tenth above the twelve registered.
const TOO_MANY: &Ballots = &[(&[40], 8), (&[302, 201], 4), (&[40, 40], 1), (&[], 1)];
/// 102 and 103 have equally many, here and in every batch of the village.
const TWIN: &Ballots = &[
    (&[101, 102], 6),
    (&[101, 103], 6),
    (&[104], 3),
    (&[102, 103], 4),
    (&[101, 101], 1),
    (&[103, 102, 104], 1),
    (&[999], 1),
    (&[], 2),
];
const FEW: &Ballots = &[(&[101, 102], 1), (&[101, 103], 1), (&[102], 1), (&[103], 1), (&[], 1)];
const OTHER: &Ballots = &[(&[102, 101], 2), (&[103], 2), (&[102, 103, 102], 1)];
const NOBODY: &Ballots = &[];

/// The journal as it is written.
struct Writer {
    election: Election,
    definition: Definition,
    journal: Journal<DirectoryDisk>,
    /// Sequence and previous hash of what comes next, by station and device; officers are of none.
    chains: HashMap<(u32, u32), (u64, Digest32)>,
    /// The records so far.
    records: Vec<Vec<u8>>,
}

impl Writer {
    fn new(folder: &Path) -> Self {
        let (election, sources) = Election::read(&golden().join("election")).unwrap();
        std::fs::create_dir_all(folder.join("election")).unwrap();
        let compiled = election.compile(&sources);
        std::fs::write(folder.join("election/definition.shomar"), &compiled).unwrap();
        let definition = Definition::of(&election, &sources);
        let digest = *definition.counting().digest();
        let disk = DirectoryDisk::create(folder).unwrap();
        let options = JournalOptions { segment_bytes_max: SEGMENT_BYTES };
        let journal = Journal::open(disk, digest, options, |_| {}).unwrap();
        Self { election, definition, journal, chains: HashMap::new(), records: Vec::new() }
    }

    fn now(&self) -> u64 {
        BEGAN_MS + self.records.len() as u64 * 1_000
    }

    /// Appends a record of the device (or officer) that has this seed.
    fn append(&mut self, unsigned: SealedBatch, seed: u8) {
        let address = shomar_format::record::address_at(unsigned.bytes());
        let chain = self.chains.get_mut(&(address.station, address.device)).unwrap();
        let mode = self.definition.head.mode;
        let record = unsigned.signed(&SecretKey::from_seed(&[seed; 32]), mode, &chain.1);
        *chain = (chain.0 + 1, record.hash());
        self.take(record.bytes().to_vec());
    }

    fn take(&mut self, record: Vec<u8>) {
        self.journal.append(&record, self.now()).unwrap();
        self.records.push(record);
    }

    fn hash(&self, record: usize) -> Digest32 {
        record_hash(&self.records[record])
    }

    fn batch(&mut self, place: (&str, u32, &str), encoding: Encoding, ballots: &Ballots) {
        self.ballots(place, ballots, |definition, address, batch| {
            SealedBatch::seal_as(encoding, definition, address, batch)
        });
    }

    fn recount(&mut self, place: (&str, u32, &str), ballots: &Ballots) {
        self.ballots(place, ballots, SealedBatch::seal_recount);
    }

    fn ballots(
        &mut self,
        (station_id, device, district): (&str, u32, &str),
        ballots: &Ballots,
        seal: impl Fn(&Digest32, BatchAddress, &shomar_format::CanonicalBatch) -> SealedBatch,
    ) {
        let counting = self.definition.counting();
        let station = counting.find_station(station_id).unwrap();
        let district = counting.find_district(district).unwrap();
        assert!((device as usize) < self.election.stations[station as usize].devices.len());
        let codes = counting.option_codes(district);
        let mut canonicaliser = Canonicaliser::new(counting.shape(district));
        for (choices, count) in ballots {
            let option = |choice: &u32| {
                let at = codes.iter().position(|code| code.to_native() == *choice);
                at.map_or(UNKNOWN_OPTION, |at| u16::try_from(at).unwrap())
            };
            canonicaliser.add(&choices.iter().map(option).collect::<Vec<_>>(), *count);
        }
        let batches = canonicaliser.finish();
        let chain = self.chains.entry((station, device)).or_insert((0, NO_PREVIOUS));
        let address = BatchAddress { station, district, device, sequence: chain.0 };
        let record = seal(counting.digest(), address, &batches[0]);
        let own = |(id, number, _): &&(&str, u32, u8)| (*id, *number) == (station_id, device);
        self.append(record, DEVICE_SEEDS.iter().find(own).unwrap().2);
    }

    fn control(&mut self, officer: u32, why: &str, action: Action) {
        let control = Control { at_ms: self.now(), why: why.to_owned(), action };
        let seed = OFFICER_SEEDS[officer as usize];
        let nowhere = control_address(officer, 0).station;
        let chain = *self.chains.entry((nowhere, officer)).or_insert((0, NO_PREVIOUS));
        let record = SealedBatch::seal_control(
            self.definition.counting().digest(),
            officer,
            chain.0,
            &control,
            &SecretKey::from_seed(&[seed; 32]),
            self.definition.head.mode,
            &chain.1,
        );
        self.append(record.unwrap(), seed);
    }

    /// Ends a group: everything so far is durable.
    fn commit(&mut self) {
        self.journal.commit().unwrap();
    }
}

fn golden() -> PathBuf {
    kit::workspace().join("bench-data/golden/v2")
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// Writes the whole journal into a folder. Comments are the numbers of the records.
fn write(folder: &Path) {
    let mut writer = Writer::new(folder);
    let (first, second) = (("S1", 0, "T"), ("شعبه۲", 0, "T"));
    let (village, other) = (("S1", 0, VILLAGE), ("شعبه۲", 1, VILLAGE));
    let (third, fourth) = (("S,3", 0, "T"), ("S4", 0, VILLAGE));
    let other_pair = Subject::Pair(text("شعبه۲"), text(VILLAGE));
    let fourth_station = Subject::Station(text("S4"));
    let annul = |reason: &str, subject: &Subject| Action::Annul {
        reason: text(reason),
        subject: subject.clone(),
    };
    let reinstate = |subject: &Subject| Action::Reinstate { subject: subject.clone() };

    // 0 to 4
    writer.control(CHAIR, "ساعت هشت؛ صندوق‌ها خالی است", Action::Open);
    writer.commit();
    writer.batch(first, Encoding::Columnar, FIRST);
    writer.batch(second, Encoding::Columnar, TWO_LISTS);
    writer.batch(("شعبه۲", 1, "T"), Encoding::Sparse, SPARSE);
    writer.batch(village, Encoding::Columnar, TWIN);
    writer.commit();
    // 5 to 9: one with too many ballots, and one that is the same as 4. The pair of 9 is annulled
    // before it comes.
    writer.batch(third, Encoding::Columnar, TOO_MANY);
    writer.batch(fourth, Encoding::Sparse, FEW);
    writer.batch(fourth, Encoding::Columnar, TWIN);
    writer.commit();
    writer.control(DEPUTY, "the box has no seal", annul("b-no-seal", &other_pair));
    writer.batch(other, Encoding::Columnar, OTHER);
    writer.commit();
    // 10 to 13
    let second_batch = Subject::Batch(writer.hash(2));
    let sparse_batch = Subject::Batch(writer.hash(3));
    writer.control(CHAIR, "تقلب در شمارش", annul("b-fraud", &sparse_batch));
    writer.control(CHAIR, "minutes do not agree", annul("b-excess", &second_batch));
    writer.control(DEPUTY, "given under threat, they say", annul("b-threat", &fourth_station));
    writer.recount(first, AGAIN);
    writer.commit();
    // 14 and 15: what is counted first and comes after the recount is too late.
    let supersede = Action::Supersede {
        station: text("S1"),
        district: text("T"),
        old: vec![writer.hash(1)],
        new: vec![writer.hash(13)],
    };
    writer.control(CHAIR, "counted again before the observers", supersede);
    writer.commit();
    writer.batch(first, Encoding::Columnar, LATE);
    // 16 to 18
    writer.control(DEPUTY, "no threat was proved", reinstate(&fourth_station));
    writer.control(DEPUTY, "the seal was found", reinstate(&other_pair));
    writer.control(CHAIR, "the minutes were put right", reinstate(&second_batch));
    writer.commit();
    // 19 to 22: a ruling and then another one, and a batch with nothing in it.
    let (twin, copy, too_many) = (writer.hash(4), writer.hash(7), writer.hash(5));
    writer.control(CHAIR, "this one is the box", Action::Release { batch: twin });
    writer.control(DEPUTY, "and this one its copy", Action::Reject { batch: copy });
    writer.control(DEPUTY, "more ballots than voters", Action::Reject { batch: too_many });
    writer.batch(other, Encoding::Columnar, NOBODY);
    writer.commit();
    // 23 to 28: this recount stands for nothing, and a batch has come again.
    writer.control(CHAIR, "two voters came from S4", Action::Release { batch: too_many });
    writer.recount(first, YET_AGAIN);
    let lot = Lot {
        district: text(VILLAGE),
        kind: text("person"),
        place: 1,
        winner: text("103"),
        between: text("102;103"),
        drawn_at: text("۱۴۰۵/۰۸/۱۶، ساعت ۱۰"),
        present: String::new(),
    };
    writer.control(DEPUTY, "by lot, article 30", Action::Lot(lot));
    writer.control(CHAIR, "everything is in", Action::Close);
    let declare = Action::Declare { district: text(VILLAGE), elected: vec![101, 103] };
    writer.control(CHAIR, "اعلام نتیجه", declare);
    writer.take(writer.records[6].clone());
    writer.commit();
    writer.journal.close().unwrap();
}

#[test]
fn golden_journal_is_sealed_signed_and_written_again_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let mut compared = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let name = entry.unwrap().file_name();
        // The lock is empty, and only of this machine.
        if name == "election" || name == ".journal.lock" {
            continue;
        }
        let written = std::fs::read(folder.path().join(&name)).unwrap();
        assert!(std::fs::read(golden().join(&name)).unwrap() == written, "{name:?}");
        compared += 1;
    }
    let segments = shomar_store::list_segments(&golden()).unwrap();
    assert_eq!(compared, segments.len() + 1, "every segment, and the hint");
    let definition = "election/definition.shomar";
    let again = std::fs::read(folder.path().join(definition)).unwrap();
    assert!(std::fs::read(golden().join(definition)).unwrap() == again);
}
