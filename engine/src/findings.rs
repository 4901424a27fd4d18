//! What the rules notice about a district and do not decide.
//!
//! In: a district and its rule. Out: findings for whoever admitted the lists or made the
//! definition, as sentences of either language. Never: an effect on seats; a list that is too short
//! competes, a council of an odd size is filled.

use shomar_format::election::{Candidate, District};
use shomar_seats::{CouncilSize, Language, Method, OptionName, Place, Rule, RuleSet, SizesTable};

/// Something that is noticed about a district and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistrictFinding {
    /// A candidate who no longer stands has votes, or none.
    NoLongerStands {
        /// The code of the candidate.
        candidate: u32,
        /// Votes on ballots that are valid.
        votes: u64,
    },
    /// Ballots name a list that nobody stands for.
    ListWithoutCandidates {
        /// The code of the list.
        list: u32,
        /// Ballots that name it.
        ballots: u64,
    },
    /// A12: a list is too short, or has more names than there are seats.
    ListLength {
        /// The code of the list.
        list: u32,
        /// How many names it has.
        names: usize,
        /// The fewest and the most that the rule expects.
        expected: (u32, u32),
        /// The reading of A12.
        reading: String,
    },
    /// A council has not the size that its population gives.
    SizeOfPopulation {
        /// Members and alternates of the definition.
        found: CouncilSize,
        /// What the table gives.
        expected: CouncilSize,
        /// People of the place.
        population: u64,
        /// A city or a village.
        place: Place,
        /// Which table.
        table: SizesTable,
    },
    /// A council has a size that is not in the table.
    SizeOfNoCouncil {
        /// Members and alternates of the definition.
        found: CouncilSize,
        /// Every size of the table for this kind of place.
        expected: Vec<CouncilSize>,
        /// Which table.
        table: SizesTable,
    },
    /// A10 `device_forbids`: ballots with a list and names, which the device should not have let
    /// pass.
    ListBesideNames {
        /// How many of them are void for it.
        ballots: u64,
    },
    /// A lot of the record fits no tie (any more). Who won it is not told: a district may be open.
    LotNotUsed {
        /// The position of its record.
        record: u64,
    },
}

impl DistrictFinding {
    /// The finding as a sentence; codes and readings as in the election folder.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::Persian => self.persian(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NoLongerStands { candidate, votes } => {
                format!("candidate {candidate} no longer stands: {votes} votes")
            }
            Self::ListWithoutCandidates { list, ballots } => {
                format!("list {list} has no candidates: {ballots} ballots")
            }
            Self::ListLength { list, names, expected: (least, most), reading } => format!(
                "list {list} has {names} names, expected {least} to {most} (reading A12 {reading})"
            ),
            Self::SizeOfPopulation { found, expected, population, place, table } => format!(
                "{} seats and {} alternates, expected {} and {} for {population} people (a {}, \
                 table of {})",
                found.members,
                found.alternates,
                expected.members,
                expected.alternates,
                place.value(),
                table.value()
            ),
            Self::SizeOfNoCouncil { found, expected, table } => {
                let sizes =
                    expected.iter().map(|own| format!("{} and {}", own.members, own.alternates));
                format!(
                    "{} seats and {} alternates, expected a size of the table of {}: {}",
                    found.members,
                    found.alternates,
                    table.value(),
                    sizes.collect::<Vec<_>>().join("; ")
                )
            }
            Self::ListBesideNames { ballots } => format!(
                "{ballots} ballots have a list and names: void (reading A10 device_forbids)"
            ),
            Self::LotNotUsed { record } => {
                format!("lot of record {record} not used: it fits no tie of this district")
            }
        }
    }

    fn persian(&self) -> String {
        let digits = |number: u64| Language::Persian.digits(&number.to_string());
        let size = |own: &CouncilSize| (digits(own.members.into()), digits(own.alternates.into()));
        match self {
            Self::NoLongerStands { candidate, votes } => format!(
                "نامزد {} دیگر در رقابت نیست: {} رأی",
                digits((*candidate).into()),
                digits(*votes)
            ),
            Self::ListWithoutCandidates { list, ballots } => format!(
                "فهرست {} نامزدی ندارد: {} برگ رأی",
                digits((*list).into()),
                digits(*ballots)
            ),
            Self::ListLength { list, names, expected: (least, most), reading } => format!(
                "فهرست {} دارای {} نام است؛ انتظار: {} تا {} (برداشت A12 {reading})",
                digits((*list).into()),
                digits(*names as u64),
                digits((*least).into()),
                digits((*most).into())
            ),
            Self::SizeOfPopulation { found, expected, population, place, table } => {
                let ((members, alternates), (own, second)) = (size(found), size(expected));
                let place = match place {
                    Place::Any => "",
                    Place::City => "شهر، ",
                    Place::Village => "روستا، ",
                };
                format!(
                    "{members} کرسی و {alternates} علی‌البدل؛ انتظار: {own} و {second} برای {} نفر \
                     ({place}جدول {})",
                    digits(*population),
                    Language::Persian.digits(table.value())
                )
            }
            Self::SizeOfNoCouncil { found, expected, table } => {
                let (members, alternates) = size(found);
                let sizes =
                    expected.iter().map(size).map(|(own, second)| format!("{own} و {second}"));
                format!(
                    "{members} کرسی و {alternates} علی‌البدل؛ انتظار: یکی از اندازه‌های جدول {}: {}",
                    Language::Persian.digits(table.value()),
                    sizes.collect::<Vec<_>>().join("؛ ")
                )
            }
            Self::ListBesideNames { ballots } => format!(
                "{} برگ رأی هم فهرست دارد و هم نام: باطل (برداشت A10 device_forbids)",
                digits(*ballots)
            ),
            Self::LotNotUsed { record } => format!(
                "قرعهٔ رکورد {} به کار نرفت: با هیچ تساوی این حوزه جور نیست",
                digits(*record)
            ),
        }
    }
}

