//! Where each step of a rule comes from: articles of laws, names of methods.
//!
//! What comes in: a method or a set of rules. What goes out: the article of each part of it. Where
//! the law is open, a step names its reading besides (docs/law.md); no article is guessed here:
//! what was not found in a text says so.

use crate::rule::Family;
use crate::{Language, Method};

/// Defines the articles with their texts.
macro_rules! articles {
    ($($(#[$document:meta])* $variant:ident = $english:literal, $persian:literal;)+) => {
        /// The source of a step.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Article { $($(#[$document])* $variant),+ }

        impl Article {
            /// The citation, in English.
            pub fn text(self) -> &'static str {
                match self { $(Article::$variant => $english),+ }
            }

            /// The citation, in a language.
            pub fn text_in(self, language: Language) -> &'static str {
                match language {
                    Language::English => self.text(),
                    Language::Persian => match self { $(Article::$variant => $persian),+ },
                }
            }
        }
    };
}

articles! {
    /// Most votes at any level.
    RelativeMajority = "relative majority",
        "اکثریت نسبی";
    /// Majlis: a fifth in the first round, relative majority in the second and in by-elections.
    Majlis9 = "Majlis elections law art. 9",
        "قانون انتخابات مجلس، مادهٔ ۹";
    /// Majlis: equal votes.
    Majlis9Note1 = "Majlis elections law art. 9 note 1: a lot",
        "قانون انتخابات مجلس، مادهٔ ۹ تبصرهٔ ۱: قرعه";
    /// Majlis: the runoff is between twice as many as are open.
    Majlis10 = "Majlis elections law art. 10",
        "قانون انتخابات مجلس، مادهٔ ۱۰";
    /// Assembly of Experts: most votes.
    Experts8 = "Experts elections law art. 8 (old; presumed the same in the law of 1402)",
        "قانون انتخابات خبرگان، مادهٔ ۸ (پیشین؛ فرض بر این است که قانون ۱۴۰۲ همان است)";
    /// Assembly of Experts: equal votes.
    ExpertsTie = "Experts elections law: rule for equal votes not found",
        "قانون انتخابات خبرگان: قاعدهٔ تساوی یافت نشد";
    /// Councils: most votes.
    Councils17 = "councils law art. 17 (old): relative majority",
        "قانون شوراها، مادهٔ ۱۷ (پیشین): اکثریت نسبی";
    /// Councils: equal votes.
    Councils17Note = "councils law art. 17 note (old)",
        "قانون شوراها، تبصرهٔ مادهٔ ۱۷ (پیشین)";
    /// Votes of a person and total of a list.
    Councils24Item1 = "councils law art. 24 item 1",
        "قانون شوراها، مادهٔ ۲۴ بند ۱";
    /// Shares.
    Councils24Item2 = "councils law art. 24 item 2",
        "قانون شوراها، مادهٔ ۲۴ بند ۲";
    /// Rounding.
    Councils24Item3 = "councils law art. 24 item 3",
        "قانون شوراها، مادهٔ ۲۴ بند ۳";
    /// Seats left, one by one.
    InterpretiveItem2 = "interpretive bill on art. 24, item 2",
        "طرح استفساریهٔ مادهٔ ۲۴، بند ۲";
    /// Lists against independents first.
    Draft1402 = "draft of 28 Khordad 1402 on proportional councils",
        "پیش‌نویس ۲۸ خرداد ۱۴۰۲ انتخابات تناسبی شوراها";
    /// A percentage to reach in Tehran: in no text that was seen.
    Councils24Threshold = "councils law art. 24: no threshold in the text seen",
        "قانون شوراها، مادهٔ ۲۴: در متن دیده‌شده حد نصابی نیست";
    /// Groups with an equal claim.
    Councils24TieSeats = "councils law art. 24: equal claims not found in the text seen",
        "قانون شوراها، مادهٔ ۲۴: حکم حق برابر در متن دیده‌شده یافت نشد";
    /// A list with fewer names than seats.
    Councils24ListTooShort = "councils law art. 24: short lists not found in the text seen",
        "قانون شوراها، مادهٔ ۲۴: حکم فهرست کوتاه در متن دیده‌شده یافت نشد";
    /// Persons inside a list or the pool.
    Councils24Persons = "councils law art. 24: most votes inside a list (as art. 25 item 2)",
        "قانون شوراها، مادهٔ ۲۴: بیشترین رأی درون فهرست (همانند مادهٔ ۲۵ بند ۲)";
    /// Number and order of alternates.
    Councils25Item2 = "councils law art. 25 item 2",
        "قانون شوراها، مادهٔ ۲۵ بند ۲";
    /// Who replaces a leaver.
    Councils25Item3 = "councils law art. 25 item 3",
        "قانون شوراها، مادهٔ ۲۵ بند ۳";
    /// Sizes of councils.
    CouncilSizes = "councils law, amendment of 1395: number of members and alternates",
        "قانون شوراها، اصلاحیهٔ ۱۳۹۵: شمار اعضا و علی‌البدل‌ها";
    /// Highest averages 1, 2, 3, ...
    DHondt = "D'Hondt, divisors 1, 2, 3, ...",
        "دونت، مقسوم‌علیه‌های ۱، ۲، ۳، …";
    /// Highest averages 1, 3, 5, ...
    SainteLague = "Sainte-Laguë, divisors 1, 3, 5, ...",
        "سنت‌لاگه، مقسوم‌علیه‌های ۱، ۳، ۵، …";
    /// Highest averages 1.4, 3, 5, ...
    ModifiedSainteLague = "modified Sainte-Laguë, divisors 1.4 (or as given), 3, 5, ...",
        "سنت‌لاگهٔ اصلاح‌شده، مقسوم‌علیه‌های ۱٫۴ (یا چنان که داده شده)، ۳، ۵، …";
    /// Equal proportions.
    HuntingtonHill = "Huntington-Hill, divisors √(n(n+1))",
        "هانتینگتون–هیل، مقسوم‌علیه‌های √(n(n+1))";
    /// Highest averages 0, 1, 2, ...
    Adams = "Adams, divisors 0, 1, 2, ...",
        "آدامز، مقسوم‌علیه‌های ۰، ۱، ۲، …";
    /// Highest averages 1, 4, 7, ...
    Danish = "Danish method, divisors 1, 4, 7, ...",
        "روش دانمارکی، مقسوم‌علیه‌های ۱، ۴، ۷، …";
    /// Highest averages 1, 1.5, 2, ...
    Imperiali = "Imperiali, divisors 1, 1.5, 2, ...",
        "امپریالی، مقسوم‌علیه‌های ۱، ۱٫۵، ۲، …";
    /// Largest remainder.
    Hare = "Hare quota, largest remainder",
        "سهمیهٔ هِیر، بزرگ‌ترین باقی‌مانده";
    /// Largest remainder.
    Droop = "Droop quota, largest remainder",
        "سهمیهٔ دروپ، بزرگ‌ترین باقی‌مانده";
    /// Largest remainder.
    HagenbachBischoff = "Hagenbach-Bischoff quota, largest remainder",
        "سهمیهٔ هاگنباخ–بیشوف، بزرگ‌ترین باقی‌مانده";
    /// Largest remainder.
    ImperialiQuota = "Imperiali quota, largest remainder",
        "سهمیهٔ امپریالی، بزرگ‌ترین باقی‌مانده";
    /// A percentage to reach.
    Threshold = "threshold: at least",
        "حد نصاب: دست‌کم";
    /// A list cannot take more seats than it has names, or than its limit.
    Capacity = "no more seats than names, or than the limit of a list",
        "نه بیش از شمار نام‌ها یا سقف یک فهرست";
    /// Seats of every group beforehand.
    InitialSeats = "seats beforehand",
        "کرسی‌های از پیش داده‌شده";
    /// No fewer seats than.
    MinSeats = "fewest seats of a group",
        "کمترین کرسی یک گروه";
    /// More than half.
    Majority = "more than half the votes, more than half the seats",
        "بیش از نیمی از آرا، بیش از نیمی از کرسی‌ها";
    /// Persons inside a list, in methods that are about lists only.
    PersonsOfList = "own votes inside the list",
        "رأی خود شخص درون فهرست";
    /// Persons as the list orders them.
    ListOrder = "order of the list",
        "ترتیب فهرست";
    /// Persons with ten per cent more than the average first.
    CzechOrder = "10 % more than the average of the list, then its order",
        "۱۰٪ بیش از میانگین فهرست، سپس ترتیب آن";
    /// Nobody has a vote.
    NoVotes = "no valid vote",
        "بی رأی صحیح";
    /// Nobody can take a seat.
    Vacant = "vacant seats",
        "کرسی‌های خالی";
    /// Czech municipalities: the bar of 5 %.
    Czech45Threshold = "Czech act 491/2001 § 45: 5 %",
        "قانون ۴۹۱/۲۰۰۱ چک، § ۴۵: ۵٪";
    /// Czech municipalities: highest averages, the larger list first, then a lot.
    Czech45Seats = "Czech act 491/2001 § 45: divisors 1, 2, 3, ...",
        "قانون ۴۹۱/۲۰۰۱ چک، § ۴۵: مقسوم‌علیه‌های ۱، ۲، ۳، …";
    /// Czech municipalities: persons.
    Czech45Persons = "Czech act 491/2001 § 45: 10 % over the average, then the order of the list",
        "قانون ۴۹۱/۲۰۰۱ چک، § ۴۵: ۱۰٪ بیش از میانگین، سپس ترتیب فهرست";
    /// Counties of Hesse: largest remainder, then a lot.
    Hesse22Seats = "Hessian KWG § 22 (3)",
        "KWG هسن، § ۲۲ (۳)";
    /// Counties of Hesse: more than half.
    Hesse22Majority = "Hessian KWG § 22 (4)",
        "KWG هسن، § ۲۲ (۴)";
    /// Counties of Hesse: persons by votes, then a lot.
    Hesse22Persons = "Hessian KWG § 22 (5)",
        "KWG هسن، § ۲۲ (۵)";
    /// Seats of a constituency of the Storting.
    Storting11 = "Norwegian election act (2002) § 11-4",
        "قانون انتخابات نروژ (۲۰۰۲)، § ۱۱-۴";
    /// Seats of a state.
    UnitedStatesHouse = "2 U.S.C. § 2a: equal proportions",
        "2 U.S.C. § 2a: نسبت‌های برابر";
}

