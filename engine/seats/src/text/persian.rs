//! The sentences of the steps in Persian, with Persian digits.
//!
//! What comes in: a fact. What goes out: one sentence. Every fact has one; a test says which is
//! missing.

use super::Words;
use crate::{Fact, LeftoverBy, LotKind};

fn place(words: &Words<'_>, kind: LotKind, places: u32) -> String {
    let noun = match kind {
        LotKind::Seat | LotKind::Person => "کرسی",
        LotKind::Alternate => "جای علی‌البدل",
        LotKind::Runoff => "جای مرحلهٔ دوم",
    };
    format!("{} {noun}", words.number(places))
}

pub(super) fn sentence(fact: &Fact, words: &Words<'_>) -> String {
    groups(fact, words).or_else(|| shares(fact, words)).unwrap_or_else(|| persons(fact, words))
}

/// Thresholds, stages, and seats one at a time.
fn groups(fact: &Fact, words: &Words<'_>) -> Option<String> {
    let number = |number: u64| words.number(number);
    let small = |number: &u32| words.number(*number);
    let percentage = |percent: &crate::Percent| words.decimal(&percent.to_string());
    Some(match fact {
        Fact::NoVotes { seats } => {
            format!("هیچ رأی صحیحی نیست؛ کسی انتخاب نمی‌شود و {} کرسی خالی می‌ماند.", small(seats))
        }
        Fact::Threshold { percent, base } => {
            format!("حد نصاب: دست‌کم {} درصد از {}.", percentage(percent), number(*base))
        }
        Fact::ThresholdLowered { percent, groups } => format!(
            "شمار کسانی که به آن می‌رسند کم است؛ حد نصاب به {} درصد کاهش می‌یابد و {} گروه به آن می‌رسند.",
            percentage(percent),
            small(groups)
        ),
        Fact::BelowThreshold { group, votes, base, part, whole } => {
            let of = if part == whole {
                number(*base)
            } else {
                let part = format!("{} × {} ÷ {}", number(*base), small(part), small(whole));
                words.formula(&part)
            };
            format!(
                "{} با {} رأی از {of} به حد نصاب نمی‌رسد و کرسی نمی‌گیرد.",
                words.group(*group),
                number(*votes)
            )
        }
        Fact::Beforehand { seats, groups } => format!(
            "پیش از توزیع، به هر یک از {} گروه {} کرسی داده می‌شود.",
            small(groups),
            small(seats)
        ),
        Fact::Total { group, votes } => {
            format!("{}: در مجموع {} رأی.", words.group(*group), number(*votes))
        }
        Fact::OneStage => "فهرست‌ها و نامزدهای منفرد در یک مرحله کرسی می‌گیرند.".to_owned(),
        Fact::FirstStage { lists_votes, pool_votes } => format!(
            "گام نخست: همهٔ فهرست‌ها با هم با {} رأی در برابر نامزدهای منفرد با {} رأی.",
            number(*lists_votes),
            number(*pool_votes)
        ),
        Fact::SecondStage { seats } => {
            format!("گام دوم: توزیع {} کرسی میان خود فهرست‌ها.", small(seats))
        }
        Fact::RemainderSeat { group, remainder, denominator, round } => format!(
            "دور {}: یک کرسی به {}، باقی‌مانده {} از {}.",
            small(round),
            words.group(*group),
            words.signed(*remainder),
            number(*denominator)
        ),
        Fact::ShareSeat { group, votes, round } => format!(
            "دور {}: یک کرسی به {} با {} رأی.",
            small(round),
            words.group(*group),
            number(*votes)
        ),
        Fact::QuotientSeat { group, seat, votes, divisor } => format!(
            "کرسی {} به {}: {}.",
            small(seat),
            words.group(*group),
            words.formula(&format!("{} ÷ {}", number(*votes), words.divisor(*divisor)))
        ),
        Fact::LargerTotal { group, votes } => format!(
            "سهم برابر است؛ کرسی به {} می‌رسد که مجموع آرای بیشتری دارد ({}).",
            words.group(*group),
            number(*votes)
        ),
        Fact::Vacant { seats } => {
            format!("{} کرسی خالی می‌ماند، چون کسی برای گرفتن آن نمانده است.", small(seats))
        }
        _ => return None,
    })
}