/// A12: a list must have at least so many names, and at most as many as seats. Whoever admitted it
/// decides; the result only says so.
pub(crate) fn list_lengths(district: &District, rule: &Rule) -> Vec<DistrictFinding> {
    if rule.method() != Method::Article24 {
        return Vec::new();
    }
    let least = rule.options().min_list.names(district.seats);
    let mut findings = Vec::new();
    for (index, list) in district.lists.iter().enumerate() {
        let is_of_list = |candidate: &&Candidate| candidate.list.map(usize::from) == Some(index);
        let names = district.candidates.iter().filter(is_of_list).count();
        if names < least as usize || names > district.seats as usize {
            findings.push(DistrictFinding::ListLength {
                list: list.code,
                names,
                expected: (least, district.seats),
                reading: rule.options().value(OptionName::MinList),
            });
        }
    }
    findings
}

/// Under a set of rules that knows the sizes of councils: seats and alternates that no council has,
/// or, where the population is given, that this one should not have.
pub(crate) fn sizes(district: &District, rule: &Rule) -> Option<DistrictFinding> {
    if rule.set() != Some(RuleSet::IrCouncils1405) {
        return None;
    }
    let (table, place) = (rule.options().sizes, rule.options().place);
    let found = CouncilSize { members: district.seats, alternates: district.alternates };
    let is_tehran = rule.method() == Method::Article24;
    if is_tehran {
        return None; // 21 seats are Tehran's; its alternates follow from the seats of each list
    }
    if let Some(population) = district.population {
        let expected = match place {
            Place::Any => return None,
            place => table.size(place, population)?,
        };
        return (expected != found).then_some(DistrictFinding::SizeOfPopulation {
            found,
            expected,
            population,
            place,
            table,
        });
    }
    let expected = table.sizes(place);
    (!expected.contains(&found)).then_some(DistrictFinding::SizeOfNoCouncil {
        found,
        expected,
        table,
    })
}

/// A10 `device_forbids`: ballots with a list and names, which the device should not have let pass.
pub(crate) fn forbidden(ballots: u64) -> Option<DistrictFinding> {
    (ballots > 0).then_some(DistrictFinding::ListBesideNames { ballots })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> Vec<DistrictFinding> {
        let size = |members, alternates| CouncilSize { members, alternates };
        let (found, table) = (size(4, 1), SizesTable::Of1396);
        vec![
            DistrictFinding::NoLongerStands { candidate: 103, votes: 1_200 },
            DistrictFinding::ListWithoutCandidates { list: 40, ballots: 50 },
            DistrictFinding::ListLength {
                list: 11,
                names: 3,
                expected: (6, 21),
                reading: "quarter".to_owned(),
            },
            DistrictFinding::SizeOfPopulation {
                found,
                expected: size(5, 3),
                population: 1_600,
                place: Place::Village,
                table,
            },
            DistrictFinding::SizeOfNoCouncil {
                found,
                expected: vec![size(3, 2), size(5, 3)],
                table,
            },
            DistrictFinding::ListBesideNames { ballots: 3 },
            DistrictFinding::LotNotUsed { record: 7 },
        ]
    }

    fn told(language: Language) -> Vec<String> {
        every_kind().into_iter().map(|finding| finding.text(language)).collect()
    }

    #[test]
    fn every_finding_is_told_in_both_languages() {
        let english = [
            "candidate 103 no longer stands: 1200 votes",
            "list 40 has no candidates: 50 ballots",
            "list 11 has 3 names, expected 6 to 21 (reading A12 quarter)",
            "4 seats and 1 alternates, expected 5 and 3 for 1600 people (a village, table of 1396)",
            "4 seats and 1 alternates, expected a size of the table of 1396: 3 and 2; 5 and 3",
            "3 ballots have a list and names: void (reading A10 device_forbids)",
            "lot of record 7 not used: it fits no tie of this district",
        ];
        assert_eq!(told(Language::English), english);
        let persian = [
            "نامزد ۱۰۳ دیگر در رقابت نیست: ۱۲۰۰ رأی",
            "فهرست ۴۰ نامزدی ندارد: ۵۰ برگ رأی",
            "فهرست ۱۱ دارای ۳ نام است؛ انتظار: ۶ تا ۲۱ (برداشت A12 quarter)",
            "۴ کرسی و ۱ علی‌البدل؛ انتظار: ۵ و ۳ برای ۱۶۰۰ نفر (روستا، جدول ۱۳۹۶)",
            "۴ کرسی و ۱ علی‌البدل؛ انتظار: یکی از اندازه‌های جدول ۱۳۹۶: ۳ و ۲؛ ۵ و ۳",
            "۳ برگ رأی هم فهرست دارد و هم نام: باطل (برداشت A10 device_forbids)",
            "قرعهٔ رکورد ۷ به کار نرفت: با هیچ تساوی این حوزه جور نیست",
        ];
        assert_eq!(told(Language::Persian), persian);
    }
}
