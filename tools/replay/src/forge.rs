//! Faulty records, as somebody with bad luck or bad intent would make them.
//!
//! In: an honest record, a kind of fault, keys of the folder. Out: bytes. Never: the sealing code
//! of the format where an attacker has none: records are signed again here by FORMAT.md 4.2.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use shomar_format::bytes::{Digest32, aligned, digest_from_hex};
use shomar_format::checksum::checksum_with_hole;
use shomar_format::election::{Election, Mode};
use shomar_format::layout::record as at;
use shomar_format::limits::BATCH_BALLOTS_MAX;
use shomar_format::record::{SecretKey, previous_hash};
use shomar_format::table::{Problem, read_table};
use shomar_format::{Canonicaliser, DistrictShape, SealedBatch};

use crate::error::ReplayError;
use crate::faults::{Faults, Kind};
use crate::plan::{Batch, Plan};
use crate::random::{Purpose, Random};

/// The file with the secrets of synthetic devices.
const KEYS_FILE: &str = "secret-keys.csv";

/// What faulty records are made of.
#[derive(Debug)]
pub(crate) struct Forge {
    mode: Mode,
    seed: u64,
    /// Of each district, if any fault needs it.
    shapes: Vec<DistrictShape>,
    /// The secret seed of each (station, device), if any fault needs it.
    secrets: HashMap<(u32, u32), Digest32>,
}

impl Forge {
    /// Reads what the faults need of the folder, and nothing else of it.
    ///
    /// # Errors
    /// If the election or a key is missing or wrong.
    pub(crate) fn new(plan: &Plan, faults: &Faults, seed: u64) -> Result<Self, ReplayError> {
        let mut forge =
            Self { mode: plan.mode(), seed, shapes: Vec::new(), secrets: HashMap::new() };
        if !faults.rules.iter().any(|rule| rule.kind.needs_key()) {
            return Ok(forge);
        }
        let (election, _) = Election::read(&plan.directory().join("election"))?;
        forge.shapes = election.districts.iter().map(|district| district.shape()).collect();
        let needed = faults
            .hits()
            .filter(|(batch, rule)| rule.kind.needs_key() && plan.batch(*batch).signed)
            .map(|(batch, _)| plan.batch(batch).address);
        let mut needed = needed.peekable();
        if needed.peek().is_some() {
            let path = plan.directory().join(KEYS_FILE);
            forge.secrets = read_secrets(&path, &election)?;
            let missing = needed
                .find(|address| !forge.secrets.contains_key(&(address.station, address.device)));
            if let Some(address) = missing {
                let station = election.stations.get(address.station as usize);
                let station = station.map_or("?", |station| &station.id);
                let found = format!("no key of station '{station}', device {}", address.device);
                return Err(ReplayError::input(&path, 0, found, "the key of every device"));
            }
        }
        if let Some((batch, _)) = faults.hits().find(|(batch, rule)| {
            rule.kind == Kind::Equivocation
                && plan.batch(*batch).address.district as usize >= forge.shapes.len()
        }) {
            let found = format!("a batch of district {}", plan.batch(batch).address.district);
            let expected = format!("one below {}", forge.shapes.len());
            return Err(ReplayError::input(plan.directory(), 0, found, expected));
        }
        Ok(forge)
    }

    /// The bytes that a fault sends: a rule by its number, on a batch.
    pub(crate) fn make(&self, plan: &Plan, rule: usize, kind: Kind, batch: usize) -> Bytes {
        let mut random = Random::new(self.seed, Purpose::Content, rule as u64, batch as u64);
        let honest = plan.record(batch);
        match kind {
            Kind::Duplicate | Kind::Truncate | Kind::Slow => honest,
            Kind::Reorder => plan.next_of_client(batch).map_or(honest, |next| plan.record(next)),
            Kind::WrongKey => {
                let key = SigningKey::from_bytes(&digest(&mut random));
                sign_again(&honest, &key, self.mode, &previous_hash(&honest))
            }
            Kind::Unsigned => unsigned(&honest),
            Kind::Equivocation => self.equivocation(plan, batch, &honest),
            Kind::Fork => {
                let other = somebody_elses(plan, batch, &honest, &mut random);
                sign_again(&honest, &self.key(plan, batch), self.mode, &other)
            }
            Kind::TestAsOfficial => {
                let other = match self.mode {
                    Mode::Test => Mode::Official,
                    Mode::Official => Mode::Test,
                };
                sign_again(&honest, &self.key(plan, batch), other, &previous_hash(&honest))
            }
            Kind::Flip => {
                let mut bytes = honest.to_vec();
                let place = random.place(bytes.len());
                bytes[place] ^= 1 << random.below(8);
                bytes.into()
            }
            Kind::Garbage => {
                let length = 1 + random.place(4_096);
                random.bytes(length).into()
            }
        }
    }

    /// Where a truncated upload stops: somewhere before the end.
    pub(crate) fn cut(&self, rule: usize, batch: usize, length: usize) -> usize {
        Random::new(self.seed, Purpose::Content, rule as u64, batch as u64).place(length)
    }

    fn secret(&self, plan: &Plan, batch: usize) -> &Digest32 {
        let address = plan.batch(batch).address;
        let secret = self.secrets.get(&(address.station, address.device));
        secret.expect("looked up for every hit when the forge was made")
    }

