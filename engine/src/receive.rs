//! What a receiver asks of a batch before it takes it: everything that a count will ask, and more.
//!
//! In: a record from anybody. Out: what it holds; or why it is refused, with a code. Never: a batch
//! taken that a later count would refuse, so that nobody can spoil a count by a batch; its chain
//! and its place in the journal are not looked at here.

use shomar_format::bytes::hex;
use shomar_format::control::Control;
use shomar_format::layout::record as at;
use shomar_format::record::{
    RecordHeader, verify_bytes, verify_control, verify_evidence, verify_signature,
};
use shomar_format::{Election, Fault, Reading, layout};

use crate::definition::Definition;
use crate::facts::Facts;
use crate::kernel::{Kernel, Scratch};
use crate::standing::verify_officer;
use crate::tally::{CountedBatch, count_alone};

/// Why a record is refused, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalCode {
    /// Its bytes are not what was sealed.
    Bytes,
    /// Its version is one that this program does not know.
    Version,
    /// It is of another election, or of another definition of this one.
    Definition,
    /// No such station, device or district, or the district is another one.
    Address,
    /// Its pair is not in `serves.csv`.
    NotServed,
    /// It is signed, and its device has no key.
    Key,
    /// It is unsigned where it must not be, or the signature is not its device's.
    Signature,
    /// The body hash, or the order of ballots, is another.
    Evidence,
    /// A ballot is none of its district.
    Ballots,
}

impl RefusalCode {
    /// As answers have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Version => "version",
            Self::Definition => "definition",
            Self::Address => "address",
            Self::NotServed => "not-served",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Evidence => "evidence",
            Self::Ballots => "ballots",
        }
    }
}

/// A refused record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// For programs.
    pub code: RefusalCode,
    /// For people.
    pub fault: Fault,
}

/// What a record that may be taken holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Ballots of a batch or a recount, as they count under the readings in force.
    Batch(CountedBatch),
    /// A decision of an officer.
    Control(Box<Control>),
}

/// Checks records of one election.
pub struct Receiver<'a> {
    definition: &'a Definition,
    election: &'a Election,
    facts: Facts<'a>,
    readings: Vec<Reading>,
    kernel: Kernel,
}

impl<'a> Receiver<'a> {
    /// Begins for an election, whose keys are in `election`.
    #[must_use]
    pub fn new(definition: &'a Definition, election: &'a Election) -> Self {
        let facts = Facts::of(definition.counting());
        let readings = definition.readings();
        Self { definition, election, facts, readings, kernel: Kernel::best() }
    }

    /// Checks a record: its bytes, definition, address, every ballot, and the signature. `record`
    /// must be aligned to 16.
    ///
    /// # Errors
    /// The first thing because of which it is refused.
    pub fn receive(&self, record: &[u8], workspace: &mut Workspace) -> Result<Received, Refused> {
        let refused = |code| move |fault| Refused { code, fault };
        let header = RecordHeader::read(record).map_err(|fault| {
            let is_version = fault.offset == at::VERSION_OFFSET as u64;
            refused(if is_version { RefusalCode::Version } else { RefusalCode::Bytes })(fault)
        })?;
        if header.kind() == at::KIND_CONTROL {
            verify_control(record).map_err(refused(RefusalCode::Bytes))?;
            let (counting, head) = (self.definition.counting(), &self.definition.head);
            let control = verify_officer(record, &counting, head);
            return match control {
                Ok(control) => Ok(Received::Control(Box::new(control))),
                Err(fault) => {
                    let code = match fault.what {
                        "definition digest" => RefusalCode::Definition,
                        "officer" => RefusalCode::Address,
                        _ => RefusalCode::Signature,
                    };
                    Err(Refused { code, fault })
                }
            };
        }
        verify_bytes(record).map_err(refused(RefusalCode::Bytes))?;
        let expected = self.facts.definition().digest();
        if header.definition() != expected {
            let (found, expected) = (hex(header.definition()), hex(expected));
            let fault = Fault::new(at::DEFINITION_OFFSET, "definition digest", found, expected);
            return Err(refused(RefusalCode::Definition)(fault));
        }
        let Workspace { scratch, counts } = workspace;
        let counted =
            count_alone(record, &self.facts, &self.readings, self.kernel, scratch, counts);
        let counted = counted.map_err(|fault| {
            let in_header = fault.offset < layout::record::HEADER_BYTES as u64;
            refused(match fault.what {
                "station and district" => RefusalCode::NotServed,
                "lists of the district" => RefusalCode::Address,
                _ if in_header => RefusalCode::Address,
                _ => RefusalCode::Ballots,
            })(fault)
        })?;
        verify_evidence(record).map_err(refused(RefusalCode::Evidence))?;
        self.check_signature(record, header)?;
        Ok(Received::Batch(counted))
    }

    fn check_signature(&self, record: &[u8], header: RecordHeader<'_>) -> Result<(), Refused> {
        let mode = self.definition.head.mode;
        let is_signed = header.version() == at::VERSION_SIGNED;
        if !is_signed && mode == shomar_format::election::Mode::Test {
            return Ok(());
        }
        let address = header.address();
        let station = &self.election.stations[address.station as usize];
        let key = station.devices[address.device as usize].key;
        let (Some(key), true) = (key, is_signed) else {
            let (code, found, expected) = match is_signed {
                true => (RefusalCode::Key, "a signature", "none: the device has no key"),
                false => (RefusalCode::Signature, "no signature", "that of the device"),
            };
            return Err(Refused { code, fault: Fault::new(0, "record", found, expected) });
        };
        let signature = verify_signature(record, mode, &key);
        signature.map_err(|fault| Refused { code: RefusalCode::Signature, fault })
    }
}

/// What a thread keeps between records.
#[derive(Debug, Default)]
pub struct Workspace {
    scratch: Scratch,
    counts: Vec<u32>,
}
