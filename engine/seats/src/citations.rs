//! Where each step of a rule comes from: articles of laws, names of methods.
//!
//! What comes in: a method or a set of rules. What goes out: the article of each part of it. Where
//! the law is open, a step names its reading besides (docs/law.md); no article is guessed here:
//! what was not found in a text says so.

use crate::Method;
use crate::rule::Family;

/// Defines the articles with their texts.
macro_rules! articles {
    ($($(#[$document:meta])* $variant:ident = $text:literal;)+) => {
        /// The source of a step.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Article { $($(#[$document])* $variant),+ }

        impl Article {
            /// The citation.
            pub fn text(self) -> &'static str {
                match self { $(Article::$variant => $text),+ }
            }
        }
    };
}

articles! {
    /// Most votes at any level.
    RelativeMajority = "relative majority";
    /// Majlis: a fifth in the first round, relative majority in the second and in by-elections.
    Majlis9 = "Majlis elections law art. 9";
    /// Majlis: equal votes.
    Majlis9Note1 = "Majlis elections law art. 9 note 1: a lot";
    /// Majlis: the runoff is between twice as many as are open.
    Majlis10 = "Majlis elections law art. 10";
    /// Assembly of Experts: most votes.
    Experts8 = "Experts elections law art. 8 (old; presumed the same in the law of 1402)";
    /// Assembly of Experts: equal votes.
    ExpertsTie = "Experts elections law: rule for equal votes not found";
    /// Councils: most votes.
    Councils17 = "councils law art. 17 (old): relative majority";
    /// Councils: equal votes.
    Councils17Note = "councils law art. 17 note (old)";
    /// Votes of a person and total of a list.
    Councils24Item1 = "councils law art. 24 item 1";
    /// Shares.
    Councils24Item2 = "councils law art. 24 item 2";
    /// Rounding.
    Councils24Item3 = "councils law art. 24 item 3";
    /// Seats left, one by one.
    InterpretiveItem2 = "interpretive bill on art. 24, item 2";
    /// Lists against independents first.
    Draft1402 = "draft of 28 Khordad 1402 on proportional councils";
    /// A percentage to reach in Tehran: in no text that was seen.
    Councils24Threshold = "councils law art. 24: no threshold in the text seen";
    /// Groups with an equal claim.
    Councils24TieSeats = "councils law art. 24: equal claims not found in the text seen";
    /// A list with fewer names than seats.
    Councils24ListTooShort = "councils law art. 24: short lists not found in the text seen";
    /// Persons inside a list or the pool.
    Councils24Persons = "councils law art. 24: most votes inside a list (as art. 25 item 2)";
    /// Number and order of alternates.
    Councils25Item2 = "councils law art. 25 item 2";
    /// Who replaces a leaver.
    Councils25Item3 = "councils law art. 25 item 3";
    /// Sizes of councils.
    CouncilSizes = "councils law, amendment of 1395: number of members and alternates";
    /// Highest averages 1, 2, 3, ...
    DHondt = "D'Hondt, divisors 1, 2, 3, ...";
    /// Highest averages 1, 3, 5, ...
    SainteLague = "Sainte-Laguë, divisors 1, 3, 5, ...";
    /// Highest averages 1.4, 3, 5, ...
    ModifiedSainteLague = "modified Sainte-Laguë, divisors 1.4 (or as given), 3, 5, ...";
    /// Equal proportions.
    HuntingtonHill = "Huntington-Hill, divisors √(n(n+1))";
    /// Highest averages 0, 1, 2, ...
    Adams = "Adams, divisors 0, 1, 2, ...";
    /// Highest averages 1, 4, 7, ...
    Danish = "Danish method, divisors 1, 4, 7, ...";
    /// Highest averages 1, 1.5, 2, ...
    Imperiali = "Imperiali, divisors 1, 1.5, 2, ...";
    /// Largest remainder.
    Hare = "Hare quota, largest remainder";
    /// Largest remainder.
    Droop = "Droop quota, largest remainder";
    /// Largest remainder.
    HagenbachBischoff = "Hagenbach-Bischoff quota, largest remainder";
    /// Largest remainder.
    ImperialiQuota = "Imperiali quota, largest remainder";
    /// A percentage to reach.
    Threshold = "threshold: at least";
    /// A list cannot take more seats than it has names, or than its limit.
    Capacity = "no more seats than names, or than the limit of a list";
    /// Seats of every group beforehand.
    InitialSeats = "seats beforehand";
    /// No fewer seats than.
    MinSeats = "fewest seats of a group";
    /// More than half.
    Majority = "more than half the votes, more than half the seats";
    /// Persons inside a list, in methods that are about lists only.
    PersonsOfList = "own votes inside the list";
    /// Persons as the list orders them.
    ListOrder = "order of the list";
    /// Persons with ten per cent more than the average first.
    CzechOrder = "10 % more than the average of the list, then its order";
    /// Nobody has a vote.
    NoVotes = "no valid vote";
    /// Nobody can take a seat.
    Vacant = "vacant seats";
    /// Czech municipalities: the bar of 5 %.
    Czech45Threshold = "Czech act 491/2001 § 45: 5 %";
    /// Czech municipalities: highest averages, the larger list first, then a lot.
    Czech45Seats = "Czech act 491/2001 § 45: divisors 1, 2, 3, ...";
    /// Czech municipalities: persons.
    Czech45Persons = "Czech act 491/2001 § 45: 10 % over the average, then the order of the list";
    /// Counties of Hesse: largest remainder, then a lot.
    Hesse22Seats = "Hessian KWG § 22 (3)";
    /// Counties of Hesse: more than half.
    Hesse22Majority = "Hessian KWG § 22 (4)";
    /// Counties of Hesse: persons by votes, then a lot.
    Hesse22Persons = "Hessian KWG § 22 (5)";
    /// Seats of a constituency of the Storting.
    Storting11 = "Norwegian election act (2002) § 11-4";
    /// Seats of a state.
    UnitedStatesHouse = "2 U.S.C. § 2a: equal proportions";
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
