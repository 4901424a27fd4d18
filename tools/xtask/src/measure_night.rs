//! `cargo xtask measure --night`: what election night asks of a server, measured.
//!
//! In: a number of ballots. Out: a table: a signed nation received as fast as it is acknowledged
//! and at a steady rate, with people at the page and without, and how long a killed server takes to
//! acknowledge again. Never: a figure of a run in which anything was lost, doubled, or counted
//! otherwise than known.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::machine::Machine;
use crate::programs::{Programs, Scratch, watch};
use crate::received::Received;
use crate::server::Server;
use crate::workspace::Workspace;

/// The rate at which acknowledgements are to be quick, and for how long it is kept.
const STEADY: [&str; 2] = ["--rate", "1000/s"];
const RESTARTS: usize = 5;
/// People at the page, and how often the steady rate is measured with them and without, by turns.
const READERS: [&str; 2] = ["--readers", "2000"];
const TURNS: usize = 5;

/// Measures, and prints the table.
pub(crate) fn run(workspace: &Workspace, ballots: u64) -> Result<bool> {
    let programs = Programs::build(workspace, &["shomar"])?;
    let threads = Machine::read()?.cores;
    let scratch = Scratch::new(workspace.target()?.join("measure"), false)?;
    let night = Night { programs: &programs, scratch: &scratch, threads, ballots };
    let ballots = ballots.to_string();
    let mut generate = programs.command("shomar", threads);
    generate.args(["generate", "--signed", "--ballots", &ballots, "--out", &scratch.at("signed")]);
    watch(generate.stdout(Stdio::null()), &[0])?;
    println!("{}\n", Machine::read()?);
    println!(
        "| {ballots} ballots, signed | s | batches/s | acknowledged p99 ms | in a snapshot p99 ms |"
    );
    println!("|---|---|---|---|---|");
    night.receive("up to 32 a request", &["--per-request", "32"])?.stop()?;
    night.receive("1,000 batches a second", &STEADY)?.stop()?;
    let server = night.receive("one batch a request", &[])?;
    night.restart(server)?;
    night.with_readers()
}

struct Night<'a> {
    programs: &'a Programs,
    scratch: &'a Scratch,
    threads: u32,
    ballots: u64,
}

impl Night<'_> {
    fn serve(&self) -> Result<Server> {
        let mut command = self.programs.command("shomar", self.threads);
        let (election, data) = (self.scratch.at("signed/election"), self.scratch.at("journal"));
        command.args(["serve", "--election", &election, "--data", &data]);
        command.args(["--listen", "127.0.0.1:0"]);
        Server::start(&mut command, Path::new(&self.scratch.at("log")))
    }

    /// One nation into a new journal, which stays, as the server does; as a row of the table.
    fn receive(&self, name: &str, more: &[&str]) -> Result<Server> {
        let (server, received) = self.received(more).context(name.to_owned())?;
        println!("{}", row(name, &received));
        Ok(server)
    }

    /// What people at the page cost those who send: the steady rate with them and without.
    fn with_readers(&self) -> Result<bool> {
        let (mut alone, mut read, mut page) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            for (more, times) in
                [(&STEADY[..], &mut alone), (&[STEADY, READERS].concat(), &mut read)]
            {
                let (mut server, received) = self.received(more)?;
                server.stop()?;
                times.push(received.acknowledged_p99_us);
                page.extend(received.page_p99_us);
            }
        }
        let shown = |times: &mut Vec<u64>| {
            times.sort_unstable();
            let of = |at: usize| times[at].div_ceil(100);
            let tenths = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
            let last = times.len() - 1;
            [of(last / 2), of(0), of(last)].map(tenths)
        };
        let [alone, read, page] = [&mut alone, &mut read, &mut page].map(shown);
        println!("\nAt the steady rate, p99 in ms, by turns (median of {TURNS}; least and most):");
        println!("acknowledged, nobody at the page: {} ({} to {})", alone[0], alone[1], alone[2]);
        println!("acknowledged, 2,000 at the page: {} ({} to {})", read[0], read[1], read[2]);
        println!("on the page after the acknowledgement: {} ({} to {})", page[0], page[1], page[2]);
        Ok(true)
    }

    /// One nation into a new journal, and how that went.
    fn received(&self, more: &[&str]) -> Result<(Server, Received)> {
        let data = self.scratch.at("journal");
        if Path::new(&data).exists() {
            fs::remove_dir_all(&data)?;
        }
        let server = self.serve()?;
        let mut command = self.programs.command("shomar", self.threads);
        let url = format!("http://{}", server.address);
        command.args(["replay", &self.scratch.at("signed"), "--to", &url, "--format", "json"]);
        let (report, _) = self.scratch.json(command.args(more))?;
        Ok((server, Received::read(&report, self.ballots)?))
    }

    /// Kills the server that has received a nation, and asks the next one for a record of it.
    fn restart(&self, mut server: Server) -> Result<bool> {
        let record = first_record(&fs::read(self.scratch.at("signed/000000.segment"))?)?;
        let mut times = Vec::new();
        for _ in 0..RESTARTS {
            server.kill()?;
            let began = Instant::now();
            server = self.serve()?;
            let answer = post(&server.address, &record)?;
            let time = began.elapsed();
            if !answer.contains("\"status\":\"duplicate\"") {
                bail!("a record of the journal: found {answer}, expected a duplicate");
            }
            times.push(time);
        }
        server.stop()?;
        times.sort_unstable();
        let shown = |time: Duration| format!("{:.2}", time.as_secs_f64());
        let (least, most) = (times[0], times[RESTARTS - 1]);
        let median = shown(times[RESTARTS / 2]);
        println!(
            "\nFrom the start after a kill to the first acknowledgement: {median} s (median of"
        );
        println!("{RESTARTS}; {} to {} s).", shown(least), shown(most));
        Ok(true)
    }
}

fn row(name: &str, received: &Received) -> String {
    format!(
        "| {name} | {:.1} | {} | {} | {} |",
        Duration::from_micros(received.duration_us).as_secs_f64(),
        received.batches_per_s,
        received.acknowledged_p99_us.div_ceil(1_000),
        received.snapshot_p99.as_micros().div_ceil(1_000)
    )
}

/// The bytes of the first record of a segment: FORMAT.md, sections 3 and 4.
fn first_record(segment: &[u8]) -> Result<Vec<u8>> {
    let magic = b"SHOMARBT";
    let start = segment.windows(magic.len()).position(|bytes| bytes == magic);
    let record = &segment[start.context("the segment has no record")?..];
    let payload: [u8; 8] = record.get(88..96).context("the record is cut off")?.try_into()?;
    let length = u64::from_le_bytes(payload).next_multiple_of(64) + 320;
    let record = record.get(..usize::try_from(length)?).context("the record is cut off")?;
    Ok(record.to_vec())
}

fn post(address: &str, record: &[u8]) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let head = format!(
        "POST /v1/batches HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        record.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(record)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_record_is_cut_by_the_length_that_it_says() {
        let mut segment = vec![7; 200];
        segment.extend_from_slice(b"SHOMARBT");
        segment.resize(200 + 88, 0);
        segment.extend_from_slice(&65_u64.to_le_bytes());
        segment.resize(200 + 1_000, 1);
        assert_eq!(first_record(&segment).unwrap().len(), 128 + 320);
        assert!(first_record(&segment[..400]).is_err());
        assert!(first_record(&[0; 100]).is_err());
    }
}