/// The articles of the parts of a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Citations {
    pub(crate) seats: Article,
    pub(crate) threshold: Article,
    pub(crate) tie_seats: Article,
    pub(crate) majority: Article,
    pub(crate) persons: Article,
    pub(crate) tie_persons: Article,
    pub(crate) alternates: Article,
    pub(crate) runoff: Article,
    pub(crate) replacement: Article,
}

impl Citations {
    /// Those of a method that no law was named for.
    pub(crate) fn of(method: Method) -> Citations {
        let seats = method.article();
        let common = Citations {
            seats,
            threshold: Article::Threshold,
            tie_seats: seats,
            majority: Article::Majority,
            persons: seats,
            tie_persons: seats,
            alternates: seats,
            runoff: seats,
            replacement: seats,
        };
        match method.family() {
            Family::Article24 => Citations {
                threshold: Article::Councils24Threshold,
                tie_seats: Article::Councils24TieSeats,
                persons: Article::Councils24Persons,
                tie_persons: Article::Councils24Persons,
                alternates: Article::Councils25Item2,
                replacement: Article::Councils25Item3,
                ..common
            },
            Family::TwoRound => Citations {
                tie_persons: Article::Majlis9Note1,
                runoff: Article::Majlis10,
                ..common
            },
            Family::Plurality if method == Method::BlockPlurality => {
                Citations { tie_persons: Article::Councils17Note, ..common }
            }
            Family::Plurality => common,
            Family::Divisor(_) | Family::Quota(_) => Citations {
                persons: Article::PersonsOfList,
                tie_persons: Article::PersonsOfList,
                ..common
            },
        }
    }
}
