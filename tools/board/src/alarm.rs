//! A check that failed, in the words of a page or a paper.
//!
//! In: its formula, a language. Out: what was found, and what was allowed. Never: the formula as it
//! should have been: "330 <= 100 + 0" reads as if it were so.

use shomar_engine::checks::{Counted, Formula, Reported};
use shomar_format::election::check::Limit;
use shomar_seats::Language;

use crate::words::Words;

/// The numbers of a formula that is not kept: what was found, and what was expected.
pub(crate) fn not_kept(words: Words, formula: &Formula) -> String {
    let number = |number: u64| words.number(number);
    let and_limit = |most: u64, limit: &Limit| {
        let sum = format!("{} + {}", number(most), tolerance(words, limit));
        words.language.formula(&sum)
    };
    let is_english = words.language == Language::English;
    match formula {
        Formula::AtMost(left, right, limit) => {
            let (left_number, most) = (number(left.number()), and_limit(right.number(), limit));
            let (left, right) = (name(words, *left), name(words, *right));
            match is_english {
                true => format!("{left} {left_number}, at most {right} {most}"),
                false => format!("{left} {left_number}، حداکثر مجاز به شمار {right} {most}"),
            }
        }
        Formula::Sum(Reported { taken, valid, void }) => {
            let [taken, valid, void] = [*taken, *valid, *void].map(number);
            match is_english {
                true => format!("ballots taken {taken}, but valid {valid} and void {void}"),
                false => format!("برگ مأخوذه {taken}، ولی صحیح {valid} و باطل {void}"),
            }
        }
        Formula::VoidShare(own, others, limit) => {
            let [void, taken] = [own.void, own.taken].map(number);
            let [others_void, others] = [others.void, others.taken].map(number);
            let limit = tolerance(words, limit);
            match is_english {
                true => format!(
                    "void {void} of {taken}, at the district's other stations {others_void} of \
                     {others}; shares at most {limit} apart"
                ),
                false => format!(
                    "باطل {void} از {taken}، در شعبه‌های دیگر حوزه {others_void} از {others}؛ \
                     حداکثر فاصلهٔ مجاز دو سهم {limit}"
                ),
            }
        }
        Formula::Jump { taken, others, pairs, limit } => {
            let [taken, others, pairs] = [*taken, *others, *pairs].map(number);
            let limit = tolerance(words, limit);
            match is_english {
                true => format!(
                    "ballots taken {taken}, at most {limit} more than the mean of {pairs} other \
                     station(s) with {others}"
                ),
                false => format!(
                    "برگ مأخوذه {taken}، حداکثر مجاز {limit} بیش از میانگین {pairs} شعبهٔ دیگر با \
                     {others} برگ"
                ),
            }
        }
        Formula::Alone { taken, equal } => {
            let [taken, equal] = [*taken, *equal].map(number);
            match is_english {
                true => format!("its {taken} ballots are those of {equal} other batch(es)"),
                false => format!("{taken} برگ آن همان برگ‌های {equal} بستهٔ دیگر است"),
            }
        }
    }
}

fn tolerance(words: Words, limit: &Limit) -> String {
    match limit {
        Limit::Absolute(limit) => words.number(*limit),
        Limit::Millionths(_) => {
            let text = limit.to_string().replace(" %", words.say(" %", "٪"));
            words.digits(&text)
        }
    }
}

fn name(words: Words, counted: Counted) -> &'static str {
    let (english, persian) = match counted {
        Counted::Taken(_) => ("ballots taken", "برگ مأخوذه"),
        Counted::Authenticated(_) => ("authenticated", "احراز هویت‌شدگان"),
        Counted::Registered(_) => ("registered", "واجدان شرایط"),
    };
    words.say(english, persian)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(taken: u64, void: u64) -> Reported {
        Reported { taken, valid: taken - void, void }
    }

    #[test]
    fn every_formula_is_told_as_not_kept_in_both_languages() {
        let percent = Limit::Millionths(25_000);
        let jump = Formula::Jump { taken: 900, others: 1_200, pairs: 3, limit: percent };
        for (formula, english, persian) in [
            (
                Formula::AtMost(Counted::Taken(330), Counted::Registered(100), Limit::Absolute(0)),
                "ballots taken 330, at most registered 100 + 0",
                "برگ مأخوذه ۳۳۰، حداکثر مجاز به شمار واجدان شرایط \u{2066}۱۰۰ + ۰\u{2069}",
            ),
            (
                Formula::AtMost(Counted::Authenticated(9), Counted::Registered(8), percent),
                "authenticated 9, at most registered 8 + 2.5 %",
                "احراز هویت‌شدگان ۹، حداکثر مجاز به شمار واجدان شرایط \u{2066}۸ + ۲٫۵٪\u{2069}",
            ),
            (
                Formula::Sum(Reported { taken: 9, valid: 7, void: 1 }),
                "ballots taken 9, but valid 7 and void 1",
                "برگ مأخوذه ۹، ولی صحیح ۷ و باطل ۱",
            ),
            (
                Formula::VoidShare(report(100, 42), report(1_000, 26), percent),
                "void 42 of 100, at the district's other stations 26 of 1,000; shares at most 2.5 % \
                 apart",
                "باطل ۴۲ از ۱۰۰، در شعبه‌های دیگر حوزه ۲۶ از ۱٬۰۰۰؛ حداکثر فاصلهٔ مجاز دو سهم ۲٫۵٪",
            ),
            (
                jump,
                "ballots taken 900, at most 2.5 % more than the mean of 3 other station(s) with 1,200",
                "برگ مأخوذه ۹۰۰، حداکثر مجاز ۲٫۵٪ بیش از میانگین ۳ شعبهٔ دیگر با ۱٬۲۰۰ برگ",
            ),
            (
                Formula::Alone { taken: 30, equal: 1 },
                "its 30 ballots are those of 1 other batch(es)",
                "۳۰ برگ آن همان برگ‌های ۱ بستهٔ دیگر است",
            ),
        ] {
            assert_eq!(not_kept(Words { language: Language::English }, &formula), english);
            assert_eq!(not_kept(Words { language: Language::Persian }, &formula), persian);
        }
    }
}
