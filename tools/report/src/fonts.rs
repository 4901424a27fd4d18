//! The fonts of the system, and those of them that a paper is set in.
//!
//! In: the folders of the system, and more that are named. Out: families for text and for digests.
//! Never: a font with a hole: one that is taken has every letter of its language.

use std::path::PathBuf;

use anyhow::bail;
use typst::text::{Font, FontBook, FontVariant};
use typst::utils::LazyHash;
use typst_kit::fonts::{FontStore, scan, system};

/// Open families with Persian letters, the best for a paper first.
const PERSIAN: &[&str] = &[
    "Noto Naskh Arabic",
    "Vazirmatn",
    "Vazir",
    "Nazli",
    "XB Niloofar",
    "Noto Sans Arabic",
    "Amiri",
    "DejaVu Sans",
];
/// The same for Latin letters.
const LATIN: &[&str] =
    &["Noto Serif", "Noto Sans", "DejaVu Serif", "Liberation Serif", "DejaVu Sans"];
/// The same for digests.
const CODE: &[&str] =
    &["Noto Sans Mono", "DejaVu Sans Mono", "Liberation Mono", "Noto Sans", "DejaVu Sans"];

/// Letters that Persian has and Arabic has not, and digits: who has these has the rest.
const PERSIAN_LETTERS: &str = "اآبپتچحدرژسشعفقکگلمنوهیئء‌۰۱۲۳۴۵۶۷۸۹٪٫٬";
const LATIN_LETTERS: &str = "ABCXYZabcxyz0123456789%";

/// All fonts that were found.
pub(crate) struct Fonts {
    store: FontStore,
}

/// Families in which a paper is set, the first one first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Families {
    pub(crate) text: Vec<String>,
    pub(crate) code: Vec<String>,
}

impl Fonts {
    /// Looks through the system, and these folders.
    pub(crate) fn find(folders: &[PathBuf]) -> Self {
        let mut store = FontStore::new();
        for folder in folders {
            store.extend(scan(folder));
        }
        store.extend(system());
        Self { store }
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        self.store.book()
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        self.store.font(index)
    }

    /// Families for a paper in this language.
    ///
    /// # Errors
    /// If no font has its letters, with the packages that bring one.
    pub(crate) fn families(&self, language: &str) -> anyhow::Result<Families> {
        let persian = self.with_letters(PERSIAN, PERSIAN_LETTERS);
        let latin = self.with_letters(LATIN, LATIN_LETTERS);
        let text = match (language, persian, latin) {
            ("fa", Some(persian), latin) => std::iter::once(persian).chain(latin).collect(),
            ("fa", None, _) => bail!(
                "found no font with Persian letters on this system, expected one such as Noto Naskh \
                 Arabic or Nazli: apt-get install fonts-noto-core fonts-farsiweb, or --font-path DIR"
            ),
            (_, persian, Some(latin)) => std::iter::once(latin).chain(persian).collect(),
            (_, _, None) => bail!(
                "found no font with Latin letters on this system, expected one such as Noto Serif: \
                 apt-get install fonts-noto-core, or --font-path DIR"
            ),
        };
        let code = self.with_letters(CODE, LATIN_LETTERS).into_iter().collect::<Vec<_>>();
        let code = if code.is_empty() { Vec::clone(&text) } else { code };
        Ok(Families { text, code })
    }

    /// The first of the known families that has all these letters, else the first of all by name.
    fn with_letters(&self, known: &[&str], letters: &str) -> Option<String> {
        let has_letters = |family: &str| {
            let index = self.book().select(&family.to_lowercase(), FontVariant::default());
            let info = index.and_then(|index| self.book().info(index));
            info.is_some_and(|info| {
                letters.chars().all(|letter| {
                    // Not drawn, so that no font needs it.
                    letter == '\u{200c}' || info.coverage.contains(u32::from(letter))
                })
            })
        };
        let known = known.iter().find(|family| has_letters(family));
        if let Some(known) = known {
            return Some((*known).to_owned());
        }
        let mut all: Vec<&str> = self.book().families().map(|(family, _)| family).collect();
        all.sort_unstable();
        all.into_iter().find(|family| has_letters(family)).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_font_the_error_names_what_to_install() {
        let none = Fonts { store: FontStore::new() };
        for language in ["fa", "en"] {
            let error = none.families(language).expect_err("there is no font").to_string();
            assert!(error.contains("apt-get install fonts-noto-core"), "{error}");
        }
    }

    #[test]
    fn a_family_that_is_taken_has_every_letter() {
        let fonts = Fonts::find(&[]);
        let families = fonts.families("fa").expect("the check installs fonts-noto-core");
        assert!(PERSIAN.contains(&families.text[0].as_str()), "{families:?}");
        // No font has these letters, so none is taken.
        assert_eq!(fonts.with_letters(PERSIAN, "\u{10ffff}"), None);
    }
}
