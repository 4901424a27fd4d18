//! The land: provinces, their larger cities, their counties, and who votes in a by-election.
//!
//! In: nothing. Out: tables. Never: a figure without its source, or one that depends on a seed.
//!
//! Sources. Codes, and numbers of counties and cities: counted from `ahmadazizi/iran-cities` v3.0
//! (MIT; Statistical Centre of Iran, 1399). Population of provinces: census of 1395 (2016), sums of
//! its counties, which add up to the official 79,926,270 (Statistical Centre of Iran, by way of
//! `jalilian/iran2016census`). Population of cities and share of townspeople: the same census,
//! rounded, from general knowledge. By-elections: Interior Ministry, December 2025. **Turnout is
//! made up.**

/// A province.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Province {
    /// Name in Persian.
    pub(crate) name_fa: &'static str,
    /// Name in English.
    pub(crate) name_en: &'static str,
    /// People.
    pub(crate) population: u64,
    /// Of a thousand, how many live in cities.
    pub(crate) urban_per_mille: u64,
    /// Counties.
    pub(crate) counties: u32,
    /// Cities.
    pub(crate) cities: u32,
    /// Of a thousand registered, how many vote. Made up.
    pub(crate) turnout_per_mille: u32,
    /// Cities with their real names, the centre first: Persian, English, thousands of people,
    /// county if it has another name than the city.
    pub(crate) named: &'static [NamedCity],
}

/// Persian name, English name, thousands of people, name of the county (empty: the city's).
pub(crate) type NamedCity = (&'static str, &'static str, u64, &'static str);

/// A constituency of a by-election: id, names, index of the province, its counties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByElection {
    /// District id.
    pub(crate) id: &'static str,
    /// Name in Persian.
    pub(crate) name_fa: &'static str,
    /// Name in English.
    pub(crate) name_en: &'static str,
    /// Index in [`PROVINCES`].
    pub(crate) province: usize,
    /// Counties; empty: the whole province.
    pub(crate) counties: &'static [&'static str],
}

/// Index of the province of Tehran.
pub(crate) const TEHRAN: usize = 23;

/// People of the council district of Tehran, Rey and Tajrish.
pub(crate) const TEHRAN_POPULATION: u64 = 8_694_000;

/// The three counties over which that district reaches, with how many of a thousand stations lie
/// in each (made up; Tehran by far the most). Three of the province's cities are this district.
pub(crate) const TEHRAN_COUNTIES: [(&str, u32); 3] = [("تهران", 920), ("ری", 50), ("شمیرانات", 30)];

/// Villages that elect a council in 1405.
pub(crate) const VILLAGES: u64 = 30_000;

/// Provinces of the profile `province-group`: the north-west.
pub(crate) const NORTH_WEST: [usize; 4] = [3, 4, 19, 24];

/// Province of the profile `village`.
pub(crate) const VILLAGE_PROVINCE: usize = 9;

/// The five Majlis by-elections of 1405.
pub(crate) const MAJLIS: [ByElection; 5] = [
    ByElection {
        id: "majlis-tabriz",
        name_fa: "تبریز، آذرشهر و اسکو",
        name_en: "Tabriz, Azarshahr and Osku",
        province: 3,
        counties: &["تبریز", "آذرشهر", "اسکو"],
    },
    ByElection {
        id: "majlis-anzali",
        name_fa: "بندر انزلی",
        name_en: "Bandar-e Anzali",
        province: 1,
        counties: &["بندر انزلی"],
    },
    ByElection {
        id: "majlis-bostanabad",
        name_fa: "بستان‌آباد",
        name_en: "Bostanabad",
        province: 3,
        counties: &["بستان‌آباد"],
    },
    ByElection {
        id: "majlis-naqadeh",
        name_fa: "نقده و اشنویه",
        name_en: "Naqadeh and Oshnavieh",
        province: 4,
        counties: &["نقده", "اشنویه"],
    },
    ByElection {
        id: "majlis-bandar-abbas",
        name_fa: "بندرعباس، قشم، ابوموسی، حاجی‌آباد و خمیر",
        name_en: "Bandar Abbas, Qeshm, Abu Musa, Hajiabad and Khamir",
        province: 22,
        counties: &["بندرعباس", "قشم", "ابوموسی", "حاجی‌آباد", "خمیر"],
    },
];

