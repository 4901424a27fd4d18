//! A paper as one file of HTML, ready to print.
//!
//! In: a paper. Out: HTML with its style inside, A4, page numbers and marks at the edge of every
//! page. Never: a script; anything fetched from elsewhere; a table that loses its head on the next
//! page, a row or a signature that is torn in two.

use std::fmt::Write as _;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::paper::{
    Block, Cell, Column, Fact, Figure, Holds, MarkKind, Paper, Picture, Row, RowKind, Signatures,
    Table, Tone,
};

const STYLE: &str = include_str!("paper.css");

/// The file.
#[must_use]
pub fn html(paper: &Paper) -> String {
    let style = PreEscaped(format!("{STYLE}{}", page_style(paper)));
    let page = html! {
        (DOCTYPE)
        html lang=(paper.language) dir=(paper.direction) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title(paper)) }
                style { (style) }
            }
            body {
                (self::head(paper))
                (facts(&paper.facts))
                main {
                    @for block in &paper.blocks { (self::block(block)) }
                }
            }
        }
    };
    page.into_string()
}

/// A paper in a list of papers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// Name of the paper; `None` where there is none.
    pub name: Option<String>,
    /// What it is about.
    pub about: String,
    /// How that stands, or why there is no paper.
    pub state: String,
}

