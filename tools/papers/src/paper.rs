//! A paper, apart from how it is printed: what it says, in which order.
//!
//! In: text in one language, with digits and dates as that language writes them. Out: a value that
//! HTML is made of here, and PDF by another program, which reads it as JSON. Never: a length, a
//! font, a colour of text; a number that is not text yet.

use serde::{Deserialize, Serialize};

/// Version of the JSON: the other program refuses one that it does not know.
pub const FORMAT: u32 = 1;

/// One paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// Version of this form.
    pub format: u32,
    /// What the file is called, without its ending.
    pub name: String,
    /// `fa` or `en`.
    pub language: String,
    /// `rtl` or `ltr`.
    pub direction: String,
    /// What it is.
    pub title: String,
    /// Of what election.
    pub election: String,
    /// Whom or what it is about; may be empty.
    pub about: String,
    /// What nobody may overlook: on each page.
    pub marks: Vec<Mark>,
    /// As of when, up to where, by which rules.
    pub facts: Vec<Fact>,
    /// In their order.
    pub blocks: Vec<Block>,
    /// Words around the number of a page.
    pub page: PageWords,
    /// The last moment that it knows, RFC 3339 in UTC; nothing where nobody said.
    pub as_of: Option<String>,
    /// What makes it this paper and no other: kind, subject, digests.
    pub identity: String,
}

/// Something that nobody may overlook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Which.
    pub kind: MarkKind,
    /// In words.
    pub text: String,
}

/// What a mark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// A test election.
    Test,
    /// Something is held or missing.
    Provisional,
    /// A lot has to be drawn.
    Lot,
    /// An official election before its close.
    BeforeClose,
    /// For whom the paper is.
    Readers,
}

/// A fact with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// What it is worth.
    pub value: String,
    /// Whether it is for machines: a digest, an id.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_code: bool,
}

/// Words around the number of a page: before it, between it and that of all, after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageWords {
    /// Before the number.
    pub page: String,
    /// Between the number and that of all pages.
    pub of: String,
}

/// A piece of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "kebab-case")]
pub enum Block {
    /// A heading; level 1 begins a chapter, 2 a section.
    Heading {
        /// 1 or 2.
        level: u8,
        /// Its text.
        text: String,
    },
    /// A paragraph.
    Paragraph {
        /// Its text.
        text: String,
        /// How it is said.
        tone: Tone,
    },
    /// Lines under each other.
    Lines {
        /// Each.
        lines: Vec<String>,
    },
    /// Facts with their names.
    Facts {
        /// Each.
        facts: Vec<Fact>,
    },
    /// Numbers that everybody looks for.
    Figures {
        /// Each with its label.
        figures: Vec<Figure>,
    },
    /// A table.
    Table(Table),
    /// A picture.
    Picture(Picture),
    /// Room for signatures.
    Signatures(Signatures),
}

/// How a paragraph is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// As text.
    Plain,
    /// Small: what numbers are of.
    Note,
    /// In a frame: what has to be looked at.
    Alert,
}

/// A number that everybody looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// The number.
    pub value: String,
    /// Of what; may be empty.
    pub note: String,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it has; may be empty.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its head.
    pub title: String,
    /// What is in it.
    pub holds: Holds,
    /// Its share of the width that the narrow columns leave; 0: narrow, as wide as what it holds.
    pub share: u32,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// Words.
    Text,
    /// Numbers: ones under ones.
    Number,
    /// Ids and digests.
    Code,
    /// Bars.
    Bar,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// One per column.
    pub cells: Vec<Cell>,
    /// How it stands out.
    pub kind: RowKind,
}

/// How a row stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// Not at all.
    Plain,
    /// A sum.
    Total,
    /// Of those above others.
    Marked,
    /// Left open, to be filled in.
    Open,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// What stands in it.
    pub text: String,
    /// Length of a bar, in thousandths of the longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bar: Option<u32>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// SVG.
    pub svg: String,
    /// What it shows, in words, for whoever does not see it.
    pub alternative: String,
    /// What it shows, below it.
    pub caption: String,
}

/// Room for signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatures {
    /// What is signed.
    pub text: String,
    /// Heads of the columns: office, name, date, signature.
    pub heads: [String; 4],
    /// Who signs: an office for each line.
    pub offices: Vec<String>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Column {
    /// Words that may be long.
    #[must_use]
    pub fn text(title: &str, share: u32) -> Self {
        Self { title: title.to_owned(), holds: Holds::Text, share }
    }

    /// Numbers.
    #[must_use]
    pub fn number(title: &str) -> Self {
        Self { title: title.to_owned(), holds: Holds::Number, share: 0 }
    }
}

impl Row {
    /// A row of texts.
    #[must_use]
    pub fn of(kind: RowKind, cells: Vec<String>) -> Self {
        Self { cells: cells.into_iter().map(Cell::from).collect(), kind }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, bar: None }
    }
}

impl Paper {
    /// Adds a heading.
    pub fn heading(&mut self, level: u8, text: &str) {
        self.blocks.push(Block::Heading { level, text: text.to_owned() });
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, tone: Tone, text: &str) {
        self.blocks.push(Block::Paragraph { text: text.to_owned(), tone });
    }

    /// Adds a table, if it has rows.
    pub fn table(&mut self, caption: &str, columns: Vec<Column>, rows: Vec<Row>) {
        let fits = rows.iter().all(|row| row.cells.len() == columns.len());
        assert!(fits, "a row has a cell for each column: {caption}");
        if !rows.is_empty() {
            let caption = caption.to_owned();
            self.blocks.push(Block::Table(Table { caption, columns, rows }));
        }
    }

    /// Adds a mark.
    pub fn mark(&mut self, kind: MarkKind, text: &str) {
        self.marks.push(Mark { kind, text: text.to_owned() });
    }

    /// Adds a fact.
    pub fn fact(&mut self, label: &str, value: String, is_code: bool) {
        self.facts.push(Fact { label: label.to_owned(), value, is_code });
    }

    /// The tables, in their order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }
}
