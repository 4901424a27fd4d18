//! `raw_columns BALLOTS SEED FOLDER`: a nation as two raw columns, for `cargo xtask peers`.
//!
//! In: the same numbers as for `shomar generate --profile nation`. Out: `FOLDER/choices.u32` and
//! `FOLDER/ballots.u32`, as `Nation::write_columns` says. Never: the engine; only the generator.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::ExitCode;

use shomar_bench_data::{Nation, Profile};

type Failure = Box<dyn std::error::Error>;

/// Enough that the system is not asked for every pair of a station and a district.
const BUFFER: usize = 1 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ballots, seed, folder] = arguments.as_slice() else {
        eprintln!("usage: raw_columns BALLOTS SEED FOLDER");
        return ExitCode::from(2);
    };
    match write(ballots, seed, Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("raw_columns: {failure}");
            ExitCode::from(2)
        }
    }
}

fn write(ballots: &str, seed: &str, folder: &Path) -> Result<(), Failure> {
    let whole = |text: &str| {
        text.parse::<u64>().map_err(|_| format!("found '{text}', expected a whole number"))
    };
    let nation = Nation::plan(Profile::Nation, whole(ballots)?, whole(seed)?)?;
    std::fs::create_dir_all(folder)?;
    let column = |name: &str| {
        let path = folder.join(name);
        let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok::<_, Failure>(BufWriter::with_capacity(BUFFER, file))
    };
    nation.write_columns(column("choices.u32")?, column("ballots.u32")?, |_| ())?;
    Ok(())
}
