//! `shomar report`: the papers of headquarters, as HTML ready to print, and as PDF.
//!
//! In: a folder of segments with its election. Out: a folder of papers. Never: a number of another
//! frontier than that of `shomar tally` on the same folder; a folder filled by half; a file written
//! over. PDF is another program's (`shomar-report`): typst would make this one slow to build.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use shomar_board::board::Board;
use shomar_board::words::Words;
use shomar_format::layout::record::KIND_CONTROL;
use shomar_format::record::{RecordHeader, record_hash};
use shomar_format::segment::SegmentReader;
use shomar_papers::html::{self, IndexRow};
use shomar_papers::minutes::{Minutes, NoMinutes};
use shomar_papers::paper::Paper;
use shomar_papers::review::{Contradiction, ReviewInput, review};
use shomar_papers::turnout::turnout;
use shomar_seats::Language;

use crate::count::{find_district, map_segments};
use crate::folder::fill_folder;
use crate::follow::{BoardFor, read_board};
use crate::options::election_folder;
use crate::output::grouped;

/// The program that makes PDF.
const TYPESETTER: &str = "shomar-report";
/// Where a server keeps records that contradict others, beside its journal.
const CONTRADICTIONS: &str = "contradictions";

/// Arguments of `shomar report`.
#[derive(Args)]
pub(crate) struct ReportArguments {
    #[command(subcommand)]
    paper: PaperKind,
}

#[derive(Subcommand)]
enum PaperKind {
    /// Minutes of districts: votes, elected, alternates, steps, lots, room for signatures.
    Minutes {
        #[command(flatten)]
        common: Common,
        /// A district by its id; may be given again.
        #[arg(long = "district", value_name = "ID", required_unless_present = "all_districts")]
        districts: Vec<String>,
        /// Every district, and an index of them.
        #[arg(long, conflicts_with = "districts")]
        all_districts: bool,
    },
    /// Turnout by province and county.
    Turnout {
        #[command(flatten)]
        common: Common,
    },
    /// The review after the day: what was late, held, corrected, missing, refused, by province.
    Review {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Args)]
struct Common {
    /// Folder of segments.
    directory: PathBuf,
    /// Election folder [default: DIRECTORY/election].
    #[arg(long, value_name = "DIR")]
    election: Option<PathBuf>,
    /// Folder to write, new or empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Language of the papers.
    #[arg(long, value_enum, default_value = "fa")]
    lang: PaperLanguage,
    /// Write each paper as PDF too, by shomar-report.
    #[arg(long)]
    pdf: bool,
    /// Write each paper as JSON too, as shomar-report reads it.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum PaperLanguage {
    /// Persian.
    Fa,
    /// English.
    En,
}

impl Common {
    fn words(&self) -> Words {
        let language = match self.lang {
            PaperLanguage::Fa => Language::Persian,
            PaperLanguage::En => Language::English,
        };
        Words { language }
    }

