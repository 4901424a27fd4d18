//! A proposal: what it says, how it stands, and what whoever looks may do with it.

use maud::{Markup, html};
use shomar_desk::proposals::EXPIRES_MS;
use shomar_desk::{Proposal, Session, State, Unfit};
use shomar_engine::decision::Effects;
use shomar_format::bytes::hex;

use super::{At, DeskSheet, content, unfit};
use crate::desk::{Whole, Would};

/// The page of a proposal. `would` is what it would change, as long as it is open.
pub(crate) fn proposal(
    whole: &Whole,
    at: At<'_>,
    own: &Proposal,
    would: Option<&Result<Would, String>>,
    message: Option<&str>,
) -> String {
    let sheet = DeskSheet::new(&whole.board, at);
    let words = at.words;
    let title = sheet.say("Proposal", "پیشنهاد");
    let errors: Vec<(Option<&str>, String)> =
        message.iter().map(|own| (None, (*own).to_owned())).collect();
    let text = own.control.to_text().unwrap_or_default();
    let main = html! {
        h1 { (title) }
        (sheet.error_summary(&errors))
        p class="chips" {
            (sheet.state_chip(own))
            " "
            code { (hex(&own.hash)) }
        }
        (sheet.says(&own.control.action, &text))
        section aria-labelledby="who" {
            h2 id="who" { (sheet.say("Who", "چه کسانی")) }
            dl class="facts" {
                dt { (sheet.say("Proposed by", "پیشنهاددهنده")) }
                dd { (sheet.somebody(&own.account, &own.officer)) ", " (words.moment(own.at_ms)) }
                dt { (sheet.say("On the frontier", "بر مرز شمارش")) }
                dd { (words.number(own.position)) }
                dt { (sheet.say("Signature of the proposal", "امضای پیشنهاد")) }
                dd {
                    code { (hex(&own.signature)) }
                }
                @if own.state == State::Open {
                    dt { (sheet.say("Expires", "انقضا")) }
                    dd { (words.moment(own.at_ms.saturating_add(EXPIRES_MS))) }
                }
                @if let Some(approval) = &own.approval {
                    dt { (sheet.say("Approved by", "تأییدکننده")) }
                    dd {
                        (sheet.somebody(&approval.account, &approval.officer))
                        ", "
                        (words.moment(approval.at_ms))
                    }
                    dt { (sheet.say("Record", "رکورد")) }
                    dd {
                        code { (hex(&approval.hash)) }
                    }
                }
                (sheet.ending(&own.state))
            }
        }
        @match would {
            Some(Ok(would)) => (sheet.would_change(&own.control.action, would)),
            Some(Err(why)) => {
                p class="warning" {
                    ({
                        sheet
                            .say(
                                "As things stand now it cannot be carried out: ",
                                "در وضع کنونی انجام‌شدنی نیست: ",
                            )
                    })
                    bdi { (why) }
                }
            }
            None => {}
        }
        (sheet.told(&own.state))
        @if let Some(session) = at.session {
            (sheet.choices(session, own, would.and_then(|would| would.as_ref().ok())))
        }
    };
    sheet.frame(&content(title, main))
}