/// Papers of one folder; `cover` is a paper without blocks that says what they are.
#[must_use]
pub fn index(cover: &Paper, rows: &[IndexRow]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(cover.language) dir=(cover.direction) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title(cover)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (self::head(cover))
                main {
                    table {
                        tbody {
                            @for row in rows {
                                tr {
                                    td {
                                        @if let Some(name) = &row.name {
                                            a   href=(format!("{}.html", name.replace('%', "%25")))
                                            { (row.about) }
                                        } @else { (row.about) }
                                    }
                                    td { (row.state) }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// What it is, of what election, and what nobody may overlook.
fn head(paper: &Paper) -> Markup {
    html! {
        header {
            p class="election" { (paper.election) }
            h1 { (paper.title) }
            @if !paper.about.is_empty() {
                p class="about" { (paper.about) }
            }
        }
        @if !paper.marks.is_empty() {
            ul class="marks" {
                @for mark in &paper.marks {
                    li class=(mark_class(mark.kind)) { (mark.text) }
                }
            }
        }
    }
}

/// Title of the window, and of the file when it is printed into one.
fn title(paper: &Paper) -> String {
    format!("{} · {}", running(paper), paper.election)
}

/// What every page says of the paper.
fn running(paper: &Paper) -> String {
    match paper.about.as_str() {
        "" => paper.title.clone(),
        about => format!("{} · {about}", paper.title),
    }
}

/// Size of the page, and what stands at its edges.
fn page_style(paper: &Paper) -> String {
    let numerals = if paper.language == "fa" { "persian" } else { "decimal" };
    let (page, of) = (in_style(&paper.page.page), in_style(&paper.page.of));
    let running = in_style(&running(paper));
    let loud = paper.marks.iter().filter(|mark| mark.kind != MarkKind::Readers);
    let loud: Vec<&str> = loud.map(|mark| mark.text.as_str()).collect();
    let marks = in_style(&loud.join(" · "));
    let digest = in_style(&short_identity(paper));
    let mut style = String::new();
    let _ = write!(
        style,
        "@page {{ size: A4; margin: 19mm 15mm 18mm; \
         @top-center {{ content: {marks}; color: #9b1c1c; font-weight: 700; font-size: 8.5pt; \
         width: 100%; }} \
         @bottom-left {{ content: {page} ' ' counter(page, {numerals}) ' ' {of} \
         ' ' counter(pages, {numerals}); white-space: nowrap; font-size: 8pt; }} \
         @bottom-center {{ content: {running}; font-size: 7.5pt; color: #55606b; }} \
         @bottom-right {{ content: {digest}; font-size: 7.5pt; color: #55606b; }} }}"
    );
    style
}

/// The first digits of the digest, so that a loose page tells which count it is of.
fn short_identity(paper: &Paper) -> String {
    paper.identity.rsplit(' ').next().unwrap_or_default().chars().take(12).collect()
}

/// A string of a style sheet. Everything but letters and digits is written as its number: no text
/// of an election can end the string, or the style.
fn in_style(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        if letter.is_alphanumeric() || letter == ' ' {
            quoted.push(letter);
        } else {
            // A space after the number ends it and is no part of the text, even after six digits:
            // without one of its own it would eat the next one of the text.
            let _ = write!(quoted, "\\{:06x} ", u32::from(letter));
        }
    }
    quoted.push('"');
    quoted
}

fn mark_class(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Test => "test",
        MarkKind::Provisional => "provisional",
        MarkKind::Lot => "lot",
        MarkKind::BeforeClose => "before-close",
        MarkKind::Readers => "readers",
    }
}

fn facts(facts: &[Fact]) -> Markup {
    html! {
        dl class="facts" {
            @for fact in facts {
                dt { (fact.label) }
                dd {
                    @if fact.is_code {
                        code { (fact.value) }
                    } @else { (fact.value) }
                }
            }
        }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Heading { level: 1, text } => html! {
            h2 { (text) }
        },
        Block::Heading { text, .. } => html! {
            h3 { (text) }
        },
        Block::Paragraph { text, tone } => paragraph(text, *tone),
        Block::Lines { lines } => html! {
            ul class="lines" {
                @for line in lines {
                    li { (line) }
                }
            }
        },
        Block::Facts { facts } => self::facts(facts),
        Block::Figures { figures } => self::figures(figures),
        Block::Table(table) => self::table(table),
        Block::Picture(picture) => self::picture(picture),
        Block::Signatures(signatures) => self::signatures(signatures),
    }
}

fn paragraph(text: &str, tone: Tone) -> Markup {
    let class = match tone {
        Tone::Plain => None,
        Tone::Note => Some("note"),
        Tone::Alert => Some("alert"),
    };
    html! {
        p class=[class] { (text) }
    }
}

fn figures(figures: &[Figure]) -> Markup {
    html! {
        ul class="figures" {
            @for figure in figures {
                li {
                    span class="label" { (figure.label) }
                    span class="value" { (figure.value) }
                    @if !figure.note.is_empty() {
                        span class="of" { (figure.note) }
                    }
                }
            }
        }
    }
}

fn column_class(column: &Column) -> Option<&'static str> {
    match (column.holds, column.share) {
        (Holds::Number, _) => Some("number"),
        (Holds::Code, _) => Some("code"),
        (Holds::Text, 0) => Some("narrow"),
        (Holds::Text | Holds::Bar, _) => None,
    }
}

/// Rows of a table that is not torn in two.
const SHORT: usize = 12;

/// Columns from which on a table is set smaller, so that a sheet of A4 holds it.
const WIDE: usize = 10;

fn table(table: &Table) -> Markup {
    let class = match (table.rows.len() <= SHORT, table.columns.len() >= WIDE) {
        (true, true) => Some("short wide"),
        (true, false) => Some("short"),
        (false, true) => Some("wide"),
        (false, false) => None,
    };
    html! {
        div class="scroll" {
            table class=[class] {
                @if !table.caption.is_empty() {
                    caption { (table.caption) }
                }
                thead {
                    tr {
                        @for column in &table.columns {
                            th scope="col" class=[column_class(column)] { (column.title) }
                        }
                    }
                }
                tbody {
                    @for row in &table.rows { (self::row(row, &table.columns)) }
                }
            }
        }
    }
}

fn row(row: &Row, columns: &[Column]) -> Markup {
    let class = match row.kind {
        RowKind::Plain => None,
        RowKind::Total => Some("total"),
        RowKind::Marked => Some("marked"),
        RowKind::Open => Some("open"),
    };
    html! {
        tr class=[class] {
            @for (cell, column) in row.cells.iter().zip(columns) {
                td class=[column_class(column)] { (self::cell(cell)) }
            }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    html! {
        @if let Some(bar) = cell.bar {
            span class="bar" {
                span style=(format!("width:{}.{}%", bar / 10, bar % 10)) {}
            }
        }
        (cell.text)
    }
}

/// Only the drawing is an image to a screen reader: it reads nothing that stands inside of one, and
/// the caption is to be read.
fn picture(picture: &Picture) -> Markup {
    html! {
        figure {
            div role="img" aria-label=(picture.alternative) { (PreEscaped(&picture.svg)) }
            figcaption { (picture.caption) }
        }
    }
}

fn signatures(signatures: &Signatures) -> Markup {
    html! {
        section class="signatures" {
            p { (signatures.text) }
            table {
                thead {
                    tr {
                        @for head in &signatures.heads {
                            th scope="col" { (head) }
                        }
                    }
                }
                tbody {
                    @for office in &signatures.offices {
                        tr {
                            td { (office) }
                            td {}
                            td {}
                            td {}
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A string of a style sheet as a browser reads it (CSS Syntax, "consume an escaped code
    /// point"): up to six digits, and one space after them if there is one.
    fn read_by_a_browser(quoted: &str) -> String {
        let mut letters = quoted[1..quoted.len() - 1].chars().peekable();
        let mut text = String::new();
        while let Some(letter) = letters.next() {
            if letter != '\\' {
                text.push(letter);
                continue;
            }
            let mut number = String::new();
            while number.len() < 6
                && let Some(digit) = letters.next_if(char::is_ascii_hexdigit)
            {
                number.push(digit);
            }
            letters.next_if_eq(&' ');
            text.push(char::from_u32(u32::from_str_radix(&number, 16).unwrap()).unwrap());
        }
        text
    }

    #[test]
    fn a_title_is_printed_with_all_its_spaces() {
        for text in ["آزمایشی: نتیجهٔ رسمی نیست", "a: b", ":  c", "هیأت‌ها 12:5a ", "(x) · (y)"]
        {
            assert_eq!(read_by_a_browser(&in_style(text)), text);
        }
    }

    #[test]
    fn a_title_cannot_leave_the_style_it_stands_in() {
        let quoted = in_style("a\"; } </style><script>\\ شورا\n");
        assert!(quoted.starts_with('"') && quoted.ends_with('"'));
        let inside = &quoted[1..quoted.len() - 1];
        assert!(!inside.contains(['"', '<', '>', ';', '}', '\n']), "{inside}");
        // A backslash only begins a number of six digits.
        let numbers = inside.split('\\').skip(1);
        assert!(numbers.clone().count() > 8);
        for number in numbers {
            assert!(number.len() >= 6 && u32::from_str_radix(&number[..6], 16).is_ok());
        }
    }
}