    fn board(&self) -> anyhow::Result<Board> {
        let election = election_folder(&self.directory, self.election.as_ref());
        read_board(&self.directory, &election, BoardFor::Papers)
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &ReportArguments) -> anyhow::Result<ExitCode> {
    let common = match &arguments.paper {
        PaperKind::Minutes { common, .. }
        | PaperKind::Turnout { common }
        | PaperKind::Review { common } => common,
    };
    // Before anything is read: a nation takes its time.
    let typesetter = common.pdf.then(find_typesetter).transpose()?;
    let (written, refused, has_every_pdf) = fill_folder(&common.out, || {
        let mut out = Output::begin(common, typesetter.as_deref())?;
        let board = common.board()?;
        let mut refused = Vec::new();
        match &arguments.paper {
            PaperKind::Minutes { districts, .. } => {
                refused = write_minutes(&mut out, &board, districts)?;
            }
            PaperKind::Turnout { .. } => out.write(&turnout(&board, common.words()))?,
            PaperKind::Review { .. } => {
                let contradictions = read_contradictions(&common.directory, &board)?;
                let contradictions = contradictions.as_deref();
                let input = ReviewInput { board: &board, contradictions, words: common.words() };
                out.write(&review(input))?;
            }
        }
        let written = out.written;
        Ok((written, refused, out.finish()?))
    })?;
    eprintln!("wrote {} paper(s) into {}", grouped(written), common.out.display());
    refused.iter().for_each(|error| eprintln!("no minutes: {error}"));
    let is_whole = refused.is_empty() && has_every_pdf;
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Minutes of these districts; of all of them, with an index, if none is named. Gives why districts
/// have none: only among all of them, where the papers of the others are not to wait for one.
fn write_minutes(
    out: &mut Output,
    board: &Board,
    named: &[String],
) -> anyhow::Result<Vec<NoMinutes>> {
    let words = out.words;
    let definition = board.setting.subject.definition;
    let mut districts = Vec::new();
    for id in named {
        let district = find_district(definition, id)?;
        if districts.contains(&district) {
            bail!("district: found '{id}' twice, expected it once");
        }
        districts.push(district);
    }
    let minutes = Minutes::of(board).map_err(|error| anyhow!("{error}"))?;
    if named.is_empty() {
        districts = (0..board.setting.counting.district_count()).collect();
    }
    let mut rows = Vec::new();
    let mut refused = Vec::new();
    for district in districts {
        let about = minutes.about(district, words);
        let made = minutes.district(district, words).and_then(|paper| {
            let state = minutes.state(district, words)?;
            Ok((paper, state))
        });
        match made {
            Ok((paper, state)) => {
                out.write(&paper)?;
                let state = state.to_owned();
                rows.push(IndexRow { name: Some(paper.name), about, state });
            }
            Err(error) => {
                let state = format!("{}: {error}", words.say("refused", "نوشته نشد"));
                rows.push(IndexRow { name: None, about, state });
                refused.push(error);
            }
        }
    }
    if named.is_empty() {
        let index = html::index(&minutes.cover(words), &rows);
        write_new(&out.folder.join("index.html"), index.as_bytes())?;
    } else if !refused.is_empty() {
        let lines: Vec<String> = refused.iter().map(NoMinutes::to_string).collect();
        bail!("{}", lines.join("\n"));
    }
    Ok(refused)
}

/// A folder that is being filled with papers, and the program that makes PDF of them meanwhile.
struct Output {
    folder: PathBuf,
    words: Words,
    has_json: bool,
    typesetter: Option<Typesetter>,
    written: u64,
}

struct Typesetter {
    child: std::process::Child,
    /// Its stdin, until every paper is sent.
    papers: Option<BufWriter<std::process::ChildStdin>>,
}

impl Output {
    fn begin(common: &Common, typesetter: Option<&Path>) -> anyhow::Result<Self> {
        let start = |program: &Path| {
            let mut child = Command::new(program)
                .arg("--out")
                .arg(&common.out)
                .stdin(Stdio::piped())
                .spawn()
                .with_context(|| program.display().to_string())?;
            let papers = child.stdin.take().context("the program has no stdin")?;
            anyhow::Ok(Typesetter { child, papers: Some(BufWriter::new(papers)) })
        };
        Ok(Self {
            folder: common.out.clone(),
            words: common.words(),
            has_json: common.json,
            typesetter: typesetter.map(start).transpose()?,
            written: 0,
        })
    }

    fn write(&mut self, paper: &Paper) -> anyhow::Result<()> {
        let page = html::html(paper);
        write_new(&self.folder.join(format!("{}.html", paper.name)), page.as_bytes())?;
        let json = serde_json::to_vec(paper)?;
        if self.has_json {
            write_new(&self.folder.join(format!("{}.json", paper.name)), &json)?;
        }
        if let Some(papers) = self.typesetter.as_mut().and_then(|own| own.papers.as_mut()) {
            let sent = papers.write_all(&json).and_then(|()| papers.write_all(b"\n"));
            // It has ended: its own message says why.
            if sent.is_err() {
                bail!("{TYPESETTER} ended before it had every paper");
            }
        }
        self.written += 1;
        Ok(())
    }

    /// Waits for the PDFs; false if some could not be made, which their program has said.
    fn finish(mut self) -> anyhow::Result<bool> {
        if let Some(mut typesetter) = self.typesetter.take() {
            // If it has ended, what is left cannot be sent, and its exit code says more.
            let sent = typesetter.papers.take().map(|mut papers| papers.flush());
            let status = typesetter.child.wait().with_context(|| TYPESETTER.to_owned())?;
            if status.code() == Some(1) {
                return Ok(false);
            }
            if !status.success() {
                bail!("{TYPESETTER} could not make every PDF ({status}); see above");
            }
            sent.transpose().with_context(|| TYPESETTER.to_owned())?;
        }
        Ok(true)
    }
}

/// Whoever fails leaves no child behind that still writes.
impl Drop for Typesetter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a file that is not there yet. It is not synced: from the journal it can be made again.
fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let written = File::create_new(path).and_then(|mut file| file.write_all(bytes));
    written.with_context(|| path.display().to_string())
}

/// The program that makes PDF: beside this one, or on the path.
fn find_typesetter() -> anyhow::Result<PathBuf> {
    let name = format!("{TYPESETTER}{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).map(|folder| folder.join(&name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(&name));
    beside.into_iter().chain(on_path).find(|program| program.is_file()).with_context(|| {
        format!(
            "--pdf: found no {TYPESETTER} beside this program or on the path, expected one; build \
             it with: cargo build --release -p shomar-report"
        )
    })
}

/// Records that the server kept because they contradict others; `None` without such a journal.
fn read_contradictions(
    directory: &Path,
    board: &Board,
) -> anyhow::Result<Option<Vec<Contradiction>>> {
    let folder = directory.join(CONTRADICTIONS);
    let is_empty =
        |folder: &Path| std::fs::read_dir(folder).map(|mut entries| entries.next().is_none());
    match is_empty(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
        Ok(true) => return Ok(Some(Vec::new())),
        Ok(false) => {}
    }
    let evidence = map_segments(&folder)?;
    let stations = board.setting.subject.election.stations.len();
    let districts = board.setting.counting.district_count();
    let mut kept = Vec::new();
    for number in 0..u32::try_from(evidence.segment_count())? {
        let (path, bytes) = evidence.segment(number);
        let refused = |fault| anyhow!("{}: {fault}", path.display());
        let mut reader = SegmentReader::open_unclosed(bytes).map_err(refused)?;
        while let Some(framed) = reader.next_record().map_err(refused)? {
            let header = RecordHeader::read(framed.record).map_err(refused)?;
            // A contradicting decision is of an officer, and of no province.
            if header.kind() == KIND_CONTROL {
                continue;
            }
            let address = header.address();
            if address.station as usize >= stations || address.district >= districts {
                bail!(
                    "{}: offset {}: found a station or district that this election has not",
                    path.display(),
                    framed.offset
                );
            }
            kept.push(Contradiction {
                address,
                hash: record_hash(framed.record),
                received_at_ms: framed.received_at_ms,
            });
        }
    }
    Ok(Some(kept))
}
