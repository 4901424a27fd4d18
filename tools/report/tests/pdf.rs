//! PDF of papers, as the real program writes it: bytes, pages, text, pixels.
//!
//! In: a paper that has every kind of block, and one with a long table. Out: PDF, looked at with
//! poppler's programs where they are installed. Never: part of the ordinary check (decision 0014).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has found something")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 40\" \
                   font-family=\"Noto Sans Arabic\"><rect width=\"100\" height=\"20\" \
                   fill=\"#1d5c8c\"></rect><text x=\"50\" y=\"35\" font-size=\"12\" \
                   text-anchor=\"middle\">استان</text></svg>";

/// A new folder, removed with its files. No crate for it: one more feature of a crate that typst
/// uses as well would build typst twice.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("papers-{}-{number}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn table(rows: usize) -> Value {
    let row = |number: usize| {
        let long = "فهرست ائتلاف بزرگ خدمتگزاران شهر و شوراهای محلات ".repeat(3);
        json!({"cells": [{"text": number.to_string()}, {"text": long}, {"text": "", "bar": 500}],
               "kind": if number == 1 { "total" } else { "plain" }})
    };
    json!({"block": "table", "caption": "رأی‌ها", "columns": [
        {"title": "Zkopf", "holds": "number", "share": 0},
        {"title": "نام", "holds": "text", "share": 2},
        {"title": "", "holds": "bar", "share": 1},
    ], "rows": (1..=rows).map(row).collect::<Vec<_>>()})
}

fn paper(name: &str, language: &str, rows: usize) -> Value {
    json!({
        "format": 1, "name": name, "language": language,
        "direction": if language == "fa" { "rtl" } else { "ltr" },
        "title": "صورت‌جلسه #let x = 1", "election": "*Election* $x$", "about": "حوزهٔ نمونه",
        "marks": [{"kind": "test", "text": "TEST mark"}, {"kind": "readers", "text": "boards"}],
        "facts": [{"label": "digest", "value": "0123abcd", "is_code": true}],
        "blocks": [
            {"block": "heading", "level": 1, "text": "Section *panic* ends"},
            {"block": "heading", "level": 2, "text": "Part"},
            {"block": "paragraph", "text": "plain", "tone": "plain"},
            {"block": "paragraph", "text": "note", "tone": "note"},
            {"block": "paragraph", "text": "alert", "tone": "alert"},
            {"block": "lines", "lines": ["one", "two"]},
            {"block": "facts", "facts": [{"label": "rules", "value": "ff00", "is_code": true}]},
            {"block": "figures", "figures": [{"label": "taken", "value": "7", "note": "of 9"}]},
            table(rows),
            {"block": "picture", "svg": SVG, "alternative": "a bar", "caption": "picture"},
            {"block": "signatures", "text": "signed", "heads": ["office", "name", "date", "signature"],
             "offices": ["chair", "member"]},
        ],
        "page": {"page": "page", "of": "of"},
        "as_of": "2026-05-01T20:44:05Z",
        "identity": "test minutes-T 9 0123456789abcdef",
    })
}

fn report(folder: &Path, papers: &[Value]) -> (i32, String) {
    let source = folder.join("papers.json");
    let lines: Vec<String> = papers.iter().map(Value::to_string).collect();
    std::fs::write(&source, lines.join("\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_shomar-report"))
        .args(["--out", folder.to_str().unwrap(), source.to_str().unwrap()])
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// What a program of poppler says of a PDF; `None`, said aloud, where it is not installed.
fn poppler(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            println!("SKIPPED: no {program} (apt-get install poppler-utils)");
            None
        }
    }
}