/// The four by-elections of the Assembly of Experts of 1405; a district is a whole province.
pub(crate) const EXPERTS: [ByElection; 4] = [
    experts("experts-east-azerbaijan", 3),
    experts("experts-khuzestan", 6),
    experts("experts-tehran", TEHRAN),
    experts("experts-south-khorasan", 29),
];

const fn experts(id: &'static str, province: usize) -> ByElection {
    ByElection {
        id,
        name_fa: PROVINCES[province].name_fa,
        name_en: PROVINCES[province].name_en,
        province,
        counties: &[],
    }
}

/// One line of the table.
#[expect(
    clippy::too_many_arguments,
    reason = "a table with one province a line is easier to check against its source"
)]
const fn province(
    name_fa: &'static str,
    name_en: &'static str,
    population: u64,
    urban_per_mille: u64,
    counties: u32,
    cities: u32,
    turnout_per_mille: u32,
    named: &'static [NamedCity],
) -> Province {
    Province {
        name_fa,
        name_en,
        population,
        urban_per_mille,
        counties,
        cities,
        turnout_per_mille,
        named,
    }
}

/// By code, from 00 to 30.
#[rustfmt::skip]
pub(crate) const PROVINCES: [Province; 31] = [
    province("مرکزی", "Markazi", 1_429_475, 769, 12, 34, 520,
        &[("اراک", "Arak", 521, ""), ("ساوه", "Saveh", 220, "")]),
    province("گیلان", "Gilan", 2_530_696, 633, 16, 52, 560,
        &[("رشت", "Rasht", 680, ""), ("بندر انزلی", "Bandar-e Anzali", 119, ""),
          ("لاهیجان", "Lahijan", 101, "")]),
    province("مازندران", "Mazandaran", 3_283_582, 578, 22, 61, 610,
        &[("ساری", "Sari", 310, ""), ("بابل", "Babol", 250, ""), ("آمل", "Amol", 237, ""),
          ("قائم‌شهر", "Qaem Shahr", 205, "")]),
    province("آذربایجان شرقی", "East Azerbaijan", 3_909_652, 718, 21, 68, 480,
        &[("تبریز", "Tabriz", 1_559, ""), ("مراغه", "Maragheh", 176, ""),
          ("مرند", "Marand", 131, ""), ("سهند", "Sahand", 83, "اسکو"),
          ("آذرشهر", "Azarshahr", 45, ""), ("بستان‌آباد", "Bostanabad", 22, ""),
          ("اسکو", "Osku", 18, "")]),
    province("آذربایجان غربی", "West Azerbaijan", 3_265_219, 654, 17, 47, 500,
        &[("ارومیه", "Urmia", 736, ""), ("خوی", "Khoy", 199, ""), ("بوکان", "Bukan", 193, ""),
          ("مهاباد", "Mahabad", 169, ""), ("میاندوآب", "Miandoab", 134, ""),
          ("نقده", "Naqadeh", 82, ""), ("اشنویه", "Oshnavieh", 40, "")]),
    province("کرمانشاه", "Kermanshah", 1_952_434, 752, 14, 35, 490,
        &[("کرمانشاه", "Kermanshah", 947, ""), ("اسلام‌آباد غرب", "Eslamabad-e Gharb", 91, "")]),
    province("خوزستان", "Khuzestan", 4_710_509, 755, 27, 86, 510,
        &[("اهواز", "Ahvaz", 1_185, ""), ("دزفول", "Dezful", 265, ""),
          ("آبادان", "Abadan", 231, ""), ("بندر ماهشهر", "Bandar-e Mahshahr", 163, ""),
          ("اندیمشک", "Andimeshk", 135, ""), ("خرمشهر", "Khorramshahr", 133, ""),
          ("بهبهان", "Behbahan", 122, "")]),
    province("فارس", "Fars", 4_851_274, 701, 36, 113, 540,
        &[("شیراز", "Shiraz", 1_566, ""), ("مرودشت", "Marvdasht", 149, ""),
          ("جهرم", "Jahrom", 142, "")]),
    province("کرمان", "Kerman", 3_164_718, 587, 23, 77, 600,
        &[("کرمان", "Kerman", 538, ""), ("سیرجان", "Sirjan", 200, ""),
          ("رفسنجان", "Rafsanjan", 162, ""), ("جیرفت", "Jiroft", 130, ""), ("بم", "Bam", 127, "")]),
    province("خراسان رضوی", "Razavi Khorasan", 6_434_501, 730, 30, 80, 530,
        &[("مشهد", "Mashhad", 3_001, ""), ("نیشابور", "Nishapur", 264, ""),
          ("سبزوار", "Sabzevar", 244, ""), ("تربت حیدریه", "Torbat-e Heydarieh", 140, ""),
          ("کاشمر", "Kashmar", 102, "")]),
    province("اصفهان", "Isfahan", 5_120_850, 880, 24, 110, 430,
        &[("اصفهان", "Isfahan", 1_961, ""), ("کاشان", "Kashan", 305, ""),
          ("خمینی‌شهر", "Khomeyni Shahr", 247, ""), ("نجف‌آباد", "Najafabad", 236, ""),
          ("شاهین‌شهر", "Shahin Shahr", 173, "شاهین‌شهر و میمه")]),
    province("سیستان و بلوچستان", "Sistan and Baluchestan", 2_775_014, 485, 23, 49, 660,
        &[("زاهدان", "Zahedan", 588, ""), ("زابل", "Zabol", 135, ""),
          ("ایرانشهر", "Iranshahr", 113, ""), ("چابهار", "Chabahar", 107, "")]),
    province("کردستان", "Kurdistan", 1_603_011, 708, 10, 32, 420,
        &[("سنندج", "Sanandaj", 413, ""), ("سقز", "Saqqez", 165, ""),
          ("مریوان", "Marivan", 137, "")]),
    province("همدان", "Hamadan", 1_738_234, 632, 10, 31, 530,
        &[("همدان", "Hamadan", 554, ""), ("ملایر", "Malayer", 170, "")]),
    province("چهارمحال و بختیاری", "Chaharmahal and Bakhtiari", 947_763, 640, 10, 43, 630,
        &[("شهرکرد", "Shahrekord", 191, ""), ("بروجن", "Borujen", 57, "")]),
    province("لرستان", "Lorestan", 1_760_649, 645, 11, 30, 540,
        &[("خرم‌آباد", "Khorramabad", 373, ""), ("بروجرد", "Borujerd", 235, "")]),
    province("ایلام", "Ilam", 580_158, 682, 11, 27, 680,
        &[("ایلام", "Ilam", 194, "")]),
    province("کهگیلویه و بویراحمد", "Kohgiluyeh and Boyer-Ahmad", 713_052, 557, 9, 18, 740,
        &[("یاسوج", "Yasuj", 135, "بویراحمد"), ("دوگنبدان", "Dogonbadan", 96, "گچساران")]),
    province("بوشهر", "Bushehr", 1_163_400, 718, 10, 40, 590,
        &[("بوشهر", "Bushehr", 223, ""), ("برازجان", "Borazjan", 111, "دشتستان")]),
    province("زنجان", "Zanjan", 1_057_461, 673, 8, 21, 560,
        &[("زنجان", "Zanjan", 431, ""), ("ابهر", "Abhar", 100, "")]),
    province("سمنان", "Semnan", 702_360, 798, 8, 20, 580,
        &[("سمنان", "Semnan", 185, ""), ("شاهرود", "Shahrud", 150, "")]),
    province("یزد", "Yazd", 1_138_533, 853, 10, 22, 550,
        &[("یزد", "Yazd", 530, ""), ("میبد", "Meybod", 80, "")]),
    province("هرمزگان", "Hormozgan", 1_776_415, 547, 13, 45, 620,
        &[("بندرعباس", "Bandar Abbas", 527, ""), ("میناب", "Minab", 73, ""),
          ("قشم", "Qeshm", 41, ""), ("حاجی‌آباد", "Hajiabad", 29, ""),
          ("بندر خمیر", "Bandar Khamir", 20, "خمیر"), ("ابوموسی", "Abu Musa", 4, "")]),
    province("تهران", "Tehran", 13_267_637, 938, 16, 46, 300,
        &[("اسلامشهر", "Eslamshahr", 448, ""), ("شهریار", "Shahriar", 309, ""),
          ("قدس", "Qods", 309, ""), ("ملارد", "Malard", 282, ""),
          ("گلستان", "Golestan", 239, "بهارستان"), ("پاکدشت", "Pakdasht", 236, ""),
          ("قرچک", "Qarchak", 231, ""), ("ورامین", "Varamin", 225, ""),
          ("نسیم‌شهر", "Nasimshahr", 200, "بهارستان")]),
    province("اردبیل", "Ardabil", 1_270_420, 682, 11, 31, 520,
        &[("اردبیل", "Ardabil", 529, ""), ("پارس‌آباد", "Parsabad", 94, "")]),
    province("قم", "Qom", 1_292_283, 952, 1, 6, 500,
        &[("قم", "Qom", 1_201, "")]),
    province("قزوین", "Qazvin", 1_273_761, 748, 6, 25, 510,
        &[("قزوین", "Qazvin", 402, ""), ("تاکستان", "Takestan", 81, "")]),
    province("گلستان", "Golestan", 1_868_819, 533, 14, 34, 610,
        &[("گرگان", "Gorgan", 351, ""), ("گنبد کاووس", "Gonbad-e Kavus", 151, "")]),
    province("خراسان شمالی", "North Khorasan", 863_092, 561, 8, 24, 600,
        &[("بجنورد", "Bojnord", 229, "")]),
    province("خراسان جنوبی", "South Khorasan", 768_898, 590, 11, 30, 640,
        &[("بیرجند", "Birjand", 204, "")]),
    province("البرز", "Alborz", 2_712_400, 926, 6, 17, 340,
        &[("کرج", "Karaj", 1_592, ""), ("کمال‌شهر", "Kamal Shahr", 141, "کرج"),
          ("محمدشهر", "Mohammadshahr", 119, "کرج"), ("نظرآباد", "Nazarabad", 119, "")]),
];

