//! Persons and lists of a district: who is elected and why, who is next, votes of everybody.

use std::cmp::Reverse;
use std::collections::HashSet;

use maud::{Markup, html};
use shomar_engine::outcome::DistrictOutcome;
use shomar_seats::{GroupKey, Method};

use super::Sheet;
use super::hemicycle::{Bench, GROUP_COLOURS, hemicycle};
use crate::view::Kind;

/// Candidates shown at once; the others unfold.
const CANDIDATES_SHOWN: usize = 25;

impl Sheet<'_> {
    /// A candidate with code and, where there are lists, the list.
    pub(super) fn person(&self, outcome: &DistrictOutcome<'_>, position: u32) -> Markup {
        let candidate = outcome.candidate(position);
        let name = self.words.name(&candidate.name_en, &candidate.name_fa);
        html! {
            bdi lang=[self.language_of(name)] { (name) }
            " "
            span class="code" { (self.words.digits(&candidate.code.to_string())) }
        }
    }

    fn list_of(&self, outcome: &DistrictOutcome<'_>, list: Option<u16>) -> String {
        match list {
            Some(list) => {
                let list = &outcome.district.lists[usize::from(list)];
                let code = self.words.digits(&list.code.to_string());
                format!("{code} {}", self.words.name(&list.name_en, &list.name_fa))
            }
            None => self.words.say("independent", "منفرد").to_owned(),
        }
    }

    /// Who is elected, with the steps that gave each the seat.
    pub(super) fn elected_table(&self, outcome: &DistrictOutcome<'_>) -> Markup {
        let words = self.words;
        let has_lists = !outcome.district.lists.is_empty();
        let valid = outcome.tally.ballots.valid;
        let elected = &outcome.outcome.elected;
        let label = match outcome.provisional {
            true => words.say("Who leads", "پیشتازان"),
            false => words.say("Elected", "منتخبان"),
        };
        html! {
            @if elected.is_empty() {
                p {
                    ({
                        words
                            .say(
                                "Nobody for certain yet.",
                                "هنوز هیچ‌کس به یقین.",
                            )
                    })
                }
            } @else {
                div class="scroll" tabindex="0" role="group" aria-label=(label) {
                    table class="persons" {
                        caption {
                            ({
                                words
                                    .say(
                                        "Shares are of valid ballots",
                                        "درصدها از برگ‌های صحیح است",
                                    )
                            })
                            ": "
                            (words.number(valid))
                        }
                        thead {
                            tr {
                                th scope="col" class="n" { "#" }
                                th scope="col" { (words.say("name and code", "نام و کد")) }
                                @if has_lists {
                                    th scope="col" { (words.say("list", "فهرست")) }
                                }
                                th scope="col" class="n" { (words.say("votes", "رأی")) }
                                th scope="col" class="n" { (words.say("share", "سهم")) }
                                th scope="col" { (words.say("why", "چرا")) }
                            }
                        }
                        tbody {
                            @for (number, &position) in (1u32..).zip(elected) {
                                (self.elected_row(outcome, number, position))
                            }
                        }
                    }
                }
            }
            (self.open_seats(outcome))
        }
    }

    /// Seats that nobody has: they wait for a lot or a second round, or nobody can take them.
    pub(super) fn open_seats(&self, outcome: &DistrictOutcome<'_>) -> Markup {
        let words = self.words;
        let (tied, again, vacant) = match outcome.provisional {
            true => (
                words.say("of the seats: tied so far", "کرسی تا این‌جا با رأی برابر"),
                words.say("of the seats: a second round so far", "کرسی تا این‌جا در دور دوم"),
                words.say("of the seats: vacant so far", "کرسی تا این‌جا خالی"),
            ),
            false => (
                words.say("of the seats: a lot decides", "کرسی در انتظار قرعه است"),
                words.say("of the seats: a second round decides", "کرسی به دور دوم می‌رود"),
                words.say("of the seats: vacant", "کرسی خالی می‌ماند"),
            ),
        };
        let seats = &outcome.outcome;
        html! {
            @if outcome.needs_seat_lot() {
                p class="lot" { (words.number(outcome.seats_of_lots())) " " (tied) }
            }
            @if let Some(runoff) = &seats.runoff {
                p class="lot" { (words.number(runoff.seats)) " " (again) }
            }
            @if seats.vacant > 0 {
                p { (words.number(seats.vacant)) " " (vacant) }
            }
        }
    }

    fn elected_row(&self, outcome: &DistrictOutcome<'_>, number: u32, position: u32) -> Markup {
        let words = self.words;
        let votes = outcome.candidate_votes(position);
        let reasons = outcome.reasons(position);
        html! {
            tr data-key=(outcome.candidate_code(position)) {
                td class="n" { (words.number(number)) }
                th scope="row" { (self.person(outcome, position)) }
                @if !outcome.district.lists.is_empty() {
                    td { (self.list_of(outcome, outcome.candidate(position).list)) }
                }
                td class="n" { (words.number(votes)) }
                td class="n" { (words.percent(votes, outcome.tally.ballots.valid)) }
                td {
                    details id=(format!("why-{}", outcome.candidate_code(position))) {
                        summary {
                            (words.say("steps", "گام‌ها"))
                            @for step in &reasons { " (" (words.number(step + 1)) ")" }
                        }
                        ol class="steps" {
                            @for step in reasons {
                                li value=(step + 1) { (self.step(outcome, step)) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// A step with its article.
    pub(super) fn step(&self, outcome: &DistrictOutcome<'_>, step: usize) -> Markup {
        let step = &outcome.outcome.steps[step];
        html! {
            (step.text(outcome, self.words.language))
            " "
            span class="article" { (step.source_in(&outcome.rule, self.words.language)) }
        }
    }

    /// The alternates in order.
    pub(super) fn alternates(&self, outcome: &DistrictOutcome<'_>) -> Markup {
        let words = self.words;
        let title = match outcome.provisional {
            true => words.say(
                "Who follows, on what is counted so far",
                "نفرات بعدی، بر پایهٔ آنچه تا این‌جا شمرده شده",
            ),
            false => words.say("Alternates, in order", "علی‌البدل‌ها به ترتیب"),
        };
        html! {
            @if !outcome.outcome.alternates.is_empty() {
                section aria-labelledby="alternates" {
                    h2 id="alternates" { (title) }
                    ol class="alternates" {
                        @for &position in &outcome.outcome.alternates {
                            li data-key=(outcome.candidate_code(position)) {
                                (self.person(outcome, position))
                                ": "
                                (words.number(outcome.candidate_votes(position)))
                            }
                        }
                    }
                }
            }
        }
    }

    /// Lists and independents: votes as bars, seats as a hemicycle.
    pub(super) fn groups(&self, outcome: &DistrictOutcome<'_>) -> Markup {
        let words = self.words;
        if outcome.district.lists.is_empty() {
            return html! {};
        }
        let groups = &outcome.outcome.groups;
        let most = groups.iter().map(|group| group.votes).max().unwrap_or(0);
        let whole: u64 = groups.iter().map(|group| group.votes).sum();
        let has_seats = !outcome.rule.method().is_plurality();
        let seats = match outcome.provisional {
            true => words.say("seats so far", "کرسی تا این‌جا"),
            false => words.say("seats", "کرسی"),
        };
        html! {
            section aria-labelledby="lists" {
                h2 id="lists" {
                    ({
                        words
                            .say(
                                "Lists and independents",
                                "فهرست‌ها و منفردها",
                            )
                    })
                }
                div class="two" {
                    @if has_seats { (self.council(outcome)) }
                    div class="scroll"
                        tabindex="0"
                        role="group"
                        aria-label=({
                            words
                                .say(
                                    "Lists and independents",
                                    "فهرست‌ها و منفردها",
                                )
                        })
                    {
                        table {
                            caption {
                                ({
                                    words
                                        .say(
                                            "Shares are of the votes of all lists and independents",
                                            "درصدها از مجموع رأی همهٔ فهرست‌ها و منفردها است",
                                        )
                                })
                                ": "
                                (words.number(whole))
                            }
                            thead {
                                tr {
                                    th scope="col" { (words.say("list", "فهرست")) }
                                    th scope="col" class="n" { (words.say("votes", "رأی")) }
                                    th scope="col" class="n" { (words.say("share", "سهم")) }
                                    @if has_seats {
                                        th scope="col" class="n" { (seats) }
                                    }
                                    th scope="col" class="wide" {
                                        span class="hidden" {
                                            (words.say("votes as a bar", "نمودار رأی"))
                                        }
                                    }
                                }
                            }
                            tbody {
                                @for (at, group) in groups.iter().enumerate() {
                                    tr data-key=(self.group_label(outcome, group.key)) {
                                        th scope="row" {
                                            span
                                                class=(format!("swatch g{}", at % GROUP_COLOURS))
                                                aria-hidden="true" {}
                                            " "
                                            (self.group_label(outcome, group.key))
                                        }
                                        td class="n" { (words.number(group.votes)) }
                                        td class="n" { (words.percent(group.votes, whole)) }
                                        @if has_seats {
                                            td class="n" { (words.number(u64::from(group.seats))) }
                                        }
                                        td class="wide" {
                                            ({
                                                self.bar(
                                                    group.votes,
                                                    most,
                                                    &format!("g{}", at % GROUP_COLOURS),
                                                )
                                            })
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn group_label(&self, outcome: &DistrictOutcome<'_>, key: GroupKey) -> String {
        outcome.group_label(key, self.words.language)
    }

    /// The hemicycle of a council by lists. Seats that can still move are outlines, and said to be.
    pub(super) fn council(&self, outcome: &DistrictOutcome<'_>) -> Markup {
        let words = self.words;
        let groups = outcome.outcome.groups.iter().enumerate();
        let mut said = Vec::new();
        let mut benches: Vec<Bench> = groups
            .filter(|(_, group)| group.seats > 0)
            .map(|(at, group)| {
                said.push(format!(
                    "{}: {}",
                    self.group_label(outcome, group.key),
                    words.number(u64::from(group.seats))
                ));
                let label = match outcome.group_code(group.key).code() {
                    Some(code) => words.digits(&code.to_string()),
                    None => words.say("i", "م").to_owned(),
                };
                Bench { label, colour: Some(at), seats: group.seats }
            })
            .collect();
        let certain: u32 = benches.iter().map(|bench| bench.seats).sum();
        let open = outcome.district.seats.saturating_sub(certain);
        benches.push(Bench { label: "?".to_owned(), colour: None, seats: open });
        let seats = match outcome.provisional {
            true => words.say(
                "Seats on the votes shown so far, nobody is elected",
                "کرسی‌ها بر پایهٔ رأی‌هایی که تا این‌جا نمایش داده شده، هنوز کسی منتخب نیست",
            ),
            false => words.say("Seats", "کرسی‌ها"),
        };
        let label = format!("{seats}: {}", words.joined(&said));
        hemicycle(&benches, &label, outcome.provisional)
    }

    /// What the names of an outcome are: of those who lead, or of those who are elected.
    pub(super) fn leads_or_elected(&self, is_provisional: bool) -> &'static str {
        match is_provisional {
            true => self.words.say("Who leads on the votes shown", "پیشتازان رأی‌های نمایش‌داده‌شده"),
            false => self.words.say("Elected", "منتخبان"),
        }
    }

    /// The council by lists on the page of the nation: hemicycle, state, and who is elected.
    pub(super) fn council_summary(&self, district: u32) -> Markup {
        let words = self.words;
        let line = |text: &str| html! { p { (text) } };
        let body = match self.board.told_outcome(district) {
            Some(Ok(outcome)) if outcome.tally.ballots.valid > 0 => {
                let elected = self.board.elected_in_order(district, &outcome);
                let list = |position| self.list_of(&outcome, outcome.candidate(position).list);
                html! {
                    div class="two" {
                        (self.council(&outcome))
                        div {
                            h3 { (self.leads_or_elected(outcome.provisional)) }
                            ol class="names" {
                                @for position in elected {
                                    li data-key=(outcome.candidate_code(position)) {
                                        (self.person(&outcome, position))
                                        " "
                                        span class="of-list" { (list(position)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            None => {
                line(words.say("No votes before the close.", "پیش از پایان رأی‌گیری رأیی نیست."))
            }
            Some(Err(error)) => html! { p class="bad" { (error.message) } },
            Some(Ok(_)) if self.board.districts[district as usize].taken == 0 => {
                line(words.say("Nothing is counted yet.", "هنوز چیزی شمرده نشده است."))
            }
            // The first votes wait for the next ones.
            Some(Ok(_)) if !self.board.districts[district as usize].is_all_shown => {
                self.hidden_line(district)
            }
            Some(Ok(_)) => line(
                words.say("No vote that is counted is valid.", "هیچ رأی صحیحی شمرده نشده است."),
            ),
        };
        html! {
            p {
                (self.district_link(district))
                " "
                (self.parts.markup("council.s", self.state_chip(district)))
                " "
                (self.parts.text("council.r", self.stations_of(district)))
                " "
                (words.say("stations", "شعبه"))
            }
            (self.parts.block("council", body))
            p {
                a href=(format!("{}#why", self.href(&Kind::District(district)))) {
                    (words.say("Every seat, and why", "هر کرسی، و چرا"))
                }
            }
        }
    }

    /// Everybody who stands, by votes; with who leads or is elected, where the votes are those of
    /// which the outcome is told.
    pub(super) fn everybody(&self, outcome: &DistrictOutcome<'_>, tells_places: bool) -> Markup {
        let words = self.words;
        let all = &outcome.tally.candidates;
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by_key(|&at| (Reverse(all[at].votes), all[at].code));
        let codes = |positions: &[u32]| -> HashSet<u32> {
            let told = positions.iter().filter(|_| tells_places);
            told.map(|&who| outcome.candidate_code(who)).collect()
        };
        let everybody = Everybody {
            outcome,
            elected: codes(&outcome.outcome.elected),
            alternates: codes(&outcome.outcome.alternates),
            most: order.first().map_or(0, |&at| all[at].votes),
            by_list: outcome.rule.method() == Method::Article24,
        };
        let (first, rest) = order.split_at(order.len().min(CANDIDATES_SHOWN));
        html! {
            (self.candidates(&everybody, first))
            @if !rest.is_empty() {
                details id="others" {
                    summary {
                        ({
                            words
                                .say("The other candidates", "نامزدهای دیگر")
                        })
                        " ("
                        (words.number(rest.len()))
                        ")"
                    }
                    (self.candidates(&everybody, rest))
                }
            }
        }
    }

    fn candidates(&self, everybody: &Everybody<'_>, rows: &[usize]) -> Markup {
        let words = self.words;
        let label = words.say("Votes of everybody", "رأی همهٔ نامزدها");
        html! {
            div class="scroll" tabindex="0" role="group" aria-label=(label) {
                table class="persons" {
                    thead {
                        tr {
                            th scope="col" { (words.say("name and code", "نام و کد")) }
                            @if everybody.by_list {
                                th scope="col" { (words.say("list", "فهرست")) }
                                th scope="col" class="n" { (words.say("by name", "با نام")) }
                                th scope="col" class="n" {
                                    (words.say("through the list", "با فهرست"))
                                }
                            }
                            th scope="col" class="n" { (words.say("votes", "رأی")) }
                            th scope="col" class="n" {
                                ({
                                    words
                                        .say("of valid ballots", "از برگ‌های صحیح")
                                })
                            }
                            th scope="col" class="wide" {
                                span class="hidden" { (words.say("votes as a bar", "نمودار رأی")) }
                            }
                            th scope="col" { (words.say("place", "جایگاه")) }
                        }
                    }
                    tbody {
                        @for &at in rows { (self.candidate_row(everybody, at)) }
                    }
                }
            }
        }
    }

    fn candidate_row(&self, everybody: &Everybody<'_>, at: usize) -> Markup {
        let words = self.words;
        let outcome = everybody.outcome;
        let votes = outcome.tally.candidates[at];
        let person = &outcome.district.candidates[at];
        let name = words.name(&person.name_en, &person.name_fa);
        let is_first = everybody.elected.contains(&votes.code);
        let is_next = everybody.alternates.contains(&votes.code);
        let (class, place) = match (is_first, is_next, outcome.provisional) {
            (true, _, true) => ("next", words.say("leads", "پیشتاز")),
            (true, _, false) => ("won", words.say("elected", "منتخب")),
            (_, true, true) => ("", words.say("follows", "نفر بعدی")),
            (_, true, false) => ("next", words.say("alternate", "علی‌البدل")),
            (false, false, _) => ("", ""),
        };
        html! {
            tr data-key=(person.code) {
                th scope="row" {
                    bdi lang=[self.language_of(name)] { (name) }
                    " "
                    span class="code" { (words.digits(&person.code.to_string())) }
                }
                @if everybody.by_list {
                    td { (self.list_of(outcome, person.list)) }
                    td class="n" { (words.number(votes.direct)) }
                    td class="n" { (words.number(votes.via_list)) }
                }
                td class="n" { (words.number(votes.votes)) }
                td class="n" { (words.percent(votes.votes, outcome.tally.ballots.valid)) }
                td class="wide" { (self.bar(votes.votes, everybody.most, class)) }
                td { (place) }
            }
        }
    }
}

/// Everybody who stands in a district, and what became of them.
struct Everybody<'a> {
    outcome: &'a DistrictOutcome<'a>,
    /// Codes.
    elected: HashSet<u32>,
    /// Codes.
    alternates: HashSet<u32>,
    /// Votes of whoever has the most.
    most: u64,
    by_list: bool,
}
