//! Whether what is held or missing can still change who is elected in a district.
//!
//! In: the outcome of a district, and what it has and waits for. Out: the answer of the seat rules
//! with the batches on which it depends, and a line that says it. Never: a rule of its own; votes
//! of a held batch made otherwise than those of the district: the same merge, the same field; an
//! answer that tells them where they are not for everybody.

use shomar_format::bytes::{Digest32, hex};
use shomar_format::reading::NameLimit;
use shomar_seats::{
    Critical, Finality, Held, Language, LotKind, Method, Outstanding, Verdict, WithdrawnMember,
    finality,
};

use crate::completeness::{DistrictCompleteness, HeldVotes, NoBound, ToCome};
use crate::field::Field;
use crate::lots::{OutcomeError, refused};
use crate::outcome::DistrictOutcome;

/// Hashes of held batches that a line names, and the digits that it gives of each.
const HASHES_NAMED: usize = 3;
const HASH_DIGITS: usize = 12;

/// Whether the result of a district can still change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistrictFinality {
    /// The verdict, and who comes nearest to being overtaken, in positions of the race.
    pub finality: Finality,
    /// At most so many ballots may still come; `None`: no bound is known.
    pub missing_ballots_max: Option<u64>,
    /// Hashes of the held batches on which it depends.
    pub batches: Vec<Digest32>,
}

impl DistrictOutcome<'_> {
    /// What the district has and waits for; `None` where nobody has looked.
    #[must_use]
    pub fn completeness(&self) -> Option<&DistrictCompleteness> {
        Some(self.completeness?.district(self.index))
    }

    /// Whether what is held or missing can change the result; `None` where nobody has looked what
    /// is. Where nothing is outstanding this costs nothing; otherwise as much as 4,096 counts.
    ///
    /// # Errors
    /// If the rules refuse the race with a held batch in it.
    pub fn finality(&self) -> Result<Option<DistrictFinality>, OutcomeError> {
        let (Some(completeness), Some(own)) = (self.completeness, self.completeness()) else {
            return Ok(None);
        };
        if !own.is_outstanding() {
            let finality = Finality { verdict: Verdict::Decided, is_exact: true, critical: None };
            let batches = Vec::new();
            return Ok(Some(DistrictFinality { finality, missing_ballots_max: Some(0), batches }));
        }
        let definition = completeness.definition();
        let part = |batch: &HeldVotes| {
            let tally = batch.totals(definition, self.index)?.document();
            let field = Field::of(self.district, self.contest_rule.rule, &tally);
            Some(Part {
                lists: field.lists.iter().map(|list| list.votes).collect(),
                candidates: field.candidates.iter().map(|person| person.votes).collect(),
                valid: tally.ballots.valid,
                taken: tally.ballots.taken,
            })
        };
        let parts: Option<Vec<Part>> = own.batches_held.iter().map(part).collect();
        let finality = match parts {
            Some(parts) => {
                let held: Vec<Held<'_>> =
                    (0..).zip(&parts).map(|(id, part)| part.held(id)).collect();
                self.finality_with(own.to_come.max(), &held)?
            }
            None => self.finality_untold(own, 0)?,
        };
        let batches = match &finality.verdict {
            Verdict::DependsOn(ids) => {
                let hash = |(id, batch): (u64, &HeldVotes)| ids.contains(&id).then_some(batch.hash);
                (0..).zip(&own.batches_held).filter_map(hash).collect()
            }
            Verdict::Decided | Verdict::Open => Vec::new(),
        };
        let missing_ballots_max = own.to_come.max();
        Ok(Some(DistrictFinality { finality, missing_ballots_max, batches }))
    }

    /// The same of an outcome of the votes that are shown, while so many ballots count beside
    /// them: each of these may say anything, as those that are missing or held. So the answer is of
    /// the names that are shown, and follows from the votes that are.
    ///
    /// # Errors
    /// If the rules refuse the race.
    pub fn verdict_of_shown(&self, unshown: u64) -> Result<Option<Verdict>, OutcomeError> {
        let Some(own) = self.completeness() else { return Ok(None) };
        Ok(Some(self.finality_untold(own, unshown)?.verdict))
    }

    fn finality_with(
        &self,
        missing_ballots_max: Option<u64>,
        held: &[Held<'_>],
    ) -> Result<Finality, OutcomeError> {
        let names_max = Some(self.names_max());
        let outstanding = Outstanding { missing_ballots_max, names_max, held };
        let field = self.field();
        let race = field.race(self.district, &self.tally);
        finality(&race, &self.rule, &outstanding)
            .map_err(|error| refused(self.district, &self.standing, &[], &error))
    }

    /// Where nobody may know what is in the held batches: each of their ballots may say anything.
    /// So the answer follows from the totals and from numbers of ballots alone, and a reader who
    /// tries out the votes of a held village learns nothing from it.
    fn finality_untold(
        &self,
        own: &DistrictCompleteness,
        unshown: u64,
    ) -> Result<Finality, OutcomeError> {
        let held_ballots: u64 = own.batches_held.iter().map(|batch| batch.ballots.taken).sum();
        let missing = own.to_come.max().and_then(|to_come| to_come.checked_add(unshown));
        let with_all = missing.and_then(|missing| missing.checked_add(held_ballots));
        let without = self.finality_with(missing, &[])?;
        let with_all = self.finality_with(with_all, &[])?;
        // No ballot gives a rival more than one vote.
        let critical = without.critical.map(|critical| Critical { held: held_ballots, ..critical });
        let is_person = |lot: &shomar_seats::PendingLot| lot.kind != LotKind::Alternate;
        let has_lot = !self.recorded.is_empty() || self.outcome.lots.iter().any(is_person);
        Ok(match (&without.verdict, &with_all.verdict) {
            (Verdict::Open, _) => Finality { critical, ..without },
            (_, Verdict::Decided) => Finality { critical, ..with_all },
            // A lot that is needed now is open by whatever is outstanding.
            _ if has_lot => Finality { critical, ..with_all },
            _ => {
                let all = (0..).zip(&own.batches_held).map(|(id, _)| id).collect();
                Finality { verdict: Verdict::DependsOn(all), is_exact: false, critical }
            }
        })
    }

    /// Most names to which one ballot gives a vote: the limit of names; or a registered list, where
    /// those of its members who no longer stand keep their votes (reading A13).
    fn names_max(&self) -> u32 {
        let limit = match self.contest_rule.reading.limit {
            NameLimit::Seats => self.district.seats,
            NameLimit::SeatsAndAlternates => {
                self.district.seats.saturating_add(self.district.alternates)
            }
        };
        let keeps = self.rule.method() == Method::Article24
            && self.rule.options().withdrawn_member == WithdrawnMember::Keep;
        if !keeps {
            return limit;
        }
        let mut names = vec![0; self.district.lists.len()];
        for list in self.district.candidates.iter().filter_map(|candidate| candidate.list) {
            names[usize::from(list)] += 1;
        }
        names.into_iter().fold(limit, u32::max)
    }

    /// Whether it can change, in a line without a full stop; `None` where nothing is outstanding.
    #[must_use]
    pub fn finality_line(&self, finality: &DistrictFinality, language: Language) -> Option<String> {
        let own = self.completeness().filter(|own| own.is_outstanding())?;
        Some(Line { own, finality, language }.text())
    }
}

