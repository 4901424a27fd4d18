//! `shomar seal`: ballots as text into sealed batches.
//!
//! In: an election folder and a file of ballots. Out: a folder of segments with its election, and
//! rejects. Never: a folder left half written; what was begun and not finished is removed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use indicatif::ProgressBar;
use shomar_engine::Evidence;
use shomar_engine::outcome::contest_rules;
use shomar_format::bytes::Digest32;
use shomar_format::election::{COMPILED_FILE, Mode, Sources};
use shomar_format::layout::record::KIND_CONTROL;
use shomar_format::record::{RecordHeader, record_hash, verify_bytes};
use shomar_format::segment::SegmentReader;
use shomar_format::{CountingDefinition, Election, Fault, SealedBatch};
use shomar_loader::{
    Chains, Link, Progress, Reject, SealJob, SealReport, SealSink, SecretKeys, seal_text,
};
use shomar_store::{SegmentWriter, Written, create_empty, list_segments, write_durably};

use crate::folder::{check_side_file, fill_folder};
use crate::output::grouped;
use crate::progress::bytes_bar;

/// Arguments of `shomar seal`.
#[derive(Args)]
pub(crate) struct SealArguments {
    /// Election folder.
    #[arg(long, value_name = "DIR")]
    election: PathBuf,
    /// Ballots: CSV with station,district,choices and optionally count.
    #[arg(long, value_name = "FILE")]
    ballots: PathBuf,
    /// Folder to write, new or empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where refused rows go [default: OUT/rejects.csv].
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Exit with 1 if any row was refused.
    #[arg(long)]
    strict: bool,
    /// Sign every batch: one secret key in hexadecimal, or a table station,device,secret.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Go on where the devices ended in this folder of segments.
    #[arg(long, value_name = "DIR")]
    after: Option<PathBuf>,
    /// Seal a recount: in no total until an officer supersedes what was counted before.
    #[arg(long, requires = "key")]
    recount: bool,
}

/// First line of a file of rejects.
const REJECTS_HEADER: &str = "line,code,found,expected\n";

/// Runs the command.
pub(crate) fn run(arguments: &SealArguments) -> anyhow::Result<ExitCode> {
    let (election, sources) = Election::read(&arguments.election)?;
    let keys = arguments.key.as_deref().map(|path| read_keys(path, &election)).transpose()?;
    if election.head.mode == Mode::Official && keys.is_none() {
        bail!("found no --key, expected one: batches of an official election are signed");
    }
    let chains = match &arguments.after {
        Some(directory) => read_chains(directory, &election)?,
        None => Chains::new(),
    };
    contest_rules(&election.head, &[])
        .map_err(|problems| anyhow::anyhow!("election.toml: {}", problems.join("\n")))?;
    let text_bytes = std::fs::metadata(&arguments.ballots)
        .with_context(|| arguments.ballots.display().to_string())?
        .len();
    let rejects = arguments.rejects.clone().unwrap_or_else(|| arguments.out.join("rejects.csv"));
    if arguments.rejects.is_some() {
        check_side_file(&rejects, &arguments.out, "rejects.csv", REJECTS_HEADER)?;
        let ballots = arguments.ballots.canonicalize();
        if ballots.is_ok_and(|ballots| rejects.canonicalize().is_ok_and(|path| path == ballots)) {
            bail!("{}: found the ballots themselves, expected another file", rejects.display());
        }
    }
    let (report, written) = fill_folder(&arguments.out, || {
        let rejects = (rejects.as_path(), arguments.rejects.is_some());
        let sealing = Sealing {
            election: &election,
            keys: keys.as_ref(),
            chains: &chains,
            is_recount: arguments.recount,
            text_bytes,
        };
        seal(&arguments.out, &sealing, &sources, &arguments.ballots, rejects)
    })?;
    eprintln!(
        "{} {} ballots of {} rows into {} batches, {} segment(s), {} bytes",
        if keys.is_some() { "sealed and signed" } else { "sealed" },
        grouped(report.ballots),
        grouped(report.rows_accepted),
        grouped(written.records),
        grouped(written.segments),
        grouped(written.bytes)
    );
    if report.rows_rejected == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "rejected {} of {} rows: {}",
        grouped(report.rows_rejected),
        grouped(report.rows_received),
        rejects.display()
    );
    Ok(if arguments.strict { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Writes the election beside the segments: its text as it is, and the compiled definition.
fn write_election(out: &Path, compiled: &[u8], sources: &Sources) -> anyhow::Result<()> {
    let folder = out.join("election");
    create_empty(&folder)?;
    for (name, bytes) in sources.files() {
        write_durably(&folder.join(name), bytes)?;
    }
    write_durably(&folder.join(COMPILED_FILE), compiled)?;
    Ok(())
}

/// What all of sealing knows.
struct Sealing<'a> {
    election: &'a Election,
    keys: Option<&'a SecretKeys>,
    chains: &'a Chains,
    is_recount: bool,
    text_bytes: u64,
}

/// Where the first device of each station ended in a folder of segments.
fn read_chains(directory: &Path, election: &Election) -> anyhow::Result<Chains> {
    let evidence = Evidence::open(&list_segments(directory)?)?;
    let definition = election.definition_digest();
    let mut chains = Chains::new();
    for segment in 0..evidence.segment_count() {
        let (path, bytes) = evidence.segment(u32::try_from(segment)?);
        let shown = path.display();
        let refused = |fault: Fault| anyhow!("{shown}: {fault}");
        let mut reader = SegmentReader::open(bytes).map_err(refused)?;
        if *reader.definition() != definition {
            bail!("{shown}: found a segment of another election, expected one of this");
        }
        while let Some(framed) = reader.next_record().map_err(refused)? {
            let header = RecordHeader::read(framed.record).map_err(refused)?;
            // Decisions of officers are in no chain of a device.
            if header.kind() == KIND_CONTROL {
                continue;
            }
            verify_bytes(framed.record).map_err(refused)?;
            let address = header.address();
            let link = Link { next: address.sequence + 1, previous: record_hash(framed.record) };
            // Text is sealed on the first device of each station.
            if address.device == 0 {
                let last = chains.entry(address.station).or_insert(link);
                *last = if link.next > last.next { link } else { *last };
            }
        }
    }
    Ok(chains)
}

/// Reads a file of secret keys.
fn read_keys(path: &Path, election: &Election) -> anyhow::Result<SecretKeys> {
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    SecretKeys::read(&path.display().to_string(), &text, election).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!("{}", lines.join("\n"))
    })
}

