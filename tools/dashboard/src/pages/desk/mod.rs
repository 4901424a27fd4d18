//! Pages of the desk: the frame around them, login, a district with every vote.
//!
//! In: a board on which nothing is hidden, a session, proposals. Out: whole documents, which nobody
//! keeps. Never: such a board for whoever is not logged in; a part that moves: what one decides on
//! must not change under one's eyes.

mod decide;
mod overview;
mod preview;
mod proposal;

use maud::{DOCTYPE, Markup, html};
use shomar_board::board::Board;
use shomar_board::words::Words;
use shomar_desk::{Session, State, Unfit};
use shomar_seats::Language;

use super::{Content, Sheet};
use crate::desk::Whole;
use crate::page::Parts;
use crate::view::{Kind, encoded};
pub(crate) use decide::decide;
pub(crate) use overview::overview;
pub(crate) use preview::{Preview, preview};
pub(crate) use proposal::proposal;

/// Where a page is, and for whom.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) words: Words,
    /// Without the language, from `/desk` on.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    /// `None`: nobody is logged in.
    pub(crate) session: Option<&'a Session>,
    pub(crate) now_ms: u64,
}

/// What the login page says besides.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LoginNews {
    None,
    /// Name or password was wrong.
    Wrong,
    /// Too many failures: so many seconds.
    Wait(u64),
    /// Too many sessions.
    Full,
    /// The session has ended.
    Ended,
}

/// A page of the desk while it is written.
pub(super) struct DeskSheet<'a> {
    sheet: Sheet<'a>,
    at: At<'a>,
}

/// The path of a district with every vote.
pub(crate) fn district_path(words: Words, id: &str) -> String {
    format!("/{}/desk/district/{}", words.code(), encoded(id))
}

impl<'a> DeskSheet<'a> {
    fn new(board: &'a Board, at: At<'a>) -> Self {
        Self { sheet: Sheet { board, words: at.words, parts: Parts::default() }, at }
    }

    fn words(&self) -> Words {
        self.at.words
    }

    fn say<'t>(&self, english: &'t str, persian: &'t str) -> &'t str {
        self.at.words.say(english, persian)
    }

    /// A path of the desk.
    fn path(&self, rest: &str) -> String {
        format!("/{}/desk/{rest}", self.words().code())
    }

    /// What every form bears.
    fn form_token(&self) -> Markup {
        html! {
            @if let Some(session) = self.at.session {
                input type="hidden" name="form_token" value=(session.form_token);
            }
        }
    }

    /// The name of an officer by id.
    fn officer_name(&self, id: &str) -> String {
        let officers = &self.sheet.board.setting.subject.election.head.officers;
        let found = officers.iter().find(|own| own.id == id);
        let name = found.map_or("", |own| self.words().name(&own.name_en, &own.name_fa));
        if name.is_empty() { id.to_owned() } else { name.to_owned() }
    }

    /// Somebody, as an account and its officer.
    fn somebody(&self, account: &str, officer: &str) -> Markup {
        html! {
            bdi { (account) }
            " ("
            bdi { (self.officer_name(officer)) }
            ")"
        }
    }

    /// A district, linked to the page that shows every vote.
    fn district_link(&self, district: u32) -> Markup {
        let own = self.sheet.board.setting.district(district);
        html! {
            a href=(district_path(self.words(), &own.id)) {
                (self.words().name(&own.name_en, &own.name_fa))
            }
        }
    }

