//! The 31 provinces of Iran: English names, short names, and places on a map of equal tiles.
//!
//! In: a name in Persian, in any spelling of its letters. Out: its row of the table. Never: a
//! figure of a province; an election of another land has no row here, and gets tiles in order.

use crate::letters::folded;

/// What the page knows of a province beside its numbers.
#[derive(Clone, Copy, Debug)]
pub struct ProvinceRow {
    /// Name in Persian, folded.
    name_fa: &'static str,
    /// Name in English.
    pub name_en: &'static str,
    /// Short names, for a tile: Persian and English.
    pub short: (&'static str, &'static str),
    /// Column from the west and row from the north.
    pub tile: (u32, u32),
}

const fn row(
    name_fa: &'static str,
    name_en: &'static str,
    short: (&'static str, &'static str),
    tile: (u32, u32),
) -> ProvinceRow {
    ProvinceRow { name_fa, name_en, short, tile }
}

/// Neighbours on the map are neighbours in the land as far as tiles allow.
const PROVINCES: [ProvinceRow; 31] = [
    row("اذربایجان غربی", "West Azerbaijan", ("آذ. غربی", "W. Azerb."), (0, 0)),
    row("اذربایجان شرقی", "East Azerbaijan", ("آذ. شرقی", "E. Azerb."), (1, 0)),
    row("اردبیل", "Ardabil", ("اردبیل", "Ardabil"), (2, 0)),
    row("زنجان", "Zanjan", ("زنجان", "Zanjan"), (1, 1)),
    row("گیلان", "Gilan", ("گیلان", "Gilan"), (2, 1)),
    row("مازندران", "Mazandaran", ("مازندران", "Mazandaran"), (3, 1)),
    row("گلستان", "Golestan", ("گلستان", "Golestan"), (4, 1)),
    row("خراسان شمالی", "North Khorasan", ("خ. شمالی", "N. Khorasan"), (5, 1)),
    row("کردستان", "Kurdistan", ("کردستان", "Kurdistan"), (0, 2)),
    row("همدان", "Hamadan", ("همدان", "Hamadan"), (1, 2)),
    row("قزوین", "Qazvin", ("قزوین", "Qazvin"), (2, 2)),
    row("البرز", "Alborz", ("البرز", "Alborz"), (3, 2)),
    row("تهران", "Tehran", ("تهران", "Tehran"), (4, 2)),
    row("سمنان", "Semnan", ("سمنان", "Semnan"), (5, 2)),
    row("خراسان رضوی", "Razavi Khorasan", ("خ. رضوی", "R. Khorasan"), (6, 2)),
    row("کرمانشاه", "Kermanshah", ("کرمانشاه", "Kermanshah"), (0, 3)),
    row("لرستان", "Lorestan", ("لرستان", "Lorestan"), (1, 3)),
    row("مرکزی", "Markazi", ("مرکزی", "Markazi"), (2, 3)),
    row("قم", "Qom", ("قم", "Qom"), (3, 3)),
    row("اصفهان", "Isfahan", ("اصفهان", "Isfahan"), (4, 3)),
    row("یزد", "Yazd", ("یزد", "Yazd"), (5, 3)),
    row("خراسان جنوبی", "South Khorasan", ("خ. جنوبی", "S. Khorasan"), (6, 3)),
    row("ایلام", "Ilam", ("ایلام", "Ilam"), (0, 4)),
    row("خوزستان", "Khuzestan", ("خوزستان", "Khuzestan"), (1, 4)),
    row("چهارمحال و بختیاری", "Chaharmahal and Bakhtiari", ("چهارمحال", "Chaharmahal"), (2, 4)),
    row("کهگیلویه و بویراحمد", "Kohgiluyeh and Boyer-Ahmad", ("کهگیلویه", "Kohgiluyeh"), (3, 4)),
    row("فارس", "Fars", ("فارس", "Fars"), (4, 4)),
    row("کرمان", "Kerman", ("کرمان", "Kerman"), (5, 4)),
    row("سیستان و بلوچستان", "Sistan and Baluchestan", ("سیستان", "Sistan"), (6, 4)),
    row("بوشهر", "Bushehr", ("بوشهر", "Bushehr"), (3, 5)),
    row("هرمزگان", "Hormozgan", ("هرمزگان", "Hormozgan"), (5, 5)),
];

/// The row of a province, by its name in Persian.
pub fn find(name_fa: &str) -> Option<&'static ProvinceRow> {
    let name = folded(name_fa);
    PROVINCES.iter().find(|row| row.name_fa == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_province_has_a_tile_of_its_own_and_is_found_in_arabic_letters() {
        let tiles: HashSet<(u32, u32)> = PROVINCES.iter().map(|row| row.tile).collect();
        assert_eq!(tiles.len(), 31);
        for row in &PROVINCES {
            assert_eq!(folded(row.name_fa), row.name_fa, "the table is folded");
            let arabic = row.name_fa.replace('ی', "ي").replace('ک', "ك");
            assert_eq!(find(&arabic).map(|found| found.name_en), Some(row.name_en));
        }
        assert!(find("Bavaria").is_none());
    }
}
