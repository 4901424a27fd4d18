//! `shomar control`: an officer signs a decision.
//!
//! In: an election, the officer's secret key, what is decided and why. Out: one sealed control
//! record in a file, to be sent to the server like a batch. Never: a total changed here; the record
//! acts where it stands in the journal, and only if it can be applied there.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use shomar_engine::definition::Definition;
use shomar_format::bytes::{Digest32, digest_from_hex, hex};
use shomar_format::control::{Action, Control, Lot, Subject};
use shomar_format::record::{NO_PREVIOUS, SecretKey, record_hash};
use shomar_format::{SealedBatch, layout};
use shomar_store::write_durably;

use crate::count::open_definition;

/// Arguments of `shomar control`.
#[derive(Args)]
pub(crate) struct ControlArguments {
    /// Election folder.
    #[arg(long, value_name = "DIR", global = true, default_value = "election")]
    election: PathBuf,
    /// File with the officer's secret key.
    #[arg(long, value_name = "FILE", global = true)]
    key: Option<PathBuf>,
    /// The officer's last record: a file that this command wrote. Without it this is the first.
    #[arg(long, value_name = "FILE", global = true)]
    after: Option<PathBuf>,
    /// New file for the record.
    #[arg(long, value_name = "FILE", global = true)]
    out: Option<PathBuf>,
    /// Why, in words.
    #[arg(long, value_name = "TEXT", global = true, default_value = "")]
    why: String,
    #[command(subcommand)]
    decision: Decision,
}

#[derive(Subcommand)]
enum Decision {
    /// The vote begins.
    Open,
    /// The vote is over: numbers per option from here on.
    Close,
    /// Take a station, a pair of station and district, or a batch out of the totals.
    Annul {
        #[command(flatten)]
        subject: SubjectArguments,
        /// Code of the reason (`shomar rules`), such as b-fraud.
        #[arg(long, value_name = "CODE")]
        reason: String,
    },
    /// Take an annulment back.
    Reinstate {
        #[command(flatten)]
        subject: SubjectArguments,
    },
    /// Put a recount in place of what stood for a pair.
    Supersede {
        /// Station.
        #[arg(long, value_name = "ID")]
        station: String,
        /// District.
        #[arg(long, value_name = "ID")]
        district: String,
        /// Hash of a record that stands now; all of them.
        #[arg(long, value_name = "HASH", value_parser = parse_hash)]
        old: Vec<Digest32>,
        /// Hash of a record of the recount; all of them.
        #[arg(long, value_name = "HASH", value_parser = parse_hash, required = true)]
        new: Vec<Digest32>,
    },
    /// Count a batch that a check holds.
    Release {
        /// Hash of its record.
        #[arg(long, value_name = "HASH", value_parser = parse_hash)]
        batch: Digest32,
    },
    /// Leave a batch that a check holds out for good.
    Reject {
        /// Hash of its record.
        #[arg(long, value_name = "HASH", value_parser = parse_hash)]
        batch: Digest32,
    },
    /// Record a lot that was drawn (docs/commands.md, "Lots").
    Lot {
        /// District.
        #[arg(long, value_name = "ID")]
        district: String,
        /// seat, person, alternate, runoff or replacement.
        #[arg(long)]
        kind: String,
        /// Which lot of its tie, from 1.
        #[arg(long, value_name = "N")]
        place: u32,
        /// Code of the winner; empty for the independents together.
        #[arg(long, value_name = "CODE", default_value = "")]
        winner: String,
        /// Between whom, separated by ;
        #[arg(long, value_name = "CODES", default_value = "")]
        between: String,
        /// When it was drawn, in the words of the minutes.
        #[arg(long, value_name = "TEXT", default_value = "")]
        drawn_at: String,
        /// Who was present, in the words of the minutes.
        #[arg(long, value_name = "TEXT", default_value = "")]
        present: String,
    },
    /// Declare the result of a district.
    Declare {
        /// District.
        #[arg(long, value_name = "ID")]
        district: String,
        /// Code of somebody declared elected; all of them.
        #[arg(long, value_name = "CODE")]
        elected: Vec<u32>,
    },
}

#[derive(Args)]
struct SubjectArguments {
    /// All batches of this station; with --district, those for it alone.
    #[arg(long, value_name = "ID", required_unless_present = "batch", conflicts_with = "batch")]
    station: Option<String>,
    /// Only those for this district.
    #[arg(long, value_name = "ID", requires = "station")]
    district: Option<String>,
    /// One batch, by the hash of its record.
    #[arg(long, value_name = "HASH", value_parser = parse_hash)]
    batch: Option<Digest32>,
}

