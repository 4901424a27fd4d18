//! Names of files that are about a district.
//!
//! In: an id, which may be any text. Out: a part of a file name. Never: the same for two ids; a way
//! out of a folder; a name that no disk takes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use shomar_format::bytes::{hex, sha256};

/// What stands in a file name as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// Bytes of an encoded id, at most: a file name has 255, of which some are for what stands before
/// and after it, and for whoever packs or mirrors it.
const PART_BYTES_MAX: usize = 200;

/// An id as a part of a file name: percent-encoded, which makes six bytes of a Persian letter; one
/// that is too long for a name is told by its SHA-256.
pub fn file_part(id: &str) -> String {
    let plain = utf8_percent_encode(id, PLAIN).to_string();
    if plain.len() <= PART_BYTES_MAX { plain } else { hex(&sha256(id.as_bytes())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ids_share_a_file_and_none_leaves_its_folder() {
        assert_eq!(file_part("T-23_1"), "T-23_1");
        assert_eq!(file_part("../a b"), "%2E%2E%2Fa%20b");
        assert_eq!(file_part("a%20b"), "a%2520b");
        assert_eq!(file_part("ری"), "%D8%B1%DB%8C");
    }

    #[test]
    fn the_file_of_a_district_has_a_name_that_a_disk_takes() {
        let long = |end: &str| file_part(&format!("{}{end}", "ی".repeat(42)));
        for part in [long(""), long("ب"), file_part(&"x".repeat(1_024))] {
            assert!(format!("minutes-{part}.html").len() <= 255, "{part}");
        }
        assert_ne!(long(""), long("ب"));
    }
}
