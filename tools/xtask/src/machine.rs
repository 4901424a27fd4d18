//! What a figure was measured on.
//!
//! In: /proc and the system's clock. Out: processor, cores, memory, load, date: what must stand
//! beside every time. Never: a name or a path of the machine.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::programs::kib_of;

/// The machine, as far as times depend on it.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    processor: String,
    pub(crate) cores: u32,
    memory_kib: u64,
    /// Load of the last minute when the measuring began: other work makes every time longer.
    load: String,
    pub(crate) date: String,
}

impl Machine {
    /// Looks at this machine, now.
    pub(crate) fn read() -> Result<Self> {
        let cores = std::thread::available_parallelism().context("cannot count the cores")?;
        let load = proc("loadavg")?;
        Ok(Self {
            processor: processor_of(&proc("cpuinfo")?),
            cores: u32::try_from(cores.get()).context("too many cores")?,
            memory_kib: memory("MemTotal:")?,
            load: load.split_whitespace().next().unwrap_or("unknown").to_owned(),
            date: output("date", &["+%Y-%m-%d"])?,
        })
    }

    /// A machine that nobody has.
    #[cfg(test)]
    pub(crate) fn for_tests(cores: u32) -> Self {
        Self {
            processor: "Abacus".to_owned(),
            cores,
            memory_kib: 8 << 20,
            load: "0.00".to_owned(),
            date: "2026-01-01".to_owned(),
        }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { processor, cores, memory_kib, load, date } = self;
        let gigabytes = (memory_kib + (1 << 19)) >> 20;
        let plural = if *cores == 1 { "" } else { "s" };
        write!(out, "{cores} core{plural} of {processor}, {gigabytes} GB, load {load}, {date}")
    }
}

/// Memory in bytes that programs could still get.
pub(crate) fn memory_available() -> Result<u64> {
    Ok(memory("MemAvailable:")? * 1024)
}

/// Bytes that are free where this folder is.
pub(crate) fn disk_free(folder: &str) -> Result<u64> {
    let table = output("df", &["-B1", "--output=avail", folder])?;
    let number = table.lines().last().unwrap_or_default().trim();
    number.parse().with_context(|| format!("df: found '{number}', expected a number of bytes"))
}

fn memory(name: &str) -> Result<u64> {
    kib_of(&proc("meminfo")?, name).with_context(|| format!("/proc/meminfo has no {name}"))
}

fn proc(name: &str) -> Result<String> {
    let path = format!("/proc/{name}");
    fs::read_to_string(&path).with_context(|| format!("cannot read {path}, expected Linux"))
}

fn processor_of(cpuinfo: &str) -> String {
    // Not on every kind of processor.
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim());
    name.unwrap_or(std::env::consts::ARCH).to_owned()
}

fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_is_read_from_cpuinfo() {
        assert_eq!(processor_of("processor : 0\nmodel name\t: AMD EPYC\n"), "AMD EPYC");
        assert_eq!(processor_of("processor : 0\n"), std::env::consts::ARCH);
    }

    #[test]
    fn this_machine_can_be_read() {
        let machine = Machine::read().unwrap();
        assert!(machine.cores > 0 && machine.date.len() == 10, "{machine}");
        assert!(memory_available().unwrap() > 0);
        assert!(disk_free(".").is_ok());
    }
}
