//! The page of a night, in English or Persian.
//!
//! In: everything that was counted and decided. Out: text. Never: a number computed here but sums
//! and percentages of those on the page; a lot drawn.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use shomar_bench_data::province_name_en;
use shomar_engine::outcome::{DistrictOutcome, PartyCode};
use shomar_format::Election;
use shomar_format::code::persian_digits;
use shomar_seats::{Fact, GroupKey, Language, Method, Status};

use super::Measured;
use super::roll_up::{ProvinceRow, total};
use crate::count::Counted;
use crate::output::{grouped, percent, table};

/// Ties named one by one; the rest is counted.
const TIES_SHOWN: usize = 8;

const INDEPENDENTS: (&str, &str) = ("independents", "منفردها");
const ALL_LISTS: (&str, &str) = ("all lists", "همهٔ فهرست‌ها");

/// Everything that the page shows.
pub(super) struct Page<'a> {
    pub(super) language: Language,
    pub(super) election: &'a Election,
    pub(super) counted: &'a Counted,
    pub(super) outcomes: &'a [DistrictOutcome<'a>],
    pub(super) provinces: Vec<ProvinceRow>,
    pub(super) measured: Measured,
    pub(super) kept: Option<&'a Path>,
}

impl Page<'_> {
    /// Writes the page.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_head(out)?;
        self.write_provinces(out)?;
        self.write_contests(out)?;
        for outcome in self.outcomes {
            if outcome.rule.method() == Method::Article24 {
                self.write_council(out, outcome)?;
            }
        }
        self.write_by_elections(out)?;
        self.write_ties(out)?;
        self.write_measured(out)
    }

    /// One of two texts.
    fn say<'t>(&self, english: &'t str, persian: &'t str) -> &'t str {
        match self.language {
            Language::English => english,
            Language::Persian => persian,
        }
    }

    /// Digits of the page's language.
    fn digits(&self, text: &str) -> String {
        match self.language {
            Language::English => text.to_owned(),
            Language::Persian => {
                persian_digits(text).replace(',', "٬").replace('.', "٫").replace(" %", "٪")
            }
        }
    }

    fn number(&self, number: impl Into<u64>) -> String {
        self.digits(&grouped(number.into()))
    }

    fn size(&self, number: usize) -> String {
        self.digits(&grouped(number as u64))
    }

    fn percent(&self, part: u64, whole: u64) -> String {
        self.digits(&percent(part, whole))
    }

    fn heading(&self, out: &mut dyn Write, english: &str, persian: &str) -> io::Result<()> {
        let text = self.say(english, persian);
        writeln!(out, "\n{text}\n{}", "─".repeat(text.chars().count()))
    }

    fn name<'t>(&self, name_en: &'t str, name_fa: &'t str) -> &'t str {
        let name = self.say(name_en, name_fa);
        if name.is_empty() { name_fa } else { name }
    }

    fn write_head(&self, out: &mut dyn Write) -> io::Result<()> {
        let head = &self.election.head;
        let mark = self.say(
            "TEST - a synthetic nation, no result of anything",
            "آزمایشی - کشوری ساختگی؛ نتیجهٔ هیچ انتخاباتی نیست",
        );
        let ballots = self.counted.snapshot.ballots();
        let frontier = self.counted.frontier();
        let comma = self.say(", ", "، ");
        writeln!(out, "{mark}\n{}", self.name(&head.title_en, &head.title_fa))?;
        writeln!(
            out,
            "{} {}: {} {}{comma}{} {} ({}){comma}{} {}",
            self.number(ballots.taken),
            self.say("ballots taken", "رأی مأخوذه"),
            self.number(ballots.valid),
            self.say("valid", "صحیح"),
            self.number(ballots.void),
            self.say("void", "باطل"),
            self.percent(ballots.void, ballots.taken),
            self.number(ballots.blank),
            self.say("of them blank", "از آن سفید"),
        )?;
        writeln!(
            out,
            "{} {}{comma}{} {}{comma}{}",
            self.size(self.election.stations.len()),
            self.say("stations", "شعبه"),
            self.number(frontier.batches),
            self.say("sealed batches", "بستهٔ مهر‌شده"),
            if self.outcomes.iter().any(|outcome| outcome.provisional) {
                self.say("some still missing", "برخی هنوز نرسیده")
            } else {
                self.say("all of them in and verified", "همه رسیده و راستی‌آزموده")
            },
        )?;
        writeln!(out, "{} {}", self.say("digest", "چکیده"), frontier.digest)
    }

    fn write_provinces(&self, out: &mut dyn Write) -> io::Result<()> {
        self.heading(
            out,
            "Councils: turnout (authenticated / registered) and void ballots by province",
            "شوراها: مشارکت (احراز هویت‌شده / واجد شرایط) و آرای باطل به تفکیک استان",
        )?;
        let row = |name: String, row: &ProvinceRow| {
            vec![
                name,
                self.number(row.stations),
                self.number(row.registered),
                self.number(row.voters()),
                self.percent(row.voters(), row.registered),
                self.number(row.taken),
                self.percent(row.void, row.taken),
            ]
        };
        let mut rows: Vec<Vec<String>> = self
            .provinces
            .iter()
            .map(|province| {
                let name_en = province_name_en(&province.name_fa).unwrap_or("");
                row(self.name(name_en, &province.name_fa).to_owned(), province)
            })
            .collect();
        rows.push(row(self.say("All", "کل").to_owned(), &total(&self.provinces)));
        let header = [
            self.say("province", "استان"),
            self.say("stations", "شعبه"),
            self.say("registered", "واجد شرایط"),
            self.say("voters", "رأی‌دهنده"),
            self.say("turnout", "مشارکت"),
            self.say("ballots", "مأخوذه"),
            self.say("void", "باطل"),
        ];
        write!(out, "{}", table(&header, &rows, 1))
    }

    fn write_contests(&self, out: &mut dyn Write) -> io::Result<()> {
        self.heading(out, "Contests", "حوزه‌ها")?;
        let mut rows = Vec::new();
        for (index, contest) in self.election.head.contests.iter().enumerate() {
            let of_contest =
                || self.outcomes.iter().filter(move |outcome| outcome.district.contest == index);
            let seats: u64 = of_contest().map(|outcome| u64::from(outcome.outcome.seats)).sum();
            let elected: usize = of_contest().map(|outcome| outcome.outcome.elected.len()).sum();
            let with =
                |status| of_contest().filter(|outcome| outcome.outcome.status == status).count();
            rows.push(vec![
                contest.id.clone(),
                contest.rule.clone(),
                self.size(of_contest().count()),
                self.number(seats),
                self.size(elected),
                self.size(with(Status::LotRequired)),
                self.size(with(Status::NoVotes)),
            ]);
        }
        let header = [
            self.say("contest", "انتخابات"),
            self.say("rule", "قاعده"),
            self.say("districts", "حوزه"),
            self.say("seats", "کرسی"),
            self.say("elected", "منتخب"),
            self.say("wait for a lot", "در انتظار قرعه"),
            self.say("no votes", "بی‌رأی"),
        ];
        write!(out, "{}", table(&header, &rows, 2))
    }

    /// A council by article 24: shares, then every seat with its person and its reason.
    fn write_council(&self, out: &mut dyn Write, district: &DistrictOutcome<'_>) -> io::Result<()> {
        let council = district.district;
        let title = self.name(&council.name_en, &council.name_fa);
        self.heading(
            out,
            &format!("{title}: {} seats, article 24", council.seats),
            &format!("{title}: {} کرسی، مادهٔ ۲۴", self.number(council.seats)),
        )?;
        let mut rows = Vec::new();
        for group in &district.outcome.groups {
            let share = district.outcome.steps.iter().find_map(|step| match &step.fact {
                Fact::Share { group: of, whole, remainder, denominator, .. }
                    if *of == group.key =>
                {
                    Some(format!(
                        "{} + {}/{}",
                        self.number(*whole),
                        self.number(*remainder),
                        self.number(*denominator)
                    ))
                }
                _ => None,
            });
            rows.push(vec![
                self.group_name(district, group.key),
                self.number(group.votes),
                share.unwrap_or_default(),
                self.number(group.seats),
            ]);
        }
        let header = [
            self.say("list", "فهرست"),
            self.say("votes", "آرا"),
            self.say("seats by share", "سهم از کرسی‌ها"),
            self.say("seats", "کرسی"),
        ];
        writeln!(out, "{}", table(&header, &rows, 1))?;
        let rows = self.council_seats(district);
        let header = [
            "",
            self.say("elected", "منتخب"),
            self.say("list", "فهرست"),
            self.say("reason for the seat", "دلیل کرسی"),
            self.say("votes", "آرا"),
        ];
        write!(out, "{}", table(&header, &rows, 4))?;
        let alternates: Vec<String> = district
            .outcome
            .alternates
            .iter()
            .map(|&position| self.candidate_name(district, position))
            .collect();
        writeln!(
            out,
            "{}: {}",
            self.say("alternates (article 25)", "علی‌البدل (مادهٔ ۲۵)"),
            alternates.join(self.say(", ", "، "))
        )
    }

    /// One row per seat that is certain: who takes it, and by which step the list has it.
    fn council_seats(&self, district: &DistrictOutcome<'_>) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for group in &district.outcome.groups {
            let mut persons = group.elected.iter();
            for reason in self.seat_reasons(district, group.key, group.seats) {
                let (person, votes) = match persons.next() {
                    Some(&position) => (
                        self.candidate_name(district, position),
                        self.number(district.candidate_votes(position)),
                    ),
                    None => (self.say("waits for a lot", "در انتظار قرعه").to_owned(), "".into()),
                };
                rows.push(vec![
                    self.size(rows.len() + 1),
                    person,
                    self.group_name(district, group.key),
                    reason,
                    votes,
                ]);
            }
        }
        rows
    }

    /// The reason for each seat of a group, from the steps of the rules.
    fn seat_reasons(
        &self,
        district: &DistrictOutcome<'_>,
        group: GroupKey,
        seats: u32,
    ) -> Vec<String> {
        let mut reasons = Vec::new();
        for step in &district.outcome.steps {
            match &step.fact {
                Fact::Share { group: of, whole, .. } if *of == group => {
                    reasons.extend((1..=*whole).map(|seat| match self.language {
                        Language::English => format!("whole seat {seat} of its share"),
                        Language::Persian => {
                            format!("کرسی صحیح {} از سهم", self.number(seat))
                        }
                    }));
                }
                Fact::RemainderSeat { group: of, remainder, denominator, .. } if *of == group => {
                    let remainder = u64::try_from(*remainder).unwrap_or(0);
                    let fraction =
                        format!("{}/{}", self.number(remainder), self.number(*denominator));
                    reasons.push(match self.language {
                        Language::English => format!("left over: remainder {fraction}"),
                        Language::Persian => format!("باقی‌مانده: بزرگ‌ترین اعشار {fraction}"),
                    });
                }
                _ => {}
            }
        }
        // A list with too few names keeps fewer seats than its share.
        reasons.truncate(seats as usize);
        assert_eq!(reasons.len(), seats as usize, "every seat has a step that gave it");
        reasons
    }

    fn group_name(&self, district: &DistrictOutcome<'_>, key: GroupKey) -> String {
        match key {
            GroupKey::List(list) => {
                let list = &district.district.lists[list as usize];
                let code = self.digits(&list.code.to_string());
                format!("{code} {}", self.name(&list.name_en, &list.name_fa))
            }
            GroupKey::Independent(candidate) => self.candidate_name(district, candidate),
            GroupKey::Independents => self.say(INDEPENDENTS.0, INDEPENDENTS.1).to_owned(),
            GroupKey::AllLists => self.say(ALL_LISTS.0, ALL_LISTS.1).to_owned(),
        }
    }

    fn candidate_name(&self, district: &DistrictOutcome<'_>, position: u32) -> String {
        let candidate = district.candidate(position);
        self.name(&candidate.name_en, &candidate.name_fa).to_owned()
    }

    fn write_by_elections(&self, out: &mut dyn Write) -> io::Result<()> {
        self.heading(
            out,
            "By-elections: Majlis and Assembly of Experts (relative majority)",
            "میان‌دوره‌ای مجلس و خبرگان (اکثریت نسبی)",
        )?;
        let rows: Vec<Vec<String>> = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.rule.method() == Method::RelativePlurality)
            .map(|outcome| {
                let district = outcome.district;
                let winner = outcome.outcome.elected.first();
                let (name, votes) = match winner {
                    Some(&position) => {
                        (self.candidate_name(outcome, position), outcome.candidate_votes(position))
                    }
                    None if outcome.needs_lot() => {
                        (self.say("waits for a lot", "در انتظار قرعه").to_owned(), 0)
                    }
                    None => (self.say("nobody", "هیچ‌کس").to_owned(), 0),
                };
                vec![
                    self.name(&district.name_en, &district.name_fa).to_owned(),
                    name,
                    self.number(votes),
                    self.percent(votes, outcome.tally.ballots.valid),
                ]
            })
            .collect();
        let header = [
            self.say("district", "حوزه"),
            self.say("elected", "منتخب"),
            self.say("votes", "آرا"),
            self.say("of valid ballots", "از آرای صحیح"),
        ];
        write!(out, "{}", table(&header, &rows, 2))
    }

    fn write_ties(&self, out: &mut dyn Write) -> io::Result<()> {
        let waiting: Vec<_> = self.outcomes.iter().filter(|outcome| outcome.needs_lot()).collect();
        self.heading(out, "Ties that wait for a lot", "تساوی‌هایی که در انتظار قرعه‌اند")?;
        writeln!(
            out,
            "{} {}",
            self.size(waiting.len()),
            self.say(
                "districts; no order, no chance and no machine decides for them",
                "حوزه؛ نه ترتیب، نه تصادف و نه ماشین به جای قرعه تصمیم نمی‌گیرد"
            )
        )?;
        // Ties for a seat first: they matter tonight; the order of alternates can wait.
        let for_a_seat = |outcome: &&DistrictOutcome<'_>| {
            outcome.outcome.lots.iter().any(|lot| lot.kind != shomar_seats::LotKind::Alternate)
        };
        let (seats, alternates): (Vec<_>, Vec<_>) = waiting.iter().copied().partition(for_a_seat);
        let mut rows = Vec::new();
        for outcome in seats.iter().chain(&alternates).take(TIES_SHOWN) {
            let Some(lot) = outcome.outcome.lots.first() else { continue };
            let between: Vec<String> = lot
                .between
                .iter()
                .map(|party| match outcome.party_code(*party) {
                    PartyCode::List(code) | PartyCode::Candidate(code) => {
                        self.digits(&code.to_string())
                    }
                    PartyCode::Independents => self.say(INDEPENDENTS.0, INDEPENDENTS.1).to_owned(),
                    PartyCode::AllLists => self.say(ALL_LISTS.0, ALL_LISTS.1).to_owned(),
                })
                .collect();
            let kind = match lot.kind {
                shomar_seats::LotKind::Seat => self.say("seat", "کرسی"),
                shomar_seats::LotKind::Person => self.say("person", "نفر"),
                shomar_seats::LotKind::Alternate => self.say("alternate", "علی‌البدل"),
                shomar_seats::LotKind::Runoff => self.say("runoff", "مرحلهٔ دوم"),
            };
            rows.push(vec![
                outcome.district.id.clone(),
                kind.to_owned(),
                self.number(lot.places),
                between.join(" "),
            ]);
        }
        if !rows.is_empty() {
            let header = [
                self.say("district", "حوزه"),
                self.say("for", "برای"),
                self.say("places", "جا"),
                self.say("between the codes", "میان کدهای"),
            ];
            write!(out, "{}", table(&header, &rows, 2))?;
        }
        let of_seats = self.size(seats.len());
        let of_alternates = self.size(alternates.len());
        match self.language {
            Language::English => writeln!(
                out,
                "{of_seats} for who is elected, {of_alternates} for the order of alternates only"
            ),
            Language::Persian => {
                writeln!(out, "{of_seats} برای منتخبان، {of_alternates} تنها برای ترتیب علی‌البدل‌ها")
            }
        }
    }

    fn write_measured(&self, out: &mut dyn Write) -> io::Result<()> {
        let measured = &self.measured;
        self.heading(out, "Time", "زمان")?;
        let taken = self.counted.snapshot.ballots().taken;
        let mut row = |english: &str, persian: &str, time: Duration, rate: String| {
            let label = self.say(english, persian);
            writeln!(out, "  {:>9} ms  {label}{rate}", self.digits(&milliseconds(time)))
        };
        let per_second = |time: Duration| {
            format!(
                " ({} {})",
                self.number(rate(taken, time)),
                self.say("ballots a second", "رأی در ثانیه")
            )
        };
        row(
            "generate, seal and sync",
            "ساختن، مهرکردن و نوشتن بر دیسک",
            measured.seal,
            per_second(measured.seal),
        )?;
        if let Some(reception) = &measured.reception {
            let batches = self.number(rate(measured.batches, reception.duration));
            let unit = self.say("batches a second", "بسته در ثانیه");
            let label = "verify, sync, acknowledge, count live";
            let label_fa = "راستی‌آزمایی، نوشتن بر دیسک، رسید و شمارش زنده";
            row(label, label_fa, reception.duration, format!(" ({batches} {unit})"))?;
        }
        row("open, map, index", "گشودن و نگاشت", measured.open, String::new())?;
        let megabytes = rate(measured.evidence_bytes, measured.tally) / 1_000_000;
        let speed = format!(
            " ({} {}, {} MB/s)",
            self.number(rate(taken, measured.tally)),
            self.say("ballots a second", "رأی در ثانیه"),
            self.number(megabytes)
        );
        row("verify and count", "راستی‌آزمایی و شمارش", measured.tally, speed)?;
        row("merge and digest", "ادغام و چکیده", measured.merge, String::new())?;
        row("seats of all districts", "کرسی‌های همهٔ حوزه‌ها", measured.outcome, String::new())?;
        writeln!(
            out,
            "  {}: {}{}{}: {} ({} MB)",
            self.say("threads", "رشته"),
            self.size(measured.threads),
            self.say("; ", "؛ "),
            self.say("batches", "بسته"),
            self.number(measured.batches),
            self.number(measured.evidence_bytes / 1_000_000),
        )?;
        if let Some(reception) = &measured.reception {
            let time = |time| self.digits(&milliseconds(time));
            let [half, most] = reception.acknowledged.map(time);
            let published = time(reception.published);
            match self.language {
                Language::English => writeln!(
                    out,
                    "  acknowledged within {half} ms (half), {most} ms (99 of 100); in a published \
                     snapshot within {published} ms (99 of 100)"
                )?,
                Language::Persian => writeln!(
                    out,
                    "  رسید ظرف {half} (نیمی) و {most} میلی‌ثانیه (۹۹ از ۱۰۰)؛ در شمارش منتشرشده ظرف \
                     {published} میلی‌ثانیه (۹۹ از ۱۰۰)"
                )?,
            }
        }
        writeln!(
            out,
            "\n{}",
            self.say(
                "Every total equals the generator's own answer, which it wrote without counting.",
                "همهٔ جمع‌ها با پاسخ خود مولد برابر است، که بی‌شمارش نوشته بود.",
            )
        )?;
        if let Some(folder) = self.kept {
            let folder = folder.display();
            writeln!(out, "\nshomar result {folder} --district tehran\nshomar tally {folder}")?;
        }
        Ok(())
    }
}

/// Milliseconds with one decimal, cut off.
fn milliseconds(time: Duration) -> String {
    let tenths = time.as_micros() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// How many a second, cut off.
fn rate(count: u64, time: Duration) -> u64 {
    let per_second = u128::from(count) * 1_000_000_000 / time.as_nanos().max(1);
    u64::try_from(per_second).unwrap_or(u64::MAX)
}