impl DeskSheet<'_> {
    /// How it ended, if it has.
    fn ending(&self, state: &State) -> Markup {
        let words = self.words();
        html! {
            @match state {
                State::Carried(position) => {
                    dt { (self.say("Position in the journal", "جای آن در دفتر")) }
                    dd {
                        a id="position" href=(self.corrections_path(*position)) {
                            (words.number(*position))
                        }
                    }
                }
                State::Failed { found, expected } => {
                    dt { (self.say("Not taken", "پذیرفته نشد")) }
                    dd class="bad" {
                        (unfit(words, &Unfit::of_log(found, expected)))
                    }
                }
                State::Refused { account, why } => {
                    dt { (self.say("Refused by", "ردکننده")) }
                    dd {
                        bdi { (account) }
                        ": "
                        q { (why) }
                    }
                }
                _ => {}
            }
        }
    }

    fn corrections_path(&self, position: u64) -> String {
        format!("/{}/corrections#r{position}", self.words().code())
    }

    /// What it did change, once the count has it.
    fn told(&self, state: &State) -> Markup {
        let State::Carried(position) = state else { return html! {} };
        let decisions = &self.sheet.board.snapshot.decisions;
        let decision = decisions.iter().find(|own| own.position == *position);
        let effects = match decision.map(|own| &own.effects) {
            Some(Effects::Districts(effects)) if !effects.is_empty() => effects,
            _ => return html! {},
        };
        html! {
            section aria-labelledby="did" {
                h2 id="did" { (self.say("What it changed", "آنچه تغییر داد")) }
                @for effect in effects { (self.effect(effect)) }
            }
        }
    }

    /// What this person may do with it. Nobody approves what cannot be carried out.
    fn choices(&self, session: &Session, own: &Proposal, would: Option<&Would>) -> Markup {
        let path = |what: &str| self.path(&format!("proposal/{}/{what}", hex(&own.hash)));
        let is_open = own.is_open(self.at.now_ms);
        let may_approve = is_open && own.is_second(&session.account, &session.officer);
        let seen = would.filter(|_| may_approve).and_then(|would| would.seen(&own.control));
        html! {
            @if own.state == State::Approved {
                section class="narrow" aria-labelledby="send" {
                    h2 id="send" { (self.say("On its way", "در راه دفتر")) }
                    p {
                        ({
                            self.say(
                                "Two people have decided this, and nobody knows yet whether the journal has it.",
                                "دو نفر این تصمیم را گرفته‌اند و هنوز معلوم نیست در دفتر ثبت شده باشد.",
                            )
                        })
                    }
                    form method="post" action=(path("send")) {
                        (self.form_token())
                        button { (self.say("Send it again", "ارسال دوباره")) }
                    }
                }
            }
            @if let Some(seen) = seen {
                section class="narrow" aria-labelledby="approve" {
                    h2 id="approve" { (self.say("Approve", "تأیید")) }
                    form class="desk-form" method="post" action=(path("approve")) {
                        (self.form_token())
                        input type="hidden" name="seen" value=(seen);
                        p {
                            ({
                                self.say(
                                    "Your officer's key signs the record, and it acts at once.",
                                    "رکورد با کلید مسئول شما امضا می‌شود و بی‌درنگ اثر می‌کند.",
                                )
                            })
                        }
                        ({
                            self.password_field(
                                "approve-password",
                                self
                                    .say(
                                        "Your password, to sign",
                                        "گذرواژهٔ شما برای امضا",
                                    ),
                            )
                        })
                        p {
                            button { (self.say("Sign and carry out", "امضا و اجرا")) }
                        }
                    }
                }
            }
            @if is_open && own.account == session.account {
                section class="narrow" aria-labelledby="withdraw" {
                    h2 id="withdraw" { (self.say("Yours", "پیشنهاد شما")) }
                    p {
                        ({
                            self.say(
                                "Somebody of another officer has to approve it.",
                                "فردی از مسئولی دیگر باید آن را تأیید کند.",
                            )
                        })
                    }
                    form method="post" action=(path("withdraw")) {
                        (self.form_token())
                        button { (self.say("Withdraw it", "پس‌گرفتن")) }
                    }
                }
            }
            @if is_open && own.account != session.account {
                section class="narrow" aria-labelledby="refuse" {
                    h2 id="refuse" { (self.say("Refuse", "رد پیشنهاد")) }
                    @if own.officer == session.officer {
                        p {
                            ({
                                self.say(
                                    "You sign for the same officer as the proposer: you cannot approve it.",
                                    "شما برای همان مسئول پیشنهاددهنده امضا می‌کنید؛ تأیید از شما پذیرفته نیست.",
                                )
                            })
                        }
                    }
                    form class="desk-form" method="post" action=(path("refuse")) {
                        (self.form_token())
                        p class="field" {
                            label for="why" { (self.say("Why", "علت")) }
                            input
                                id="why"
                                name="why"
                                type="text"
                                dir="auto"
                                autocomplete="off"
                                maxlength="1000"
                                required;
                        }
                        p {
                            button { (self.say("Refuse it", "رد")) }
                        }
                    }
                }
            }
        }
    }
}