impl Province {
    /// People in cities.
    pub(crate) fn urban(&self) -> u64 {
        self.population * self.urban_per_mille / 1_000
    }

    /// People outside cities.
    pub(crate) fn rural(&self) -> u64 {
        self.population - self.urban()
    }
}

/// The county of a named city.
pub(crate) fn county_of(city: &NamedCity) -> &'static str {
    if city.3.is_empty() { city.0 } else { city.3 }
}

/// The English name of a province, by its Persian one.
#[must_use]
pub fn province_name_en(name_fa: &str) -> Option<&'static str> {
    PROVINCES.iter().find(|province| province.name_fa == name_fa).map(|province| province.name_en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_adds_up_to_its_sources() {
        let people: u64 = PROVINCES.iter().map(|province| province.population).sum();
        assert_eq!(people, 79_926_270, "census of 2016");
        let cities: u32 = PROVINCES.iter().map(|province| province.cities).sum();
        assert_eq!(cities, 1_354);
        let counties: u32 = PROVINCES.iter().map(|province| province.counties).sum();
        assert_eq!(counties, 448);
        let urban: u64 = PROVINCES.iter().map(Province::urban).sum();
        // 74.0 % of the people lived in cities; the shares of the provinces are rounded.
        assert!((735..=745).contains(&(urban * 1_000 / people)));
    }

    #[test]
    fn named_cities_leave_people_for_the_others() {
        for province in &PROVINCES {
            let named: u64 = province.named.iter().map(|city| city.2 * 1_000).sum();
            assert!(named < province.urban(), "{}", province.name_en);
            assert!(province.named.len() < province.cities as usize);
        }
    }

    #[test]
    fn by_elections_name_counties_that_exist() {
        for district in MAJLIS {
            for county in district.counties {
                let named = PROVINCES[district.province].named;
                assert!(named.iter().any(|city| county_of(city) == *county), "{county}");
            }
        }
    }
}
