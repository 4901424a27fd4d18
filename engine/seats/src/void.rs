//! Why a ballot is void, and whether it counts among those taken.
//!
//! What comes in: a code. What goes out: the reason, its class and its words. Class (a) counts
//! among the ballots taken (آراء مأخوذه), class (b) does not: such ballots leave the totals by an
//! annulment that names one of these reasons. The only lists found are those of the Majlis
//! elections law (art. 19 as amended in 1386) and its twins; for councils the same classes are used
//! (docs/law.md). It never voids anything.

/// Whether void ballots of a reason count among those taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoidClass {
    /// (a): void, and part of the ballots taken.
    Taken,
    /// (b): void, and not part of the ballots taken.
    NotTaken,
}

/// Defines the reasons with code, class and words.
macro_rules! reasons {
    ($($variant:ident = $code:literal, $class:ident, $english:literal, $persian:literal;)+) => {
        /// A reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "`english` and `persian` say what each is")]
        pub enum VoidReason { $($variant),+ }

        impl VoidReason {
            /// Every reason, class (a) first.
            pub const ALL: &'static [VoidReason] = &[$(VoidReason::$variant),+];

            /// Its code, which stands in records.
            pub fn code(self) -> &'static str {
                match self { $(VoidReason::$variant => $code),+ }
            }

            /// Its class.
            pub fn class(self) -> VoidClass {
                match self { $(VoidReason::$variant => VoidClass::$class),+ }
            }

            /// In English.
            pub fn english(self) -> &'static str {
                match self { $(VoidReason::$variant => $english),+ }
            }

            /// In Persian, as in the law.
            pub fn persian(self) -> &'static str {
                match self { $(VoidReason::$variant => $persian),+ }
            }
        }
    };
}

reasons! {
    Blank = "a-blank", Taken, "blank", "سفید";
    Unreadable = "a-unreadable", Taken, "unreadable", "ناخوانا";
    NoCandidate = "a-no-candidate", Taken, "no name of a candidate", "کلاً حاوی اسامی غیر از نامزدهای تأییدشده";
    DeviceForbids = "a-device", Taken, "a form that the device should have refused (A10, A11)", "صورتی که دستگاه باید نمی‌پذیرفت";
    NoSeal = "b-no-seal", NotTaken, "box without a seal", "صندوق فاقد لاک و مهر";
    Excess = "b-excess", NotTaken, "more ballots than were handed out", "آراء زائد بر تعداد تعرفه";
    UnderAge = "b-under-age", NotTaken, "voters under age", "آراء کسانی که به سن قانونی نرسیده‌اند";
    DeadOrForeign = "b-dead-or-foreign", NotTaken, "papers of the dead or of foreigners", "آراء با شناسنامهٔ افراد فوت‌شده یا غیر ایرانی";
    Fraud = "b-fraud", NotTaken, "fraud in handing out, voting, minutes or counting", "تقلب و تزویر در تعرفه، آراء، صورت‌جلسات یا شمارش";
    FalseIdentity = "b-false-identity", NotTaken, "papers that are forged or another person's", "شناسنامهٔ غیر یا جعلی";
    Repeated = "b-repeated", NotTaken, "a second vote", "آراء تکراری";
    Absent = "b-absent", NotTaken, "papers of people who were not there", "آراء با شناسنامهٔ کسانی که حضور ندارند";
    NoStamp = "b-no-stamp", NotTaken, "no stamp of the election", "فاقد مهر انتخاباتی";
    Threat = "b-threat", NotTaken, "given under threat", "آراء گرفته‌شده با تهدید";
    OtherPaper = "b-other-paper", NotTaken, "not on the paper of the election", "نوشته‌شده بر ورقی غیر از برگ رأی";
    Bought = "b-bought", NotTaken, "bought", "رأی خریداری‌شده";
}

impl VoidReason {
    /// The reason of this code.
    pub fn with_code(code: &str) -> Option<VoidReason> {
        VoidReason::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_their_class_and_are_read_back() {
        for reason in VoidReason::ALL {
            let is_taken = reason.class() == VoidClass::Taken;
            assert_eq!(reason.code().starts_with("a-"), is_taken, "{reason:?}");
            assert_eq!(VoidReason::with_code(reason.code()), Some(*reason));
        }
        assert_eq!(VoidReason::with_code("a-fraud"), None);
    }
}
