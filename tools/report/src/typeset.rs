//! A paper through typst: the template reads it, and nothing else.
//!
//! In: a paper as JSON, fonts. Out: a PDF. Never: a file of the disk, a package, the time of day:
//! the template sees two files, and the date of the PDF is the last moment that the paper knows.

use anyhow::{Context as _, anyhow};
use serde_json::json;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::fonts::Fonts;
use crate::read::Paper;

const TEMPLATE: &str = include_str!("paper.typ");

/// Everything that the template can see.
struct Desk<'a> {
    library: LazyHash<Library>,
    fonts: &'a Fonts,
    template: Source,
    files: [(FileId, Bytes); 2],
}

/// Typesets a paper.
///
/// # Errors
/// If there is no font for it, or the paper has not what the template asks for.
pub(crate) fn pdf(paper: &Paper, fonts: &Fonts) -> anyhow::Result<Vec<u8>> {
    let families = fonts.families(&paper.language)?;
    let families = json!({"text": families.text, "code": families.code});
    let desk = Desk {
        library: LazyHash::new(Library::default()),
        fonts,
        template: Source::new(file("/paper.typ")?, TEMPLATE.to_owned()),
        files: [
            (file("/paper.json")?, Bytes::new(paper.json.clone())),
            (file("/fonts.json")?, Bytes::new(serde_json::to_vec(&families)?)),
        ],
    };
    let compiled = typst::compile::<PagedDocument>(&desk);
    for warning in &compiled.warnings {
        eprintln!("{}: {}", paper.name, warning.message);
    }
    let document = compiled.output.map_err(|errors| refused(&errors))?;
    let timestamp = paper.as_of.and_then(moment).map(Timestamp::new_utc);
    // For archives: everything that is needed to show it is inside. That form asks for a date.
    let standards = match timestamp {
        Some(_) => PdfStandards::new(&[PdfStandard::A_2b])
            .map_err(|error| anyhow!("{}", error.message()))?,
        None => PdfStandards::default(),
    };
    let options = PdfOptions {
        ident: Smart::Custom(paper.identity.clone()),
        creator: Smart::Custom(Some(concat!("Shomar ", env!("CARGO_PKG_VERSION")).to_owned())),
        timestamp,
        standards,
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| refused(&errors));
    // Nothing of a paper is kept for the next one: that would save no time, and take room.
    typst::comemo::evict(0);
    pdf
}

fn file(path: &str) -> anyhow::Result<FileId> {
    let path = VirtualPath::new(path).ok().context("a path of the template")?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn moment([year, month, day, hour, minute, second]: [u16; 6]) -> Option<Datetime> {
    let small = |number: u16| u8::try_from(number).ok();
    let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(small);
    Datetime::from_ymd_hms(i32::from(year), month?, day?, hour?, minute?, second?)
}

fn refused(errors: &[SourceDiagnostic]) -> anyhow::Error {
    let lines: Vec<String> = errors
        .iter()
        .map(|error| {
            let hints: Vec<&str> = error.hints.iter().map(|hint| hint.v.as_str()).collect();
            format!("{} {}", error.message, hints.join("; ")).trim_end().to_owned()
        })
        .collect();
    anyhow!("cannot be typeset: {}", lines.join("\n"))
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() {
            return Ok(self.template.clone());
        }
        Err(not_found(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let mut files = self.files.iter();
        files
            .find(|(own, _)| *own == id)
            .map(|(_, bytes)| bytes.clone())
            .ok_or_else(|| not_found(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_with_slash().into())
}
