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
    let document = document(paper, fonts)?;
    let timestamp = paper.as_of.and_then(moment).map(Timestamp::new_utc);
    let export = |standards| {
        let options = PdfOptions {
            ident: Smart::Custom(paper.identity.clone()),
            creator: Smart::Custom(Some(concat!("Shomar ", env!("CARGO_PKG_VERSION")).to_owned())),
            timestamp,
            standards,
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map_err(|errors| refused(&errors))
    };
    let pdf = if timestamp.is_some() {
        // For archives: everything that is needed to show it is inside. That form asks for a date.
        let archive = PdfStandards::new(&[PdfStandard::A_2b])
            .map_err(|error| anyhow!("{}", error.message()))?;
        export(archive).or_else(|error| {
            // One letter that no font has, in a reason that somebody signed, is no cause to have no
            // paper: it is a box on it.
            eprintln!("{}: not PDF/A, which it should be: {error:#}", paper.name);
            export(PdfStandards::default())
        })
    } else {
        export(PdfStandards::default())
    };
    // Nothing of a paper is kept for the next one: that would save no time, and take room.
    typst::comemo::evict(0);
    pdf
}

/// Its pages, laid out.
fn document(paper: &Paper, fonts: &Fonts) -> anyhow::Result<PagedDocument> {
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
    compiled.output.map_err(|errors| refused(&errors))
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

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use typst::layout::{Abs, Frame, FrameItem, Point};
    use typst::text::TextItem;

    use super::*;

    fn laid_out(language: &str, blocks: &[Value]) -> PagedDocument {
        let [title, election, fact] = match language {
            "fa" => ["۴۶۷", "۱۴۰۵", "۱٬۴۶۷"],
            _ => ["467", "2026", "1,467"],
        };
        let json = json!({
            "language": language, "title": title, "about": "", "election": election, "marks": [],
            "facts": [{"label": "-", "value": fact}], "blocks": blocks,
            "page": {"page": "-", "of": "-"}, "identity": "test",
        });
        let paper = Paper {
            name: "test".into(),
            language: language.into(),
            identity: "test".into(),
            as_of: None,
            json: serde_json::to_vec(&json).expect("values are JSON"),
        };
        document(&paper, &Fonts::find(&[])).expect("the check installs fonts")
    }

    /// Every text of a frame with the place where its baseline begins.
    fn each_text(frame: &Frame, origin: Point, look: &mut impl FnMut(Point, &TextItem)) {
        for (at, item) in frame.items() {
            match item {
                // No paper scales or turns a group.
                FrameItem::Group(group) => each_text(&group.frame, origin + *at, look),
                FrameItem::Text(text) => look(origin + *at, text),
                _ => {}
            }
        }
    }

    /// Noto Naskh Arabic had the Urdu four, six and seven on papers that people sign.
    #[test]
    fn persian_digits_have_the_shapes_of_unicode_not_those_of_urdu() {
        let block = json!({"block": "paragraph", "text": "رأی: ۰۱۲۳۴۵۶۷۸۹", "tone": "plain"});
        let document = laid_out("fa", &[block]);
        let (mut digits, mut others) = (0, Vec::new());
        each_text(&document.pages()[0].frame, Point::zero(), &mut |_, text| {
            for glyph in &text.glyphs {
                let letter = text.text[glyph.range()].chars().next();
                let Some(digit) = letter.filter(|letter| ('۰'..='۹').contains(letter)) else {
                    continue;
                };
                digits += 1;
                if text.font.ttf().glyph_index(digit).map(|own| own.0) != Some(glyph.id) {
                    others.push(digit);
                }
            }
        });
        let (title, election, fact, page) = (3, 4, 4, 2);
        assert_eq!(digits, 10 + title + election + fact + (page + title), "also those of the foot");
        assert!(others.is_empty(), "{others:?}");
    }

    fn column(title: &str, holds: &str, share: u32) -> Value {
        json!({"title": title, "holds": holds, "share": share})
    }

    fn row(kind: &str, cells: &[String]) -> Value {
        let cells: Vec<Value> = cells.iter().map(|text| json!({"text": text})).collect();
        json!({"kind": kind, "cells": cells})
    }

    /// Reasons of decisions ran off the sheet, names of a tie over each other, numbers of a nation
    /// over the names of its provinces, each without a word.
    #[test]
    fn no_text_is_printed_over_another_or_beyond_the_sheet() {
        let why = |number: usize| {
            format!("{}end{number}", "the board of the station said so when it closed ".repeat(6))
        };
        let decisions: Vec<Value> = (0..9)
            .map(|at: usize| row("plain", &[at.to_string(), why(at), String::new()]))
            .collect();
        let names = |many: usize| vec!["Mohammadreza Hosseininejad (10123)"; many].join(", ");
        let lots: Vec<Value> = [6, 6, 150]
            .map(|many| row("open", &["seat".into(), names(many), String::new()]))
            .into();
        let mut wide = vec![column("province", "text", 1)];
        wide.extend((0..12).map(|_| column("ballots, all stations", "number", 0)));
        let mut numbers = vec!["Chaharmahal and Bakhtiari".to_owned()];
        numbers.extend((0..12).map(|_| "61,172,298".to_owned()));
        let table = |columns: &[Value], rows: &[Value]| json!({"block": "table", "caption": "of all", "columns": columns, "rows": rows});
        let [what, why, between] = ["what", "why", "between"].map(|title| column(title, "text", 2));
        let blocks = [
            table(&[column("record", "number", 0), why, column("", "text", 6)], &decisions),
            table(&[what, between, column("won", "text", 4)], &lots),
            table(&wide, &[row("plain", &numbers), row("total", &numbers)]),
        ];
        let document = laid_out("en", &blocks);
        let (mut said, mut texts) = (String::new(), 0);
        for page in document.pages() {
            let (width, height) = (page.frame.width(), page.frame.height());
            let mut boxes: Vec<(Point, Abs, Abs, String)> = Vec::new();
            each_text(&page.frame, Point::zero(), &mut |at, text| {
                let (long, high) = (text.width(), text.size * 0.6);
                let inside = at.x >= Abs::zero() && at.x + long <= width && at.y <= height;
                assert!(inside, "beyond the sheet: {}", text.text);
                let other = boxes.iter().find(|(other, other_long, other_high, _)| {
                    at.x < other.x + *other_long
                        && other.x < at.x + long
                        && at.y - high < other.y
                        && other.y - *other_high < at.y
                });
                if let Some((.., other)) = other {
                    panic!("'{}' is printed over '{other}'", text.text);
                }
                boxes.push((at, long, high, text.text.to_string()));
                said.push_str(&text.text);
                texts += 1;
            });
        }
        assert!(texts > 300, "{texts}");
        for number in 0..9 {
            assert!(said.contains(&format!("end{number}")), "{number} is not on the paper");
        }
        assert_eq!(said.matches("(10123)").count(), 6 + 6 + 150);
        assert_eq!(said.matches("61,172,298").count(), 2 * 12);
    }

    #[test]
    fn decisions_are_set_as_large_as_other_tables() {
        let text = |title: &str| column(title, "text", 0);
        let mut columns = vec![column("record", "number", 0)];
        columns
            .extend(["when", "decision", "officer", "why", "taken", "void", "elected"].map(text));
        let why = "the board of the station counted nine ballots of another district";
        let cells = ["1,204", "10 Azar 1405, 23:12:05", "annulled", "chair", why].into_iter();
        let cells: Vec<String> =
            cells.chain(["85 → 76", "4 → 3", "A → B"]).map(str::to_owned).collect();
        let decisions = json!({
            "block": "table", "caption": "decisions", "columns": columns,
            "rows": [row("plain", &cells)],
        });
        let size_of = |blocks: &[Value], word: &str| {
            let (document, mut size) = (laid_out("en", blocks), Abs::zero());
            for page in document.pages() {
                each_text(&page.frame, Point::zero(), &mut |_, text| {
                    if text.text.contains(word) {
                        size = text.size;
                    }
                });
            }
            size
        };
        let small = json!({
            "block": "table", "caption": "others", "columns": [text("why")],
            "rows": [row("plain", &["counted".to_owned()])],
        });
        let other = size_of(&[small], "counted");
        assert!(other > Abs::zero());
        assert_eq!(size_of(&[decisions], "counted"), other);
    }
}