/// What a held batch adds.
struct Part {
    lists: Vec<u64>,
    candidates: Vec<u64>,
    valid: u64,
    taken: u64,
}

impl Part {
    fn held(&self, id: u64) -> Held<'_> {
        Held {
            id,
            list_votes: &self.lists,
            candidate_votes: &self.candidates,
            valid_ballots: self.valid,
            taken_ballots: self.taken,
        }
    }
}

struct Line<'a> {
    own: &'a DistrictCompleteness,
    finality: &'a DistrictFinality,
    language: Language,
}

impl Line<'_> {
    fn text(&self) -> String {
        let is_english = self.language == Language::English;
        let Finality { verdict, is_exact, critical } = &self.finality.finality;
        let mut text = match verdict {
            Verdict::Decided if is_english => {
                format!("decided although {}", self.outstanding().join(" and "))
            }
            Verdict::Decided => format!("قطعی است، هرچند {}", self.outstanding().join(" و ")),
            Verdict::Open if is_english => format!("open: {}", self.to_come()),
            Verdict::Open => format!("باز است: {}", self.to_come()),
            Verdict::DependsOn(_) => self.depends(),
        };
        if let Some(critical) = critical.filter(|_| *verdict != Verdict::Decided) {
            text.push_str(if is_english { ", " } else { "؛ " });
            text.push_str(&self.place(&critical));
        }
        if !is_exact {
            text.push_str(match self.language {
                Language::English => " (not excluded; a safe bound)",
                Language::Persian => " (رد نشده است؛ کران مطمئن)",
            });
        }
        text
    }

    fn number(&self, number: u64) -> String {
        self.language.number(number)
    }

    /// `1 station is`, `2 stations are`.
    fn are(&self, number: u64, noun: &str) -> String {
        let (plural, verb) = if number == 1 { ("", "is") } else { ("s", "are") };
        format!("{} {noun}{plural} {verb}", self.number(number))
    }

    fn outstanding(&self) -> Vec<String> {
        let mut all = Vec::new();
        let missing = self.own.missing.unwrap_or(0);
        if missing > 0 {
            all.push(match self.language {
                Language::English => format!("{} missing", self.are(missing, "station")),
                Language::Persian => format!("{} شعبه گزارش نداده است", self.number(missing)),
            });
        }
        match self.own.to_come {
            // Said already: of a station that is missing.
            ToCome::AtMost(_) | ToCome::Unknown(NoBound::NoRegister) => {}
            ToCome::Unknown(why) => all.push(self.why(why).to_owned()),
        }
        let held = self.own.held_batches() as u64;
        if held > 0 {
            all.push(match self.language {
                Language::English => {
                    let (plural, verb) = if held == 1 { ("", "is") } else { ("es", "are") };
                    format!("{} batch{plural} {verb} held", self.number(held))
                }
                Language::Persian => format!("{} بسته نگه داشته شده است", self.number(held)),
            });
        }
        all
    }

    fn why(&self, why: NoBound) -> &'static str {
        match (why, self.language) {
            (NoBound::NotDeclared, Language::English) => "nobody has declared that all is in",
            (NoBound::NotDeclared, Language::Persian) => "پایان گزارش‌ها اعلام نشده است",
            (NoBound::Gap, Language::English) => "a batch of a device has not come",
            (NoBound::Gap, Language::Persian) => "بسته‌ای از یک دستگاه نرسیده است",
            (NoBound::Recount, Language::English) => "a recount waits for a decision",
            (NoBound::Recount, Language::Persian) => "یک بازشماری در انتظار تصمیم است",
            (NoBound::NoRegister, Language::English) => {
                "the voters of a missing station are not known"
            }
            (NoBound::NoRegister, Language::Persian) => {
                "شمار واجدان شرایط شعبه‌ای که گزارش نداده معلوم نیست"
            }
        }
    }

    fn to_come(&self) -> String {
        match (self.own.to_come, self.language) {
            // Open without a ballot to come: a lot is needed while batches are held.
            (ToCome::AtMost(0), _) => self.outstanding().join(match self.language {
                Language::English => " and ",
                Language::Persian => " و ",
            }),
            (ToCome::AtMost(ballots), Language::English) => {
                let plural = if ballots == 1 { "" } else { "s" };
                format!("{} ballot{plural} may still come", self.number(ballots))
            }
            (ToCome::AtMost(ballots), Language::Persian) => {
                format!("تا {} برگ رأی هنوز ممکن است برسد", self.number(ballots))
            }
            (ToCome::Unknown(why), Language::English) => {
                format!("any number of ballots may still come ({})", self.why(why))
            }
            (ToCome::Unknown(why), Language::Persian) => {
                format!("هر شماری از برگ‌های رأی هنوز ممکن است برسد ({})", self.why(why))
            }
        }
    }

    fn depends(&self) -> String {
        let batches = &self.finality.batches;
        let mut hashes: Vec<String> = batches
            .iter()
            .take(HASHES_NAMED)
            .map(|hash| hex(hash)[..HASH_DIGITS].to_owned())
            .collect();
        if batches.len() > HASHES_NAMED {
            hashes.push("...".to_owned());
        }
        let (number, hashes) = (self.number(batches.len() as u64), hashes.join(" "));
        let plural = if batches.len() == 1 { "" } else { "es" };
        let is_alone = self.own.to_come == ToCome::AtMost(0);
        match self.language {
            Language::English => {
                let more = if is_alone { String::new() } else { format!("; {}", self.to_come()) };
                format!("depends on {number} held batch{plural} ({hashes}){more}")
            }
            Language::Persian => {
                let more = if is_alone { String::new() } else { format!("؛ {}", self.to_come()) };
                format!("وابسته به {number} بستهٔ نگه‌داشته است ({hashes}){more}")
            }
        }
    }

    fn place(&self, critical: &Critical) -> String {
        let place = self.number(u64::from(critical.place));
        let gap = self.number(critical.gap);
        match self.language {
            Language::English => match (critical.winner, critical.gap) {
                (None, _) => format!("place {place} is empty"),
                (Some(_), 0) if critical.needed == 0 => format!("place {place} takes a lot"),
                (Some(_), 0) => format!("place {place} is ahead by the old order of ties alone"),
                (Some(_), _) => format!("place {place} is ahead by {gap}"),
            },
            Language::Persian => match (critical.winner, critical.gap) {
                (None, _) => format!("جایگاه {place} خالی است"),
                (Some(_), 0) if critical.needed == 0 => format!("جایگاه {place} قرعه می‌خواهد"),
                (Some(_), 0) => format!("جایگاه {place} تنها با ترتیب قدیم تساوی پیش است"),
                (Some(_), _) => format!("جایگاه {place} با {gap} رأی پیش است"),
            },
        }
    }
}
