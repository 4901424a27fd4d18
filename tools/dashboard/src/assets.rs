//! Style, script and icon of the pages, inside the program.
//!
//! In: nothing. Out: bytes, each under a path that names what they are. Never: a file read while
//! the program runs.

use std::sync::OnceLock;

use crate::packed::Packed;
use crate::page::mark_of;

/// A file of the pages.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    /// Type of its content.
    pub(crate) kind: &'static str,
    pub(crate) bytes: Packed,
    /// Made of its bytes: another version has another path.
    pub(crate) tag: String,
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Self {
        Self { name, kind, bytes: Packed::whole(bytes), tag: mark_of(bytes) }
    }

    /// Its path.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}/{}", self.tag, self.name)
    }
}

/// All of them.
pub(crate) fn all() -> &'static [Asset; 3] {
    static ALL: OnceLock<[Asset; 3]> = OnceLock::new();
    ALL.get_or_init(|| {
        [
            Asset::new(
                "style.css",
                "text/css; charset=utf-8",
                include_bytes!("../assets/style.css"),
            ),
            Asset::new(
                "script.js",
                "text/javascript; charset=utf-8",
                include_bytes!("../assets/script.js"),
            ),
            Asset::new("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
        ]
    })
}

/// The path of one, by name.
pub(crate) fn path(name: &str) -> String {
    all().iter().find(|asset| asset.name == name).map(Asset::path).unwrap_or_default()
}