#[test]
fn equal_papers_give_equal_bytes_and_none_is_written_over() {
    let papers = [paper("one", "fa", 3), paper("two", "en", 3)];
    let [first, second] = [0, 1].map(|_| {
        let folder = Folder::new();
        let (code, stderr) = report(folder.path(), &papers);
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(stderr, "", "no warning");
        let again = report(folder.path(), &papers);
        assert!(again.0 == 2 && again.1.contains("one.pdf"), "{}", again.1);
        let pdf = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        [pdf("one.pdf"), pdf("two.pdf")]
    });
    assert!(first[0].starts_with(b"%PDF-1.7") && first[0] != first[1]);
    assert!(first == second, "the same paper gave other bytes");
}

#[test]
fn a_letter_that_no_font_has_or_a_bad_paper_costs_no_other_paper() {
    let mut odd = paper("odd", "fa", 3);
    odd["blocks"][2]["text"] = json!("رأی \u{10fffd} تأیید شد");
    let mut bad = paper("bad", "fa", 3);
    bad["blocks"][8]["rows"][0]["cells"] = json!([]);
    let folder = Folder::new();
    let (code, stderr) = report(folder.path(), &[odd, bad, paper("good", "fa", 3)]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("odd: not PDF/A") && stderr.contains("error: paper bad"), "{stderr}");
    let is_there = |name: &str| folder.path().join(name).is_file();
    assert!(is_there("odd.pdf") && is_there("good.pdf") && !is_there("bad.pdf"));
}

#[test]
fn texts_are_text_and_a_long_table_has_its_head_on_every_page() {
    let folder = Folder::new();
    let (code, stderr) = report(folder.path(), &[paper("long", "en", 120)]);
    assert_eq!(code, 0, "{stderr}");
    let pdf = folder.path().join("long.pdf");
    let pdf = pdf.to_str().unwrap();
    let Some(info) = poppler("pdfinfo", &[pdf]) else { return };
    let pages = info.lines().find_map(|line| line.strip_prefix("Pages:")).unwrap();
    let pages: usize = pages.trim().parse().unwrap();
    assert!(pages > 3 && info.contains("A4"), "{info}");
    assert!(info.contains("2026") && info.contains("Shomar"), "{info}");
    let Some(text) = poppler("pdftotext", &["-layout", pdf, "-"]) else { return };
    // What looks like markup stands there as it was written.
    for part in
        ["#let x = 1", "*Election* $x$", "Section *panic* ends", "signed", "chair", "0123abcd"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let with_rows = text.split('\u{c}').filter(|page| page.contains("Zkopf")).count();
    assert!(with_rows >= pages - 2, "{with_rows} of {pages} pages have the head");
    assert_eq!(text.matches("TEST mark").count(), pages + 1, "a mark on each page and one in full");
}

#[test]
fn a_page_is_not_blank_and_nothing_leaves_it() {
    let folder = Folder::new();
    let (code, stderr) = report(folder.path(), &[paper("page", "fa", 12)]);
    assert_eq!(code, 0, "{stderr}");
    let (pdf, image) = (folder.path().join("page.pdf"), folder.path().join("page"));
    let arguments =
        ["-r", "40", "-gray", "-singlefile", pdf.to_str().unwrap(), image.to_str().unwrap()];
    if poppler("pdftoppm", &arguments).is_none() {
        return;
    }
    let image = std::fs::read(image.with_extension("pgm")).unwrap();
    // P5, width, height, 255, then a byte a pixel.
    let mut fields = image.splitn(4, |byte| byte.is_ascii_whitespace());
    let mut number = || std::str::from_utf8(fields.next().unwrap()).unwrap().to_owned();
    assert_eq!(number(), "P5");
    let (width, height): (usize, usize) = (number().parse().unwrap(), number().parse().unwrap());
    let pixels = &image[image.len() - width * height..];
    let dark = pixels.iter().filter(|pixel| **pixel < 128).count();
    assert!(dark > 500, "{dark} dark pixels");
    // 8 mm of margin on either side stay white, whatever the names are.
    let margin = width * 8 / 210;
    for row in pixels.chunks(width) {
        assert!(row[..margin].iter().chain(&row[width - margin..]).all(|pixel| *pixel > 200));
    }
}
