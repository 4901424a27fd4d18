//! What is to be sent: the batches of a folder in their order of arrival, and the known answer.
//!
//! In: a folder as `shomar generate` writes it. Out: every batch with its address, by virtual
//! client (a client is a station), and the totals to expect. Never: a record copied, changed or
//! believed; each is a slice of its segment, which is read into memory whole. So memory is the
//! segments and some 60 bytes for every batch, and folders above [`PLAN_BYTES_MAX`] are refused.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use shomar_format::bytes::Digest32;
use shomar_format::document::TallyDocument;
use shomar_format::election::{Mode, read_head};
use shomar_format::layout::record as at;
use shomar_format::record::{RecordHeader, record_hash};
use shomar_format::segment::SegmentReader;
use shomar_format::{BatchAddress, Fault};
use shomar_store::list_segments;

use crate::error::ReplayError;

/// Bytes of all segments together: a nation of sixty million ballots has about 300 MB.
pub const PLAN_BYTES_MAX: u64 = 4 << 30;

/// The file with the known answer.
const EXPECTED_FILE: &str = "expected.json";

/// One batch of the folder.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    segment: u32,
    offset: usize,
    length: usize,
    /// Station, district, device, sequence.
    pub(crate) address: BatchAddress,
    /// Ballots taken.
    pub(crate) ballots: u32,
    /// Whether it is signed.
    pub(crate) signed: bool,
    /// The virtual client that sends it.
    pub(crate) client: u32,
}

/// What is to be sent, and the known answer.
#[derive(Debug)]
pub struct Plan {
    directory: PathBuf,
    election: String,
    mode: Mode,
    segments: Vec<Bytes>,
    /// In the order of arrival; those of one device by sequence.
    batches: Vec<Batch>,
    /// The batches of each client, ascending: the order in which it sends them.
    clients: Vec<Vec<u32>>,
    expected: TallyDocument,
}

impl Plan {
    /// Reads a folder.
    ///
    /// # Errors
    /// If segments, `expected.json` or `election/election.toml` are missing, damaged or of several
    /// elections, or two records have one address.
    pub fn read(directory: &Path) -> Result<Self, ReplayError> {
        let paths = list_segments(directory)?;
        if paths.is_empty() {
            let expected = "segments, as `shomar generate` or `shomar seal` writes them";
            return Err(ReplayError::input(directory, 0, "no segment in it", expected));
        }
        let head = read_head(&directory.join("election"))?;
        let expected = read_expected(directory)?;
        check_answer(directory, &expected, &head.id, head.mode)?;
        let (mut segments, mut batches, mut total) = (Vec::new(), Vec::new(), 0);
        for (number, path) in (0..).zip(&paths) {
            let bytes = std::fs::metadata(path).map_err(ReplayError::io(path, "read"))?.len();
            total += bytes;
            if total > PLAN_BYTES_MAX {
                let found = format!("{total} bytes of segments");
                let expected = format!("at most {PLAN_BYTES_MAX}: they are held in memory");
                return Err(ReplayError::input(directory, 0, found, expected));
            }
            let segment = Bytes::from(std::fs::read(path).map_err(ReplayError::io(path, "read"))?);
            list_records(&segment, number, &mut batches)
                .map_err(|fault| ReplayError::Segment { path: path.clone(), fault })?;
            segments.push(segment);
        }
        let mut plan = Self {
            directory: directory.to_owned(),
            election: head.id,
            mode: head.mode,
            segments,
            batches,
            clients: Vec::new(),
            expected,
        };
        plan.order_by_sequence()?;
        plan.assign_clients();
        Ok(plan)
    }

    /// The folder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The election id.
    #[must_use]
    pub fn election(&self) -> &str {
        &self.election
    }

    /// Whether it is a test or counts.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The known answer.
    #[must_use]
    pub fn expected(&self) -> &TallyDocument {
        &self.expected
    }

    /// Batches.
    #[must_use]
    pub fn batch_count(&self) -> usize {
        self.batches.len()
    }