fn seal(
    out: &Path,
    sealing: &Sealing<'_>,
    sources: &Sources,
    ballots: &Path,
    rejects: (&Path, bool),
) -> anyhow::Result<(SealReport, Written)> {
    let compiled = sealing.election.compile(sources);
    let definition = *CountingDefinition::open(&compiled)?.digest();
    std::thread::scope(|scope| {
        // The election waits for the disk, the ballots for the processor.
        let writer = scope.spawn(|| write_election(out, &compiled, sources));
        let sealed = seal_ballots(out, sealing, &definition, ballots, rejects);
        let written = writer.join().expect("writing does not panic");
        sealed.and_then(|sealed| written.map(|()| sealed))
    })
}

/// Seals the ballots into segments, and puts the refused rows beside them.
fn seal_ballots(
    out: &Path,
    sealing: &Sealing<'_>,
    definition: &Digest32,
    ballots: &Path,
    (rejects, asked_for): (&Path, bool),
) -> anyhow::Result<(SealReport, Written)> {
    let temporary = tempfile::tempdir_in(out)?;
    let job = SealJob {
        election: sealing.election,
        definition,
        keys: sealing.keys,
        chains: sealing.chains,
        is_recount: sealing.is_recount,
        temporary: temporary.path(),
        sort_on_disk: false,
    };
    let mut sink = FolderSink {
        writer: SegmentWriter::new(out, *definition),
        rejects_path: rejects,
        // A file that was asked for is written, rows or none: an older one must not stand for this
        // run.
        rejects: asked_for.then(|| open_rejects(rejects)).transpose()?,
        bar: bytes_bar("reading", sealing.text_bytes),
    };
    let report = seal_text(ballots, &job, &mut sink)?;
    sink.bar.finish_and_clear();
    if let Some(rejects) = sink.rejects.take() {
        // A refused row is evidence as well: on disk before anything is said.
        let file = rejects.into_inner().map_err(|error| anyhow!("{error}"));
        let synced = file.and_then(|file| Ok(file.into_inner()?.sync_all()?));
        synced.with_context(|| sink.rejects_path.display().to_string())?;
    }
    let written = sink.writer.finish()?;
    assert_eq!(written.records, report.batches, "every sealed batch is on disk");
    Ok((report, written))
}

/// Begins a file of rejects.
fn open_rejects(path: &Path) -> anyhow::Result<csv::Writer<BufWriter<File>>> {
    let file = File::create(path).with_context(|| path.display().to_string())?;
    let mut file = BufWriter::new(file);
    file.write_all(REJECTS_HEADER.as_bytes())?;
    Ok(csv::Writer::from_writer(file))
}

/// Segments and rejects of one folder.
struct FolderSink<'a> {
    writer: SegmentWriter,
    rejects_path: &'a Path,
    rejects: Option<csv::Writer<BufWriter<File>>>,
    bar: ProgressBar,
}

impl SealSink for FolderSink<'_> {
    fn batch(
        &mut self,
        batch: &SealedBatch,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.writer.append(batch.bytes())?)
    }

    fn reject(&mut self, reject: &Reject) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let rejects = match &mut self.rejects {
            Some(rejects) => rejects,
            None => self.rejects.insert(open_rejects(self.rejects_path)?),
        };
        let line = reject.line.to_string();
        let code = reject.code;
        rejects.write_record([&line, code.name(), &reject.found, code.expected()])?;
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        match progress {
            Progress::Read(bytes) => self.bar.set_position(bytes),
            Progress::Sealed(sealed, ballots) => {
                if self.bar.message() != "sealing" {
                    self.bar.finish_and_clear();
                    self.bar = crate::progress::ballots_bar("sealing", ballots);
                }
                self.bar.set_position(sealed);
            }
        }
    }
}
