//! Names of persons and lists that do not exist.
//!
//! In: a number. Out: a name in Persian and in English. Never: a real person on purpose; common
//! given names are joined with common family names by a counter, and who bears such a name by
//! chance is not meant.

use crate::random::Random;

/// Persian, English.
type Name = (&'static str, &'static str);

const GIVEN: [Name; 48] = [
    ("علی", "Ali"),
    ("زهرا", "Zahra"),
    ("محمد", "Mohammad"),
    ("فاطمه", "Fatemeh"),
    ("حسین", "Hossein"),
    ("مریم", "Maryam"),
    ("رضا", "Reza"),
    ("معصومه", "Masoumeh"),
    ("مهدی", "Mehdi"),
    ("سکینه", "Sakineh"),
    ("حسن", "Hassan"),
    ("زینب", "Zeinab"),
    ("ابوالفضل", "Abolfazl"),
    ("لیلا", "Leila"),
    ("امیر", "Amir"),
    ("نرگس", "Narges"),
    ("احمد", "Ahmad"),
    ("سمیه", "Somayeh"),
    ("سعید", "Saeid"),
    ("مینا", "Mina"),
    ("مجید", "Majid"),
    ("سارا", "Sara"),
    ("حمید", "Hamid"),
    ("پروین", "Parvin"),
    ("جواد", "Javad"),
    ("شهین", "Shahin"),
    ("کریم", "Karim"),
    ("طاهره", "Tahereh"),
    ("اکبر", "Akbar"),
    ("فرزانه", "Farzaneh"),
    ("بهرام", "Bahram"),
    ("الهام", "Elham"),
    ("داوود", "Davoud"),
    ("نسرین", "Nasrin"),
    ("یوسف", "Yousef"),
    ("شیرین", "Shirin"),
    ("کامران", "Kamran"),
    ("گلناز", "Golnaz"),
    ("نادر", "Nader"),
    ("هدیه", "Hedieh"),
    ("فرهاد", "Farhad"),
    ("مهناز", "Mahnaz"),
    ("سیاوش", "Siavash"),
    ("رؤیا", "Roya"),
    ("بابک", "Babak"),
    ("ژاله", "Zhaleh"),
    ("آرش", "Arash"),
    ("ندا", "Neda"),
];

const FAMILY: [Name; 64] = [
    ("محمدی", "Mohammadi"),
    ("حسینی", "Hosseini"),
    ("احمدی", "Ahmadi"),
    ("رضایی", "Rezaei"),
    ("مرادی", "Moradi"),
    ("حیدری", "Heydari"),
    ("کریمی", "Karimi"),
    ("جعفری", "Jafari"),
    ("قاسمی", "Ghasemi"),
    ("رحیمی", "Rahimi"),
    ("صادقی", "Sadeghi"),
    ("ابراهیمی", "Ebrahimi"),
    ("اکبری", "Akbari"),
    ("یوسفی", "Yousefi"),
    ("نوری", "Nouri"),
    ("سلیمانی", "Soleimani"),
    ("باقری", "Bagheri"),
    ("امینی", "Amini"),
    ("رستمی", "Rostami"),
    ("زارعی", "Zarei"),
    ("نجفی", "Najafi"),
    ("شریفی", "Sharifi"),
    ("طاهری", "Taheri"),
    ("عزیزی", "Azizi"),
    ("کاظمی", "Kazemi"),
    ("خسروی", "Khosravi"),
    ("فرهادی", "Farhadi"),
    ("بهرامی", "Bahrami"),
    ("داودی", "Davoudi"),
    ("شفیعی", "Shafiei"),
    ("میرزایی", "Mirzaei"),
    ("عباسی", "Abbasi"),
    ("اسدی", "Asadi"),
    ("غلامی", "Gholami"),
    ("نظری", "Nazari"),
    ("کاوه", "Kaveh"),
    ("دهقان", "Dehghan"),
    ("باغبان", "Baghban"),
    ("آهنگر", "Ahangar"),
    ("نجار", "Najjar"),
    ("زرگر", "Zargar"),
    ("کشاورز", "Keshavarz"),
    ("چوپانی", "Choupani"),
    ("بیابانی", "Biabani"),
    ("کوهستانی", "Kouhestani"),
    ("دریایی", "Daryaei"),
    ("جنگلی", "Jangali"),
    ("بهاری", "Bahari"),
    ("پاییزی", "Paeizi"),
    ("زمستانی", "Zemestani"),
    ("سپهری", "Sepehri"),
    ("ستوده", "Sotoudeh"),
    ("آریا", "Arya"),
    ("پارسا", "Parsa"),
    ("کیانی", "Kiani"),
    ("بختیاری", "Bakhtiari"),
    ("افشار", "Afshar"),
    ("قشقایی", "Ghashghaei"),
    ("گیلانی", "Gilani"),
    ("تبریزی", "Tabrizi"),
    ("شیرازی", "Shirazi"),
    ("کرمانی", "Kermani"),
    ("همدانی", "Hamadani"),
    ("سمنانی", "Semnani"),
];

/// Trees: no party has them for names.
const LISTS: [Name; 9] = [
    ("فهرست سرو", "Cypress List"),
    ("فهرست چنار", "Plane Tree List"),
    ("فهرست انار", "Pomegranate List"),
    ("فهرست بلوط", "Oak List"),
    ("فهرست گردو", "Walnut List"),
    ("فهرست بید", "Willow List"),
    ("فهرست زیتون", "Olive List"),
    ("فهرست پسته", "Pistachio List"),
    ("فهرست نارنج", "Bitter Orange List"),
];

/// Different full names.
const FULL_NAMES: u32 = 48 * 64;

/// Without a common factor with the number of full names (2^10 * 3): the walk meets all of them.
const STRIDE: u32 = 1_109;

/// Gives the candidates of one district different names, up to 3,072 of them.
#[derive(Debug)]
pub(crate) struct Persons {
    place: u32,
}

impl Persons {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self { place: random.below(FULL_NAMES) }
    }

    /// The next name: Persian, English.
    pub(crate) fn next(&mut self) -> (String, String) {
        self.place = (self.place + STRIDE) % FULL_NAMES;
        let given = GIVEN[(self.place % 48) as usize];
        let family = FAMILY[(self.place / 48) as usize];
        (format!("{} {}", given.0, family.0), format!("{} {}", given.1, family.1))
    }
}

/// Lists that stand in Tehran.
pub(crate) const LIST_COUNT: usize = LISTS.len();

/// Name of a list.
pub(crate) fn list_name(index: usize) -> Name {
    LISTS[index]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Domain;

    #[test]
    fn candidates_of_a_district_have_different_names() {
        let mut persons = Persons::new(&mut Random::new(1, Domain::Candidates, 0, 0));
        let names: std::collections::BTreeSet<_> =
            (0..FULL_NAMES).map(|_| persons.next()).collect();
        assert_eq!(names.len(), FULL_NAMES as usize);
    }
}