impl SubjectArguments {
    fn subject(&self) -> anyhow::Result<Subject> {
        match (&self.station, &self.district, self.batch) {
            (Some(station), Some(district), _) => {
                Ok(Subject::Pair(station.clone(), district.clone()))
            }
            (Some(station), None, _) => Ok(Subject::Station(station.clone())),
            (None, _, Some(batch)) => Ok(Subject::Batch(batch)),
            (None, _, None) => bail!("found no subject, expected --station or --batch"),
        }
    }
}

fn parse_hash(text: &str) -> Result<Digest32, String> {
    digest_from_hex(text)
        .ok_or_else(|| format!("found '{text}', expected 64 hexadecimal digits of a record's hash"))
}

/// Runs the command.
pub(crate) fn run(arguments: &ControlArguments) -> anyhow::Result<ExitCode> {
    let key_path = arguments.key.as_ref().context("found no --key, expected the officer's key")?;
    let out = arguments.out.as_ref().context("found no --out, expected a new file")?;
    if arguments.why.is_empty() {
        bail!("found no --why, expected the reason in words");
    }
    if out.exists() {
        bail!("{}: found a file, expected a new one", out.display());
    }
    let definition = open_definition(&arguments.election)?;
    let key = read_key(key_path)?;
    let officers = &definition.head.officers;
    let officer = officers.iter().position(|officer| officer.key == key.public());
    let Some(officer) = officer else {
        bail!(
            "{}: found the secret key of {}, expected that of an [[officer]] in election.toml",
            key_path.display(),
            hex(&key.public())
        );
    };
    let officer = u32::try_from(officer).expect("within OFFICERS_MAX");
    let (sequence, previous) = match &arguments.after {
        None => (0, NO_PREVIOUS),
        Some(path) => follow(path, &definition, officer)?,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let control = Control {
        at_ms: u64::try_from(now.as_millis()).context("the clock is far ahead")?,
        why: arguments.why.clone(),
        action: arguments.decision.action()?,
    };
    let record = SealedBatch::seal_control(
        definition.counting().digest(),
        officer,
        sequence,
        &control,
        &key,
        definition.head.mode,
        &previous,
    )
    .map_err(|error| anyhow::anyhow!("the record cannot be sealed: {error}"))?;
    write_durably(out, record.bytes())?;
    eprintln!(
        "signed by {}: {}, record {} of this officer, hash {}",
        officers[officer as usize].id,
        control.action.name(),
        sequence + 1,
        hex(&record.hash())
    );
    Ok(ExitCode::SUCCESS)
}

/// Reads a file as `shomar key` writes it.
pub(crate) fn read_key(path: &Path) -> anyhow::Result<SecretKey> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    SecretKey::from_hex(text.trim()).with_context(|| {
        format!("{}: found something else, expected 64 hexadecimal digits", path.display())
    })
}

/// The sequence after that of a record of this officer, and the record's hash.
fn follow(path: &Path, definition: &Definition, officer: u32) -> anyhow::Result<(u64, Digest32)> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| shown.to_string())?;
    let counting = definition.counting();
    shomar_engine::standing::verify_officer(&bytes, &counting, &definition.head)
        .map_err(|fault| anyhow::anyhow!("{shown}: {fault}"))?;
    let address = shomar_format::record::address_at(&bytes);
    if address.device != officer {
        bail!("{shown}: found a record of officer {}, expected {officer}", address.device);
    }
    assert_eq!(bytes[layout::record::KIND_OFFSET], layout::record::KIND_CONTROL);
    Ok((address.sequence + 1, record_hash(&bytes)))
}

impl Decision {
    fn action(&self) -> anyhow::Result<Action> {
        let sorted = |hashes: &[Digest32]| {
            let mut hashes = hashes.to_vec();
            hashes.sort_unstable();
            hashes
        };
        Ok(match self {
            Self::Open => Action::Open,
            Self::Close => Action::Close,
            Self::Annul { subject, reason } => {
                Action::Annul { reason: reason.clone(), subject: subject.subject()? }
            }
            Self::Reinstate { subject } => Action::Reinstate { subject: subject.subject()? },
            Self::Supersede { station, district, old, new } => Action::Supersede {
                station: station.clone(),
                district: district.clone(),
                old: sorted(old),
                new: sorted(new),
            },
            Self::Release { batch } => Action::Release { batch: *batch },
            Self::Reject { batch } => Action::Reject { batch: *batch },
            Self::Lot { district, kind, place, winner, between, drawn_at, present } => {
                Action::Lot(Lot {
                    district: district.clone(),
                    kind: kind.clone(),
                    place: *place,
                    winner: winner.clone(),
                    between: between.clone(),
                    drawn_at: drawn_at.clone(),
                    present: present.clone(),
                })
            }
            Self::Declare { district, elected } => {
                let mut elected = elected.clone();
                elected.sort_unstable();
                Action::Declare { district: district.clone(), elected }
            }
        })
    }
}