    /// Stations that have something to send.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.clients.len()
    }

    /// The batches of each client, in the order in which it sends them.
    pub(crate) fn clients(&self) -> &[Vec<u32>] {
        &self.clients
    }

    pub(crate) fn batch(&self, batch: usize) -> &Batch {
        &self.batches[batch]
    }

    /// The bytes of a record: a slice of its segment.
    pub(crate) fn record(&self, batch: usize) -> Bytes {
        let Batch { segment, offset, length, .. } = self.batches[batch];
        self.segments[segment as usize].slice(offset..offset + length)
    }

    /// The hash by which a record is known.
    pub(crate) fn hash(&self, batch: usize) -> Digest32 {
        record_hash(&self.record(batch))
    }

    /// The batch that the same client sends next.
    pub(crate) fn next_of_client(&self, batch: usize) -> Option<usize> {
        let own = &self.clients[self.batches[batch].client as usize];
        let place = own.partition_point(|&other| other as usize <= batch);
        own.get(place).map(|&other| other as usize)
    }

    /// Puts the batches of each device into the order of their sequence, in the places that they
    /// have: a station does not report the second before the first, whatever the order of files.
    fn order_by_sequence(&mut self) -> Result<(), ReplayError> {
        let mut places: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
        for (place, batch) in self.batches.iter().enumerate() {
            places.entry((batch.address.station, batch.address.device)).or_default().push(place);
        }
        for own in places.values() {
            let mut sorted: Vec<Batch> =
                own.iter().map(|&place| self.batches[place].clone()).collect();
            sorted.sort_by_key(|batch| batch.address.sequence);
            let repeated = sorted.windows(2).find(|pair| {
                let [first, second] = pair else { return false };
                first.address.sequence == second.address.sequence
            });
            if let Some([first, ..]) = repeated {
                let BatchAddress { station, device, sequence, .. } = first.address;
                let found = format!(
                    "two records of station {station}, device {device}, sequence {sequence}"
                );
                return Err(ReplayError::input(&self.directory, 0, found, "one"));
            }
            for (&place, batch) in own.iter().zip(sorted) {
                self.batches[place] = batch;
            }
        }
        Ok(())
    }

    /// One virtual client for each station, in the order of their first batches.
    fn assign_clients(&mut self) {
        let mut of_station: HashMap<u32, u32> = HashMap::new();
        for (place, batch) in (0..).zip(&mut self.batches) {
            let next = self.clients.len();
            let client = *of_station.entry(batch.address.station).or_insert_with(|| {
                self.clients.push(Vec::new());
                u32::try_from(next).expect("stations are counted in 32 bits")
            });
            batch.client = client;
            self.clients[client as usize].push(place);
        }
    }
}

fn list_records(segment: &Bytes, number: u32, batches: &mut Vec<Batch>) -> Result<(), Fault> {
    let mut reader = SegmentReader::open(segment)?;
    while let Some(framed) = reader.next_record()? {
        let base = framed.offset as u64;
        let header = RecordHeader::read(framed.record).map_err(|fault| fault.shifted(base))?;
        if header.kind() != at::KIND_BALLOTS {
            let place = framed.offset + at::KIND_OFFSET;
            return Err(Fault::new(place, "record kind", header.kind(), "1 (ballots)"));
        }
        batches.push(Batch {
            segment: number,
            offset: framed.offset,
            length: framed.record.len(),
            address: header.address(),
            ballots: header.taken(),
            signed: header.version() == at::VERSION_SIGNED,
            client: 0,
        });
    }
    // Clients hold places in 32 bits.
    if u32::try_from(batches.len()).is_err() {
        return Err(Fault::new(0, "records", batches.len(), u32::MAX));
    }
    Ok(())
}

fn read_expected(directory: &Path) -> Result<TallyDocument, ReplayError> {
    let path = directory.join(EXPECTED_FILE);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let expected = "the known answer, as `shomar generate` writes it";
            return Err(ReplayError::input(&path, 0, "no such file", expected));
        }
        read => read.map_err(ReplayError::io(&path, "read"))?,
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        let line = u64::try_from(error.line()).unwrap_or(0);
        ReplayError::input(&path, line, error.to_string(), "the JSON of a tally")
    })
}

/// The answer must be one to this election.
fn check_answer(
    directory: &Path,
    expected: &TallyDocument,
    election: &str,
    mode: Mode,
) -> Result<(), ReplayError> {
    let path = directory.join(EXPECTED_FILE);
    let pairs =
        [("election", expected.election.as_str(), election), ("mode", &expected.mode, mode.name())];
    for (what, found, wanted) in pairs {
        if found != wanted {
            let found = format!("{what} '{found}'");
            let wanted = format!("'{wanted}' as in election/election.toml");
            return Err(ReplayError::input(&path, 0, found, wanted));
        }
    }
    Ok(())
}
