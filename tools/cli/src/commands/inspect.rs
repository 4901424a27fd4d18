//! `shomar inspect`: what is in a segment, a sealed batch or a compiled definition.
//!
//! In: a file. Out: its headers, one line each, with what is wrong where something is; exit code 1
//! then. Never: a ballot; they stay under seal.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use shomar_engine::{Definition, Evidence};
use shomar_format::bytes::hex;
use shomar_format::layout;
use shomar_format::payload::Payload;
use shomar_format::payload::columnar::LAST;
use shomar_format::record::{
    RecordHeader, previous_hash, record_hash, verify_bytes, verify_control, verify_evidence,
};
use shomar_format::segment::SegmentReader;
use shomar_format::{CountingDefinition, Fault};

use crate::output::to_stdout;

/// Arguments of `shomar inspect`.
#[derive(Args)]
pub(crate) struct InspectArguments {
    /// A segment, a sealed batch, or a compiled definition.
    file: PathBuf,
}

/// Runs the command.
pub(crate) fn run(arguments: &InspectArguments) -> anyhow::Result<ExitCode> {
    let evidence = Evidence::open(std::slice::from_ref(&arguments.file))?;
    let (path, bytes) = evidence.segment(0);
    // The election beside the file gives names to the indices, if there is one and it is theirs.
    let election = path.parent().unwrap_or(Path::new(".")).join("election");
    let definition = Definition::open(&election).ok();
    let names = definition.as_ref().map(Definition::counting);
    let mut faults = Vec::new();
    // Looked at whole before anything is printed: whoever closes the pipe early changes no verdict.
    let mut page = Vec::new();
    let mut show = |out: &mut dyn Write| {
        writeln!(out, "{}: {} bytes", path.display(), bytes.len())?;
        if bytes.starts_with(&layout::record::MAGIC) {
            show_record(out, 0, bytes, names.as_ref(), &mut faults)
        } else if bytes.starts_with(&layout::definition::MAGIC) {
            show_definition(out, bytes, &mut faults)
        } else {
            show_segment(out, bytes, names.as_ref(), &mut faults)
        }
    };
    show(&mut page)?;
    to_stdout(|out| out.write_all(&page))?;
    for fault in &faults {
        eprintln!("error: {}: {fault}", path.display());
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show_segment(
    out: &mut dyn Write,
    bytes: &[u8],
    names: Option<&CountingDefinition<'_>>,
    faults: &mut Vec<Fault>,
) -> io::Result<()> {
    let mut reader = match SegmentReader::open(bytes) {
        Ok(reader) => reader,
        Err(fault) => {
            faults.push(fault);
            return Ok(());
        }
    };
    writeln!(out, "segment, format version {}", reader.version())?;
    writeln!(out, "definition {}", hex(reader.definition()))?;
    let names = names.filter(|names| names.digest() == reader.definition());
    let mut records = 0_u64;
    loop {
        match reader.next_record() {
            Ok(Some(framed)) => {
                records += 1;
                write!(out, "record {} at offset {}", framed.position, framed.offset)?;
                if framed.received_at_ms > 0 {
                    write!(out, ", received at {} ms", framed.received_at_ms)?;
                }
                write!(out, ": ")?;
                show_record(out, framed.offset, framed.record, names, faults)?;
            }
            Ok(None) => return writeln!(out, "closed after {records} record(s)"),
            Err(fault) => {
                faults.push(fault);
                return writeln!(out, "unreadable after {records} record(s)");
            }
        }
    }
}

fn show_record(
    out: &mut dyn Write,
    offset: usize,
    record: &[u8],
    names: Option<&CountingDefinition<'_>>,
    faults: &mut Vec<Fault>,
) -> io::Result<()> {
    let header = match RecordHeader::read(record) {
        Ok(header) => header,
        Err(fault) => {
            faults.push(fault.shifted(offset as u64));
            return writeln!(out, "unreadable");
        }
    };
    if header.kind() == layout::record::KIND_CONTROL {
        return show_control(out, offset, record, faults);
    }
    let address = header.address();
    let names = names.filter(|names| {
        names.digest() == header.definition()
            && address.station < names.station_count()
            && address.district < names.district_count()
    });
    match names {
        Some(names) => write!(
            out,
            "station {}, district {}",
            names.station_id(address.station),
            names.district_id(address.district)
        )?,
        None => write!(out, "station #{}, district #{}", address.station, address.district)?,
    }
    write!(
        out,
        ", device {}, sequence {}; taken {} = clean {} + as entered {} + blank {}; {} options, {} \
         seats; payload {} bytes",
        address.device,
        address.sequence,
        header.taken(),
        header.clean(),
        header.entered(),
        header.blank(),
        header.option_count(),
        header.seats(),
        header.payload_length()
    )?;
    write!(out, ", body {}", hex(header.body_hash()))?;
    if header.version() == layout::record::VERSION_SIGNED {
        let (own, previous) = (hex(&record_hash(record)), hex(&previous_hash(record)));
        write!(out, ", signed, hash {own}, after {previous}")?;
    }
    match verify_evidence(record) {
        Ok(()) => {
            let form = verify_bytes(record).map(|(_, payload)| describe_form(&payload));
            writeln!(out, "; {}; verified", form.unwrap_or_default())
        }
        Err(fault) => {
            faults.push(fault.shifted(offset as u64));
            writeln!(out, "; NOT verified")
        }
    }
}

/// A control record: its text, line by line.
fn show_control(
    out: &mut dyn Write,
    offset: usize,
    record: &[u8],
    faults: &mut Vec<Fault>,
) -> io::Result<()> {
    match verify_control(record) {
        Ok((header, control)) => {
            let address = header.address();
            let (own, previous) = (hex(&record_hash(record)), hex(&previous_hash(record)));
            writeln!(
                out,
                "control, officer #{}, sequence {}, signed, hash {own}, after {previous}; verified",
                address.device, address.sequence
            )?;
            let text = control.to_text().map_err(io::Error::other)?;
            text.lines().skip(1).try_for_each(|line| writeln!(out, "  {}", line.replace('\t', " ")))
        }
        Err(fault) => {
            faults.push(fault.shifted(offset as u64));
            writeln!(out, "control, NOT verified")
        }
    }
}

/// How the clean ballots are stored.
fn describe_form(payload: &Payload<'_>) -> String {
    match payload {
        Payload::Sparse(view) => {
            let groups = view.groups();
            let sizes: Vec<String> =
                groups.map(|group| format!("{}x{}", group.ballots(), group.stride)).collect();
            format!("sparse, ballots x choices: {}", sizes.join(" "))
        }
        Payload::Columnar(view) => {
            let lists = view.numbers().iter().filter(|number| **number & LAST != 0).count();
            format!(
                "columnar, {} ballots with a list, {} with names: {lists} listed cells, {} mapped",
                view.list_ballots(),
                view.name_ballots(),
                view.maps().len() / 2
            )
        }
    }
}

fn show_definition(out: &mut dyn Write, bytes: &[u8], faults: &mut Vec<Fault>) -> io::Result<()> {
    match CountingDefinition::open(bytes) {
        Ok(definition) => {
            writeln!(out, "compiled definition, format version {}", layout::FORMAT_VERSION)?;
            writeln!(out, "definition {}", hex(definition.digest()))?;
            writeln!(out, "of the text {}", hex(definition.sources()))?;
            writeln!(
                out,
                "{} districts, {} options, {} stations",
                definition.district_count(),
                definition.option_total(),
                definition.station_count()
            )
        }
        Err(fault) => {
            faults.push(fault);
            Ok(())
        }
    }
}