    /// What went wrong, above everything else, with the focus on it.
    fn error_summary(&self, errors: &[(Option<&str>, String)]) -> Markup {
        html! {
            @if !errors.is_empty() {
                div class="errors" role="alert" tabindex="-1" autofocus {
                    h2 {
                        ({
                            self.say(
                                "This cannot be done as it stands",
                                "به این شکل انجام نمی‌شود",
                            )
                        })
                    }
                    ul {
                        @for (field, message) in errors {
                            li {
                                @match field {
                                    Some(field) => a href=(format!("#{field}")) { (message) },
                                    None => bdi { (message) },
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// A field for the password, which is asked for whenever something is signed.
    fn password_field(&self, id: &str, label: &str) -> Markup {
        html! {
            p class="field" {
                label for=(id) { (label) }
                input
                    id=(id)
                    name="password"
                    type="password"
                    autocomplete="current-password"
                    required;
            }
        }
    }

    /// How a proposal stands, in a word.
    fn state_chip(&self, proposal: &shomar_desk::Proposal) -> Markup {
        let (class, text) = match &proposal.state {
            State::Open if proposal.has_expired(self.at.now_ms) => {
                ("none", self.say("expired", "منقضی"))
            }
            State::Open => ("part", self.say("waits for a second person", "در انتظار نفر دوم")),
            State::Approved => ("lot", self.say("approved, on its way", "تأییدشده، در راه دفتر")),
            State::Carried(_) => ("done", self.say("carried out", "انجام‌شده")),
            State::Failed { .. } => ("bad", self.say("not taken by the journal", "دفتر نپذیرفت")),
            State::Refused { .. } => ("bad", self.say("refused", "ردشده")),
            State::Withdrawn => ("none", self.say("withdrawn", "پس‌گرفته")),
        };
        html! {
            span class=(format!("chip {class}")) { (text) }
        }
    }

    /// The whole document.
    fn frame(&self, content: &Content) -> String {
        let (words, sheet) = (self.words(), &self.sheet);
        let other = words.other();
        let query = match self.at.query {
            "" => String::new(),
            query => format!("?{query}"),
        };
        let parts: Vec<String> =
            self.at.path.split('/').map(|part| encoded(part).to_string()).collect();
        let tail = if self.at.path == "/desk" { "/desk/".to_owned() } else { parts.join("/") };
        let document = html! {
            (DOCTYPE)
            html lang=(words.code()) dir=(words.direction()) {
                (sheet.head(&content.title, &html! {}))
                body class="desk" {
                    a class="skip" href="#main" { (self.say("Skip to the text", "رفتن به متن اصلی")) }
                    header class="top" {
                        (sheet.test_mark())
                        div class="bar" {
                            a class="brand" href=(sheet.href(&Kind::Nation)) {
                                span class="logo" { (self.say("Shomar", "شمار")) }
                                span class="of" { (sheet.election_title()) }
                            }
                            (self.session_line())
                            div class="switches" {
                                button
                                    type="button"
                                    id="theme"
                                    hidden
                                    data-dark=(self.say("Dark", "تیره"))
                                    data-light=(self.say("Light", "روشن")) {}
                                a   lang=(other.code())
                                    hreflang=(other.code())
                                    href=(format!("/{}{tail}{query}", other.code()))
                                { (self.say("فارسی", "English")) }
                            }
                        }
                        @if self.at.session.is_some() {
                            (self.navigation())
                            p class="secret" {
                                ({
                                    self.say(
                                        "For operators: every vote is shown here. Not for publication.",
                                        "ویژهٔ متصدیان: همهٔ رأی‌ها نمایش داده می‌شود. برای انتشار نیست.",
                                    )
                                })
                            }
                        }
                        (sheet.as_of())
                    }
                    main id="main" tabindex="-1" { (content.main) }
                }
            }
        };
        document.into_string()
    }

    fn session_line(&self) -> Markup {
        html! {
            @if let Some(session) = self.at.session {
                form class="session" method="post" action=(self.path("logout")) {
                    (self.form_token())
                    span { (self.somebody(&session.account, &session.officer)) }
                    " "
                    button { (self.say("Log out", "خروج")) }
                }
            }
        }
    }

    fn navigation(&self) -> Markup {
        let is_home = self.at.path == "/desk";
        html! {
            nav aria-label=(self.say("The desk", "میز تصمیم")) {
                ul {
                    li {
                        a href=(self.path("")) aria-current=[is_home.then_some("page")] {
                            (self.say("The desk", "میز تصمیم"))
                        }
                    }
                    li {
                        a href=(self.sheet.href(&Kind::Nation)) {
                            (self.say("The open pages", "نماهای همگانی"))
                        }
                    }
                }
            }
        }
    }
}

fn content(title: &str, main: Markup) -> Content {
    Content { title: title.to_owned(), main }
}

/// Why something cannot be decided as it stands.
pub(crate) fn unfit(words: Words, why: &Unfit) -> String {
    if words.language == Language::English {
        return why.to_string();
    }
    match why {
        Unfit::NotSecond { account, officer, proposer } => format!(
            "«{account}» به نام مسئول «{officer}» امضا می‌کند و نفر دوم نیست؛ تأیید با فردی از مسئولی \
             جز «{proposer}» است."
        ),
        Unfit::Expired => "مهلت این پیشنهاد به پایان رسیده است؛ پیشنهاد تازه‌ای بدهید.".to_owned(),
        Unfit::Settled => "تکلیف این پیشنهاد پیش‌تر روشن شده است.".to_owned(),
        Unfit::NoProposal(_) => "چنین پیشنهادی ثبت نشده است.".to_owned(),
        Unfit::NotOnItsWay => "این پیشنهاد در راه دفتر نیست.".to_owned(),
        Unfit::OwnRefusal => {
            "پیشنهاددهنده پیشنهاد خود را رد نمی‌کند؛ می‌تواند آن را پس بگیرد.".to_owned()
        }
        Unfit::OthersWithdrawal(_) => "پیشنهاد را تنها پیشنهاددهنده می‌تواند پس بگیرد.".to_owned(),
        Unfit::NoReason(0) => "دلیلی نوشته نشده است؛ دلیل را بنویسید.".to_owned(),
        Unfit::NoReason(_) => "دلیل بیش از اندازه بلند است؛ کوتاه‌تر بنویسید.".to_owned(),
        Unfit::MadeAlready => "همین پیشنهاد پیش‌تر ثبت شده است.".to_owned(),
        Unfit::Overtaken => {
            "مسئول در این میان رکورد دیگری امضا کرده است؛ پیشنهاد تازه‌ای لازم است.".to_owned()
        }
        Unfit::NotTaken { .. } => {
            "دفتر این تصمیم را نپذیرفت. علت در گزارش کارساز آمده است.".to_owned()
        }
        Unfit::Other { .. } => {
            "این تصمیم به این صورت ثبت‌شدنی نیست. علت در گزارش کارساز آمده است.".to_owned()
        }
    }
}

/// The page of a server without operators.
pub(crate) fn no_desk(board: &Board, at: At<'_>) -> String {
    let sheet = DeskSheet::new(board, at);
    let title = sheet.say("No desk", "میز تصمیم برپا نیست");
    let main = html! {
        h1 { (title) }
        p {
            ({
                sheet
                    .say(
                        "This server was started without a file of operators, so nobody can log in. Decisions are signed with shomar control.",
                        "این کارساز بدون پروندهٔ متصدیان راه‌اندازی شده است و کسی نمی‌تواند وارد شود. تصمیم‌ها با shomar control امضا می‌شود.",
                    )
            })
        }
    };
    sheet.frame(&content(title, main))
}

/// The page for whoever comes over a network in the clear.
pub(crate) fn not_encrypted(board: &Board, at: At<'_>) -> String {
    let sheet = DeskSheet::new(board, at);
    let title = sheet.say("Not over this connection", "نه از این اتصال");
    let main = html! {
        h1 { (title) }
        p {
            ({
                sheet
                    .say(
                        "A password must not go over a network in the clear. Use the address that begins with https, or the machine on which the server runs.",
                        "گذرواژه نباید بدون رمزنگاری از شبکه بگذرد. نشانی https یا همان رایانه‌ای را به کار ببرید که کارساز روی آن است.",
                    )
            })
        }
    };
    sheet.frame(&content(title, main))
}

/// The page for whoever would sign on a count that was found wrong.
pub(crate) fn on_no_failed_count(whole: &Whole, at: At<'_>) -> String {
    let sheet = DeskSheet::new(&whole.board, at);
    let title = sheet.say("Not on this count", "نه بر پایهٔ این شمارش");
    let why = sheet.say(
        "Nothing was done: the count was found wrong, and nothing can be decided on its numbers. \
         The log of the server says why.",
        "کاری انجام نشد: شمارش نادرست یافته شد و بر پایهٔ عددهای آن نمی‌توان تصمیمی گرفت. علت در گزارش \
         کارساز آمده است.",
    );
    nothing_done(&sheet, title, why)
}

/// The page for a form that this server's pages did not send.
pub(crate) fn foreign_form(board: &Board, at: At<'_>) -> String {
    let sheet = DeskSheet::new(board, at);
    let title = sheet.say("Not from here", "فرم از این‌جا نیست");
    let why = sheet.say(
        "Nothing was done: the form was not sent by a page of this session. If you did send it, \
         open the desk anew and try again.",
        "کاری انجام نشد: این فرم از صفحه‌ای از همین نشست فرستاده نشده است. اگر خودتان فرستاده‌اید، میز را \
         دوباره باز کنید و از نو بفرستید.",
    );
    nothing_done(&sheet, title, why)
}

/// The page after something that was not done, with the way back.
fn nothing_done(sheet: &DeskSheet<'_>, title: &str, why: &str) -> String {
    let main = html! {
        h1 { (title) }
        p role="alert" { (why) }
        p {
            a href=(sheet.path("")) { (sheet.say("To the desk", "به میز تصمیم")) }
        }
    };
    sheet.frame(&content(title, main))
}

/// The page for a path that is none.
pub(crate) fn nothing_here(whole: &Whole, at: At<'_>) -> String {
    let sheet = DeskSheet::new(&whole.board, at);
    let title = sheet.say("Not found", "پیدا نشد");
    let main = html! {
        h1 { (title) }
        p {
            a href=(sheet.path("")) { (sheet.say("To the desk", "به میز تصمیم")) }
        }
    };
    sheet.frame(&content(title, main))
}

/// The login page.
pub(crate) fn login(board: &Board, at: At<'_>, news: LoginNews) -> String {
    let sheet = DeskSheet::new(board, at);
    let words = at.words;
    let title = sheet.say("The desk: log in", "میز تصمیم: ورود");
    let message = match news {
        LoginNews::None => None,
        LoginNews::Wrong => {
            Some(words.say("Name or password is wrong.", "نام یا گذرواژه نادرست است.").to_owned())
        }
        LoginNews::Wait(seconds) => Some(format!(
            "{} {} {}",
            words.say("Too many failures. Wait", "تلاش‌های نادرست بسیار بود؛"),
            words.number(seconds),
            words.say("seconds.", "ثانیه صبر کنید."),
        )),
        LoginNews::Full => Some(
            words
                .say(
                    "Too many people are logged in, or the system gives no random bytes.",
                    "شمار نشست‌ها بیش از اندازه است یا سیستم بایت تصادفی نمی‌دهد.",
                )
                .to_owned(),
        ),
        LoginNews::Ended => Some(
            words
                .say(
                    "The session has ended. Nothing was done. Log in again.",
                    "نشست پایان یافته است و کاری انجام نشد. دوباره وارد شوید.",
                )
                .to_owned(),
        ),
    };
    let errors: Vec<(Option<&str>, String)> =
        message.into_iter().map(|message| (Some("name"), message)).collect();
    let main = html! {
        h1 { (title) }
        (sheet.error_summary(&errors))
        section class="narrow" {
            form class="desk-form" method="post" action=(sheet.path("login")) {
                p class="field" {
                    label for="name" { (sheet.say("Name", "نام کاربری")) }
                    input
                        id="name"
                        name="name"
                        type="text"
                        dir="ltr"
                        autocomplete="username"
                        autocapitalize="none"
                        spellcheck="false"
                        required;
                }
                ({
                    sheet
                        .password_field(
                            "password",
                            sheet.say("Password", "گذرواژه"),
                        )
                })
                p {
                    button { (sheet.say("Log in", "ورود")) }
                }
            }
            p class="hint" {
                ({
                    sheet
                        .say(
                            "Looking needs no login. Whatever changes a total needs two people of two officers.",
                            "برای دیدن، ورود لازم نیست. هر چه جمعی را تغییر دهد دو نفر از دو مسئول می‌خواهد.",
                        )
                })
            }
        }
    };
    sheet.frame(&content(title, main))
}

/// A district with every vote.
pub(crate) fn district(whole: &Whole, at: At<'_>, district: u32) -> String {
    let sheet = DeskSheet::new(&whole.board, at);
    let content = sheet.sheet.district(district);
    let own = whole.board.setting.district(district);
    let id = encoded(&own.id);
    let links = html! {
        p class="decisions" {
            a href=(sheet.path(&format!("decide/declare?district={id}"))) {
                (sheet.say("Declare the result", "اعلام نتیجه"))
            }
            " · "
            a href=(sheet.path(&format!("decide/lot?district={id}"))) {
                (sheet.say("Record a lot", "ثبت قرعه"))
            }
            " · "
            a href=(sheet.path(&format!("decide/annul?district={id}"))) {
                (sheet.say("Annul", "ابطال"))
            }
        }
    };
    let main = html! {
        (content.main)
        (links)
    };
    sheet.frame(&Content { title: content.title, main })
}
