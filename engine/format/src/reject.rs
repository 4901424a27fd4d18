//! Stable names of the reasons for which a row of ballots is refused.
//!
//! In: nothing. Out: codes that stand in `rejects.csv` and never change their meaning. Never: a
//! ballot that the law can still read; those are kept as entered.

/// Why a row was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectCode {
    /// The row has not as many fields as the header.
    WrongFieldCount,
    /// A quotation mark is opened and not closed on the same line.
    BadQuote,
    /// The row is longer than [`crate::limits::ROW_BYTES_MAX`].
    RowTooLong,
    /// The station is not in `stations.csv`.
    UnknownStation,
    /// The district is not in `districts.csv`.
    UnknownDistrict,
    /// `serves.csv` does not expect this station to report this district.
    PairNotServed,
    /// A choice has something else than digits, or choices are not separated by single spaces.
    ChoiceNotANumber,
    /// More choices than [`crate::limits::BALLOT_CHOICES_MAX`].
    TooManyChoices,
    /// `count` is not a number from 1 to 1,000,000.
    BadCount,
}

impl RejectCode {
    /// Every code, for documents and tests.
    pub const ALL: [Self; 9] = [
        Self::WrongFieldCount,
        Self::BadQuote,
        Self::RowTooLong,
        Self::UnknownStation,
        Self::UnknownDistrict,
        Self::PairNotServed,
        Self::ChoiceNotANumber,
        Self::TooManyChoices,
        Self::BadCount,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongFieldCount => "wrong-field-count",
            Self::BadQuote => "bad-quote",
            Self::RowTooLong => "row-too-long",
            Self::UnknownStation => "unknown-station",
            Self::UnknownDistrict => "unknown-district",
            Self::PairNotServed => "pair-not-served",
            Self::ChoiceNotANumber => "choice-not-a-number",
            Self::TooManyChoices => "too-many-choices",
            Self::BadCount => "bad-count",
        }
    }

    /// What would have been accepted.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::WrongFieldCount => "as many fields as the header has",
            Self::BadQuote => "every quotation mark closed on its own line",
            Self::RowTooLong => "a row of at most 1,048,576 bytes",
            Self::UnknownStation => "a station of stations.csv",
            Self::UnknownDistrict => "a district of districts.csv",
            Self::PairNotServed => "a pair of station and district that serves.csv names",
            Self::ChoiceNotANumber => "codes in digits, separated by single spaces",
            Self::TooManyChoices => "at most 1,024 codes on one ballot",
            Self::BadCount => "a whole number from 1 to 1,000,000",
        }
    }
}