    fn key(&self, plan: &Plan, batch: usize) -> SigningKey {
        SigningKey::from_bytes(self.secret(plan, batch))
    }

    /// Another record in the place of an honest one: one ballot more, all blank.
    fn equivocation(&self, plan: &Plan, batch: usize, honest: &[u8]) -> Bytes {
        let Batch { address, ballots, signed, .. } = *plan.batch(batch);
        let taken = if ballots < BATCH_BALLOTS_MAX { ballots + 1 } else { ballots - 1 };
        let mut canonicaliser = Canonicaliser::new(self.shapes[address.district as usize]);
        canonicaliser.add(&[], taken);
        let batches = canonicaliser.finish();
        let definition = honest[at::DEFINITION_OFFSET..][..32].try_into().expect("32 bytes");
        let mut sealed = SealedBatch::seal(&definition, address, &batches[0]);
        if signed {
            let key = SecretKey::from_seed(self.secret(plan, batch));
            sealed.sign(&key, self.mode, &previous_hash(honest));
        }
        Bytes::copy_from_slice(sealed.bytes())
    }
}

/// The hash of a record that is not the one before this on its device.
fn somebody_elses(plan: &Plan, batch: usize, honest: &[u8], random: &mut Random) -> Digest32 {
    let other = random.place(plan.batch_count());
    let hash = plan.hash(other);
    let is_other = plan.batch(other).client != plan.batch(batch).client;
    if is_other && hash != previous_hash(honest) { hash } else { digest(random) }
}

fn digest(random: &mut Random) -> Digest32 {
    random.bytes(32).try_into().expect("32 bytes were asked for")
}

/// The same record, signed by this key for this mode as the successor of `previous`.
fn sign_again(record: &[u8], key: &SigningKey, mode: Mode, previous: &Digest32) -> Bytes {
    let mut record = record.to_vec();
    record[at::VERSION_OFFSET..][..2].copy_from_slice(&at::VERSION_SIGNED.to_le_bytes());
    record[at::CHECKSUM_OFFSET..][..8].fill(0);
    let message = [
        b"shomar-signature 2\n",
        mode.name().as_bytes(),
        b"\n",
        &record[..at::HEADER_BYTES],
        previous,
    ]
    .concat();
    let signature = key.sign(&message).to_bytes();
    let trailer = record.len() - at::TRAILER_BYTES;
    record[trailer + at::TRAILER_PREVIOUS_OFFSET..][..32].copy_from_slice(previous);
    record[trailer + at::TRAILER_SIGNATURE_OFFSET..][..64].copy_from_slice(&signature);
    put_checksum(record)
}

/// The same record without its signature.
fn unsigned(record: &[u8]) -> Bytes {
    let mut record = record.to_vec();
    record[at::VERSION_OFFSET..][..2].copy_from_slice(&at::VERSION_UNSIGNED.to_le_bytes());
    let trailer = record.len() - at::TRAILER_BYTES;
    record[trailer..].fill(0);
    put_checksum(record)
}

fn put_checksum(mut record: Vec<u8>) -> Bytes {
    debug_assert_eq!(record.len(), aligned(record.len()));
    let checksum = checksum_with_hole(&record, at::CHECKSUM_OFFSET);
    record[at::CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
    record.into()
}

/// Reads the secrets of devices, by the indices of the definition.
fn read_secrets(
    path: &Path,
    election: &Election,
) -> Result<HashMap<(u32, u32), Digest32>, ReplayError> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let expected = "the secret keys, as `shomar generate --signed` writes them: faults are \
                            signed with them";
            return Err(ReplayError::input(path, 0, "no such file", expected));
        }
        read => read.map_err(ReplayError::io(path, "read"))?,
    };
    let stations: HashMap<&str, u32> =
        election.stations.iter().map(|station| station.id.as_str()).zip(0..).collect();
    let mut secrets = HashMap::new();
    let mut problems = Vec::new();
    let columns = ["station", "device", "secret"];
    read_table(KEYS_FILE, &bytes, &columns, &[], &mut problems, |row, problems| {
        let problem = |found: String, expected: &str| Problem {
            file: KEYS_FILE.to_owned(),
            line: row.line,
            found,
            expected: expected.to_owned(),
        };
        let [station, device, secret] = [0, 1, 2].map(|column| row.field(column));
        match (stations.get(station), device.parse(), digest_from_hex(secret)) {
            (None, ..) => {
                problems.push(problem(format!("station '{station}'"), "one of stations.csv"));
            }
            (_, Err(_), _) => {
                problems.push(problem(format!("device '{device}'"), "its number in its station"));
            }
            // A secret is not repeated in a message, even a wrong one.
            (.., None) => problems.push(problem(
                format!("{} characters in 'secret'", secret.chars().count()),
                "64 hexadecimal digits",
            )),
            (Some(&station), Ok(device), Some(secret)) => {
                secrets.insert((station, device), secret);
            }
        }
    });
    match problems.into_iter().next() {
        None => Ok(secrets),
        Some(Problem { line, found, expected, .. }) => {
            Err(ReplayError::Input { path: PathBuf::from(path), line, found, expected })
        }
    }
}

#[cfg(test)]
#[path = "forge_tests.rs"]
mod tests;