/// Quotas, shares, rounding and what follows from it.
fn shares(fact: &Fact, words: &Words<'_>) -> Option<String> {
    let number = |number: u64| words.number(number);
    let small = |number: &u32| words.number(*number);
    Some(match fact {
        Fact::Quota { votes, seats } => {
            format!("{} رأی برای {} کرسی.", number(*votes), small(seats))
        }
        Fact::WholeQuota { votes, seats, quota } => format!(
            "سهمیهٔ هر کرسی: جزء صحیح {} به‌علاوهٔ یک، یعنی {} رأی.",
            words.formula(&format!("{} ÷ {}", number(*votes), small(seats))),
            number(*quota)
        ),
        Fact::BallotsPerSeat { ballots } => {
            format!("نسبت آرا به {} برگ رأی صحیح، خود شمار کرسی‌ها دانسته می‌شود.", number(*ballots))
        }
        Fact::Share { group, votes, seats, denominator, whole, remainder } => {
            let product = if *seats == 1 {
                number(*votes)
            } else {
                format!("{} × {}", number(*votes), small(seats))
            };
            let quotient = format!("{product} ÷ {} = {}", number(*denominator), small(whole));
            format!(
                "{}: {} کرسی، باقی‌مانده {} از {}.",
                words.group(*group),
                words.formula(&quotient),
                number(*remainder),
                number(*denominator)
            )
        }
        Fact::RoundedUp { group, seats } => {
            format!("{} به {} کرسی گرد می‌شود.", words.group(*group), small(seats))
        }
        Fact::RoundedSum { found, seats } => {
            format!("مجموع شمارهای گردشده {} از {} کرسی است.", number(*found), small(seats))
        }
        Fact::Excess { seats } => format!("{} کرسی بیش از اندازه است.", small(seats)),
        Fact::SeatTaken { group } => format!("یک کرسی از {} کم می‌شود.", words.group(*group)),
        Fact::TooShort { group, capacity, over } => format!(
            "{} تنها {} کرسی را می‌تواند پر کند؛ {} کرسی دیگر آن به سایر گروه‌ها می‌رسد.",
            words.group(*group),
            small(capacity),
            small(over)
        ),
        Fact::NamesLimit { ignored: true } => {
            "شمار نام‌های فهرست، کرسی‌هایی را که می‌برد محدود نمی‌کند.".to_owned()
        }
        Fact::NamesLimit { ignored: false } => {
            "هیچ گروهی از کرسی‌های باقی‌مانده بیش از نام‌هایش نمی‌گیرد.".to_owned()
        }
        Fact::OwnVacant { group, seats } => format!(
            "{} برای {} کرسی که برده است نامی ندارد و آن خالی می‌ماند.",
            words.group(*group),
            small(seats)
        ),
        Fact::MinimumSeats { group, seats } => {
            format!("{} کمینهٔ {} کرسی را می‌گیرد.", words.group(*group), small(seats))
        }
        Fact::MajoritySeat { group, votes, of } => format!(
            "{} با {} رأی از {} رأی بیش از نیمی از آرا را دارد و نخست یکی از کرسی‌های باقی‌مانده را می‌گیرد.",
            words.group(*group),
            number(*votes),
            number(*of)
        ),
        Fact::Leftover { seats, by } => format!(
            "{} کرسی باقی است که یک به یک به {} می‌رسد.",
            small(seats),
            match by {
                LeftoverBy::Remainder => "بزرگ‌ترین باقی‌مانده‌ها",
                LeftoverBy::Share => "بزرگ‌ترین گروه‌ها به نوبت",
                LeftoverBy::Average => "بالاترین میانگین‌ها",
            }
        ),
        _ => return None,
    })
}

/// Persons, ties and lots.
fn persons(fact: &Fact, words: &Words<'_>) -> String {
    let number = |number: u64| words.number(number);
    let small = |number: &u32| words.number(*number);
    match fact {
        Fact::Tie { kind, places, between } => {
            format!("برای {} برابرند: {}.", place(words, *kind, *places), words.parties(between))
        }
        Fact::LotDrawn { place, winner, .. } => {
            format!("برندهٔ قرعهٔ {}: {}.", small(place), words.party(*winner))
        }
        Fact::LotNeeded { kind, places, between } => format!(
            "برای {} قرعه لازم است، میان: {}.",
            place(words, *kind, *places),
            words.parties(between)
        ),
        Fact::OldOrder { order } => {
            format!("آرا برابر است؛ نخست ایثارگران، سپس مدرک تحصیلی بالاتر: {}.", words.order(order))
        }
        Fact::CzechFirst { group, votes, names, first } => {
            let who =
                if first.is_empty() { "هیچ‌کس".to_owned() } else { words.persons(first) };
            format!(
                "{}: ده درصد بالاتر از میانگین {} (جزء صحیح {}) و از این رو پیش از دیگران: {who}.",
                words.group(*group),
                number(*votes / u64::from(*names)),
                words.formula(&format!("{} ÷ {}", number(*votes), small(names)))
            )
        }
        Fact::Persons { group, seats, elected, last_votes, next_votes } => format!(
            "{}{} کرسی؛ رأی نفر {}: {}، {}.",
            words.prefix(*group),
            small(seats),
            small(elected),
            number(*last_votes),
            next_votes.map_or_else(
                || "نفر بعدی نیست".to_owned(),
                |votes| format!("رأی نفر بعدی: {}", number(votes))
            )
        ),
        Fact::Bar { percent, ballots, reached } => format!(
            "{} درصد از {} برگ رأی صحیح را {} نامزد به دست آورده‌اند.",
            words.decimal(&percent.to_string()),
            number(*ballots),
            small(reached)
        ),
        Fact::Runoff { seats, between } => format!(
            "برای {} کرسی مرحلهٔ دوم لازم است، میان: {}.",
            small(seats),
            words.persons(between)
        ),
        Fact::AlternateCount { group, seats, percent, alternates } => format!(
            "{}: {} درصد {} کرسی برابر است با {} علی‌البدل.",
            words.group(*group),
            small(percent),
            small(seats),
            small(alternates)
        ),
        Fact::AlternateTotal { alternates } => {
            format!("همهٔ گروه‌ها با هم {} علی‌البدل دارند.", small(alternates))
        }
        Fact::OneMoreAlternate { group } => {
            format!("{} بر پایهٔ باقی‌مانده‌اش یک علی‌البدل بیشتر دارد.", words.group(*group))
        }
        Fact::Alternates { group, wanted, named } => format!(
            "{}{} علی‌البدل از {} نفر لازم تعیین شد.",
            words.prefix(*group),
            small(named),
            small(wanted)
        ),
        Fact::Replaced { leaver, successor: None, .. } => {
            format!("{} می‌رود و کسی برای جانشینی نمانده است.", words.person(*leaver))
        }
        Fact::Replaced { leaver, successor: Some(successor), same_group } => format!(
            "{} می‌رود؛ {} جایگزین می‌شود، {}.",
            words.person(*leaver),
            words.person(*successor),
            if *same_group {
                "به ترتیب از همان گروه"
            } else {
                "با بیشترین رأی میان علی‌البدل‌های دیگر"
            }
        ),
        other => unreachable!("{other:?} is a fact about groups"),
    }
}
