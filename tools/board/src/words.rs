//! Words, numbers and moments in the two languages of the page.
//!
//! In: numbers, milliseconds since 1970-01-01 UTC. Out: text: Persian digits and Jalali dates, or
//! ASCII digits and Gregorian ones; the time of Tehran in both. Never: a number rounded up.

use calendrical_calculations::gregorian::gregorian_from_fixed;
use calendrical_calculations::persian::fast_persian_from_fixed;
use calendrical_calculations::rata_die::RataDie;
use shomar_seats::Language;

/// Iran keeps UTC+3:30 all the year since 1401, when summer time was abolished.
const TEHRAN_OFFSET_SECONDS: i64 = 12_600;
/// Days from the first day of the year 1 to 1970-01-01.
const UNIX_EPOCH_DAYS: i64 = 719_163;

const MONTHS_FA: [&str; 12] = [
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// One language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Words {
    /// Which.
    pub language: Language,
}

impl Words {
    /// One of two texts.
    pub fn say<'t>(self, english: &'t str, persian: &'t str) -> &'t str {
        match self.language {
            Language::English => english,
            Language::Persian => persian,
        }
    }

    /// Code of the language in paths and in `lang`.
    pub fn code(self) -> &'static str {
        self.say("en", "fa")
    }

    /// Direction of writing.
    pub fn direction(self) -> &'static str {
        self.say("ltr", "rtl")
    }

    /// The other language.
    pub fn other(self) -> Self {
        let language = match self.language {
            Language::English => Language::Persian,
            Language::Persian => Language::English,
        };
        Self { language }
    }

    /// A name in this language; the other one where there is none.
    pub fn name<'t>(self, name_en: &'t str, name_fa: &'t str) -> &'t str {
        let name = self.say(name_en, name_fa);
        if name.is_empty() { self.say(name_fa, name_en) } else { name }
    }

    /// A number grouped by three.
    pub fn number(self, number: impl TryInto<u64>) -> String {
        self.language.number(number.try_into().unwrap_or(u64::MAX))
    }

    /// Digits of a text.
    pub fn digits(self, text: &str) -> String {
        self.language.digits(text)
    }

    /// `part` of `whole` in percent with two decimals, cut off; a dash of nothing.
    pub fn percent(self, part: u64, whole: u64) -> String {
        if whole == 0 {
            return "–".to_owned();
        }
        let hundredths = u128::from(part) * 10_000 / u128::from(whole);
        let number = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        self.digits(&number) + self.say("%", "٪")
    }

    /// `part` of `whole` in whole percent, cut off, for where there is little room.
    pub fn percent_short(self, part: u64, whole: u64) -> String {
        if whole == 0 {
            return "–".to_owned();
        }
        let percent = u128::from(part) * 100 / u128::from(whole);
        self.digits(&percent.to_string()) + self.say("%", "٪")
    }

    /// The time of day in Tehran.
    pub fn clock(self, milliseconds: u64) -> String {
        let seconds = tehran_seconds(milliseconds).rem_euclid(86_400);
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        self.digits(&format!("{hours:02}:{minutes:02}:{seconds:02}"))
    }

    /// The day in Tehran: Jalali in Persian, Gregorian in English.
    pub fn day(self, milliseconds: u64) -> String {
        let days = tehran_seconds(milliseconds).div_euclid(86_400);
        let fixed = RataDie::new(UNIX_EPOCH_DAYS + days);
        let (date, months) = match self.language {
            Language::English => (gregorian_from_fixed(fixed), MONTHS_EN),
            Language::Persian => (fast_persian_from_fixed(fixed), MONTHS_FA),
        };
        let Ok((year, month, day)) = date else { return "–".to_owned() };
        let month = months[usize::from(month.clamp(1, 12)) - 1];
        self.digits(&format!("{day} {month} {year}"))
    }

    /// Day and time of day.
    pub fn moment(self, milliseconds: u64) -> String {
        format!(
            "{}{}{}",
            self.day(milliseconds),
            self.say(", ", "، ساعت "),
            self.clock(milliseconds)
        )
    }

    /// A duration of so many microseconds, in milliseconds with one decimal, cut off.
    pub fn milliseconds(self, microseconds: u64) -> String {
        let tenths = microseconds / 100;
        let number =
            format!("{}.{}", self.number(tenths / 10), self.digits(&format!("{}", tenths % 10)));
        format!("{} {}", number.replace('.', self.say(".", "٫")), self.say("ms", "میلی‌ثانیه"))
    }

    /// Parts joined as a list.
    pub fn joined(self, parts: &[String]) -> String {
        parts.join(self.say(", ", "، "))
    }
}

/// A moment for programs; `None` beyond the year 9999, of which RFC 3339 has no form.
#[must_use]
pub fn rfc3339(milliseconds: u64) -> Option<String> {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(milliseconds);
    let is_written = milliseconds <= 253_402_300_799_999;
    is_written.then(|| humantime::format_rfc3339_seconds(time).to_string())
}

fn tehran_seconds(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds / 1_000).unwrap_or(i64::MAX / 2) + TEHRAN_OFFSET_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    const FA: Words = Words { language: Language::Persian };
    const EN: Words = Words { language: Language::English };

    #[test]
    fn moments_are_those_of_tehran_in_both_calendars() {
        // 2026-05-01 20:44:05 UTC is past midnight in Tehran.
        let moment = 1_777_668_245_000;
        assert_eq!(EN.moment(moment), "2 May 2026, 00:14:05");
        assert_eq!(FA.moment(moment), "۱۲ اردیبهشت ۱۴۰۵، ساعت ۰۰:۱۴:۰۵");
        // Leap years of the Jalali calendar: 1403 had 30 days in Esfand, 1404 has 29.
        assert_eq!(FA.day(1_742_416_200_000), "۳۰ اسفند ۱۴۰۳");
        assert_eq!(FA.day(1_742_502_600_000), "۱ فروردین ۱۴۰۴");
        assert_eq!(FA.day(1_774_038_600_000), "۱ فروردین ۱۴۰۵");
        assert_eq!(EN.clock(0), "03:30:00");
        // What no calendar has is no reason to fall over.
        assert!(EN.moment(u64::MAX).contains(':') && FA.moment(u64::MAX).contains(':'));
    }

    #[test]
    fn shares_are_cut_off_and_name_no_share_of_nothing() {
        assert_eq!(EN.percent(49_999, 50_000), "99.99%");
        assert_eq!(FA.percent(1, 3), "۳۳٫۳۳٪");
        assert_eq!(EN.percent(1, 0), "–");
        assert_eq!(EN.percent_short(999, 1_000), "99%");
        assert_eq!(EN.percent(u64::MAX, u64::MAX), "100.00%");
        assert_eq!(
            (EN.milliseconds(1_234_567), FA.milliseconds(1_990)),
            ("1,234.5 ms".into(), "۱٫۹ میلی‌ثانیه".into())
        );
    }
}
