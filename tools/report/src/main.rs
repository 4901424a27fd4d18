//! `shomar-report`: papers as PDF.
//!
//! In: papers as JSON, one after another, from files or stdin (`shomar report` writes them). Out: a
//! PDF each, of equal bytes for equal papers and fonts. Never: a number made here; a clock, a
//! network, a font that is not on the system.

mod fonts;
mod read;
mod typeset;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use crate::fonts::Fonts;

/// Typesets the papers of `shomar report` as PDF.
#[derive(Parser)]
#[command(name = "shomar-report", version, about, max_term_width = 100)]
struct Arguments {
    /// Files of papers as JSON, one after another; `-`, or none: stdin.
    papers: Vec<PathBuf>,
    /// Folder to write into; a paper is called NAME.pdf, and one that is there is not replaced.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Look for fonts in this folder as well.
    #[arg(long = "font-path", value_name = "DIR")]
    font_paths: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Gives how many papers could not be typeset: the others do not wait for them.
fn run(arguments: &Arguments) -> anyhow::Result<u64> {
    let fonts = Fonts::find(&arguments.font_paths);
    let sources = match &arguments.papers[..] {
        [] => &[PathBuf::from("-")],
        papers => papers,
    };
    let (mut papers, mut failed) = (0, 0);
    for source in sources {
        read::papers(source, |paper| {
            papers += 1;
            let pdf = match typeset::pdf(&paper, &fonts) {
                Ok(pdf) => pdf,
                Err(error) => {
                    eprintln!("error: paper {}: {error:#}", paper.name);
                    failed += 1;
                    return Ok(());
                }
            };
            let path = arguments.out.join(format!("{}.pdf", paper.name));
            let mut file =
                std::fs::File::create_new(&path).with_context(|| path.display().to_string())?;
            std::io::Write::write_all(&mut file, &pdf)
                .with_context(|| path.display().to_string())?;
            Ok(())
        })?;
    }
    anyhow::ensure!(papers > 0, "found no paper, expected at least one");
    Ok(failed)
}
