//! Pages: what stands on each view, and the frame around it.
//!
//! In: a board, a view. Out: a page. Never: a number of its own; a share without its base.

mod corrections;
pub(crate) mod desk;
mod district;
mod hemicycle;
mod map;
mod nation;
mod persons;
mod place;
mod reception;
mod search;
mod stations;
mod wall;

use maud::{DOCTYPE, Markup, html};
use shomar_format::bytes::hex;
use shomar_format::election::Mode;
use shomar_seats::Language;

use crate::assets;
use crate::page::{Page, Parts, mark_of};
use crate::view::{Kind, View};
use shomar_board::board::Board;
use shomar_board::setting::Setting;
use shomar_board::stations::StationFilter;
use shomar_board::status::PublicationStatus;
use shomar_board::telling::Telling;
use shomar_board::words::{Words, rfc3339};

/// Seconds after which a page without script loads itself again.
const RELOAD_SECONDS: u32 = 15;

/// Seconds after which whoever was told that the journal is being read looks again.
pub(crate) const READ_AGAIN_SECONDS: u32 = 10;

/// A page while it is written.
pub(crate) struct Sheet<'a> {
    pub(crate) board: &'a Board,
    pub(crate) words: Words,
    pub(crate) parts: Parts,
}

/// What stands inside the frame.
struct Content {
    title: String,
    main: Markup,
}

/// The page of a view.
pub(crate) fn render(board: &Board, view: &View) -> Page {
    let sheet = Sheet { board, words: view.words, parts: Parts::default() };
    let content = sheet.content(&view.kind);
    let html = match &view.kind {
        Kind::Wall(wall) => sheet.wall_frame(view, wall, &content),
        _ => sheet.frame(Some(view), &content),
    };
    Page::new(html.into_string(), sheet.parts, board.at_ms, identity(&board.setting))
}

/// What tells a page, and its stream, from those of another election or another program that
/// answers at the same address one day: election with its names, mode, rules, style and script.
fn identity(setting: &Setting) -> String {
    let head = &setting.subject.election.head;
    let mut text = hex(setting.counting.digest());
    let assets = assets::all().iter().map(|asset| asset.tag.as_str());
    let own = [head.mode.name(), &setting.rules_digest, &head.title_fa, &head.title_en];
    for part in own.into_iter().chain(assets) {
        text.push('\n');
        text.push_str(part);
    }
    mark_of(text.as_bytes())
}

/// The page that says that the journal is being read: no number of what is counted so far. `still`
/// is the query of this page when it does not load itself again, and whether it is that one.
pub(crate) fn being_read(
    board: &Board,
    words: Words,
    (read, of): (u64, u64),
    (still, is_still): (&str, bool),
) -> String {
    let sheet = Sheet { board, words, parts: Parts::default() };
    let title = words.say("The journal is being read", "دفتر وقایع در حال خوانده شدن است");
    // Whatever was asked for is there in a moment.
    let again = html! {
        @if !is_still { meta http-equiv="refresh" content=(READ_AGAIN_SECONDS); }
    };
    let stop = match is_still {
        true => words.say("Look again", "دوباره ببینید"),
        false => words.say("Stop loading by itself", "توقف بارگذاری خودکار"),
    };
    let document = html! {
        (DOCTYPE)
        html lang=(words.code()) dir=(words.direction()) {
            (sheet.head(title, &again))
            body {
                header class="top" {
                    (sheet.test_mark())
                    div class="bar" {
                        span class="brand" {
                            span class="logo" { (words.say("Shomar", "شمار")) }
                            span class="of" { (sheet.election_title()) }
                        }
                    }
                }
                main id="main" tabindex="-1" {
                    h1 { (title) }
                    p {
                        ({
                            words
                                .say(
                                    "The server has just started. Numbers are shown once everything received before is counted again.",
                                    "کارساز تازه راه‌اندازی شده است. عددها پس از شمارش دوبارهٔ همهٔ آنچه پیش‌تر رسیده است نمایش داده می‌شود.",
                                )
                        })
                    }
                    p role="status" {
                        (words.say("Records read: ", "رکوردهای خوانده‌شده: "))
                        (words.number(read))
                        (words.say(" of ", " از "))
                        (words.number(of))
                    }
                    p { a href=(still) { (stop) } }
                }
            }
        }
    };
    document.into_string()
}

/// The page that says there is none.
pub(crate) fn not_found(board: &Board, words: Words) -> Page {
    let sheet = Sheet { board, words, parts: Parts::default() };
    let title = words.say("Not found", "پیدا نشد").to_owned();
    let main = html! {
        h1 { (title) }
        p {
            ({
                words
                    .say(
                        "There is nothing at this address. A district is called by its id, a province or a county by its number.",
                        "در این نشانی چیزی نیست. حوزه با شناسه و استان و شهرستان با شماره نشانی دارند.",
                    )
            })
        }
        p {
            a href=(sheet.href(&Kind::Nation)) {
                (words.say("To the whole country", "به نمای کل کشور"))
            }
        }
    };
    let html = sheet.frame(None, &Content { title, main });
    Page::new(html.into_string(), sheet.parts, board.at_ms, identity(&board.setting))
}

impl Sheet<'_> {
    fn content(&self, kind: &Kind) -> Content {
        match kind {
            Kind::Nation => self.nation(),
            Kind::Province(at) => self.province(*at),
            Kind::County(at) => self.county(*at),
            Kind::District(at) => self.district(*at),
            Kind::Stations { state, province, page } => self.stations(*state, *province, *page),
            Kind::Reception => self.reception(),
            Kind::Corrections { page } => self.corrections(*page),
            Kind::Search(query) => self.search(query),
            Kind::WallSetup => self.wall_setup(),
            Kind::Wall(wall) => self.content(&wall.views[wall.at]),
        }
    }

    /// The path of a view in the language of the page.
    pub(crate) fn href(&self, kind: &Kind) -> String {
        format!("/{}{}", self.words.code(), kind.path(&self.board.setting))
    }

    /// Names and decisions, in the language of the page.
    fn telling(&self) -> Telling<'_> {
        Telling { setting: &self.board.setting, words: self.words }
    }

    /// Name of the election.
    fn election_title(&self) -> &str {
        self.telling().election_title()
    }

    fn head(&self, title: &str, more: &Markup) -> Markup {
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (self.words.say("Shomar", "شمار")) }
                link rel="stylesheet" href=(assets::path("style.css"));
                link rel="icon" type="image/svg+xml" href=(assets::path("icon.svg"));
                script src=(assets::path("script.js")) defer {}
                (more)
            }
        }
    }

    /// The whole document around a view.
    fn frame(&self, view: Option<&View>, content: &Content) -> Markup {
        let words = self.words;
        let setting = &self.board.setting;
        let stream = view.and_then(View::streamed).map(|view| view.path(setting));
        let reloads = view.filter(|view| view.streamed().is_some() && !view.is_still);
        let no_script = html! {
            @if reloads.is_some() {
                noscript {
                    meta http-equiv="refresh" content=(RELOAD_SECONDS);
                }
            }
        };
        let other = words.other();
        let other_view = view.cloned().unwrap_or_else(|| View::new(words.language, Kind::Nation));
        let other_view = View::new(other.language, other_view.kind);
        html! {
            (DOCTYPE)
            html lang=(words.code()) dir=(words.direction()) {
                (self.head(&content.title, &no_script))
                body
                    data-page=(identity(setting))
                    data-stream=[stream]
                    data-paused=(self.says_lost())
                    data-slow=(self.says_slow())
                {
                    a class="skip" href="#main" {
                        ({
                            words
                                .say("Skip to the numbers", "رفتن به متن اصلی")
                        })
                    }
                    header class="top" {
                        (self.test_mark())
                        div class="bar" {
                            a class="brand" href=(self.href(&Kind::Nation)) {
                                span class="logo" { (words.say("Shomar", "شمار")) }
                                span class="of" { (self.election_title()) }
                            }
                            form
                                class="find"
                                role="search"
                                action=(format!("/{}/search", words.code()))
                            {
                                label class="hidden" for="q" {
                                    ({
                                        words
                                            .say(
                                                "Search by name or code",
                                                "جستجو با نام یا کد",
                                            )
                                    })
                                }
                                input
                                    id="q"
                                    name="q"
                                    type="search"
                                    autocomplete="off"
                                    placeholder=({
                                        words
                                            .say(
                                                "City, candidate, code, station",
                                                "شهر، نامزد، کد، شعبه",
                                            )
                                    });
                                button { (words.say("Search", "جستجو")) }
                            }
                            div class="switches" {
                                button
                                    type="button"
                                    id="theme"
                                    hidden
                                    data-dark=(words.say("Dark", "تیره"))
                                    data-light=(words.say("Light", "روشن")) {}
                                a   lang=(other.code())
                                    hreflang=(other.code())
                                    href=(other_view.path(setting))
                                { (words.say("فارسی", "English")) }
                            }
                        }
                        nav aria-label=(words.say("Views", "نماها")) {
                            ul {
                                @for (kind, label) in self.views() {
                                    li {
                                        a   href=(self.href(&kind))
                                            aria-current=[is_at(view, &kind).then_some("page")]
                                        { (label) }
                                    }
                                }
                            }
                        }
                        (self.live_as_of(reloads))
                    }
                    main id="main" tabindex="-1" { (content.main) }
                    footer { (self.foot()) }
                }
            }
        }
    }

    fn views(&self) -> [(Kind, &'static str); 5] {
        let stations = Kind::Stations { state: StationFilter::Missing, province: None, page: 1 };
        let say = |english, persian| self.words.say(english, persian);
        [
            (Kind::Nation, say("Country", "کشور")),
            (stations, say("Stations", "شعبه‌ها")),
            (Kind::Reception, say("Reception", "دریافت")),
            (Kind::Corrections { page: 1 }, say("Corrections", "اصلاح‌ها")),
            (Kind::WallSetup, say("Wall screen", "نمایشگر دیواری")),
        ]
    }

    fn test_mark(&self) -> Markup {
        let is_test = self.board.setting.subject.election.head.mode == Mode::Test;
        html! {
            @if is_test {
                p class="test" {
                    ({
                        self.words
                            .say(
                                "TEST: not an official result",
                                "آزمایشی: نتیجهٔ رسمی نیست",
                            )
                    })
                }
            }
        }
    }

    /// What a page says that hears nothing more.
    fn says_lost(&self) -> &'static str {
        self.words.say(
            "Live numbers have stopped: the connection is lost. Trying again.",
            "به‌روزرسانی زنده قطع شده است؛ دوباره تلاش می‌شود.",
        )
    }

    /// What a page says that gets no stream.
    fn says_slow(&self) -> &'static str {
        self.words.say(
            "Live numbers do not come now: the page fetches them about every 15 seconds.",
            "به‌روزرسانی زنده در کار نیست؛ صفحه حدود هر ۱۵ ثانیه عددها را می‌گیرد.",
        )
    }

    /// As of when, and how complete; and how to make what moves stand still.
    fn live_as_of(&self, reloads: Option<&View>) -> Markup {
        let words = self.words;
        self.as_of_and(&html! {
            button
                type="button"
                id="hold"
                hidden
                data-stop=(words.say("Stop live numbers", "توقف به‌روزرسانی"))
                data-go=(words.say("Go on", "ادامهٔ به‌روزرسانی"))
                data-held=({
                    words
                        .say(
                            "You have stopped the live numbers.",
                            "به‌روزرسانی را شما متوقف کرده‌اید.",
                        )
                }) {}
            @if let Some(view) = reloads {
                noscript {
                    span {
                        ({
                            words
                                .say(
                                    "This page loads itself again every 15 seconds.",
                                    "این صفحه هر ۱۵ ثانیه از نو بار می‌شود.",
                                )
                        })
                        " "
                        a   href=({
                                View {
                                    is_still: true,
                                    ..view.clone()
                                }
                                    .path(&self.board.setting)
                            })
                        { (words.say("Let it stand still", "ثابت بماند")) }
                    }
                }
            }
        })
    }

    /// As of when, and how complete, in a line above every view.
    fn as_of(&self) -> Markup {
        self.as_of_and(&html! {})
    }

    fn as_of_and(&self, controls: &Markup) -> Markup {
        let (words, board) = (self.words, self.board);
        let nation = &board.progress.nation;
        let position = words.number(board.snapshot.position);
        let stations = words.number(nation.stations);
        let stations_in = words.number(nation.stations_in);
        let share = words.percent(nation.stations_in, nation.stations);
        let line = html! {
            span {
                (words.say("As of", "تا"))
                " "
                time datetime=[rfc3339(board.at_ms)] { (words.moment(board.at_ms)) }
                (words.say(" (Tehran)", " به وقت تهران"))
            }
            span { (words.say("record", "رکورد")) " " (position) }
            span {
                (words.say("stations in: ", "شعبه‌های رسیده: "))
                (stations_in)
                (words.say(" of ", " از "))
                (stations)
                " ("
                (share)
                ")"
            }
            span class="status" { (self.publication_status()) }
            @if board.reception.failure.is_some() {
                strong class="bad" { (self.count_failed()) }
            }
            @if board.reception.waits {
                strong class="bad" { (self.count_waits()) }
            }
        };
        html! {
            div class="asof" {
                (self.parts.markup("asof", line))
                (controls)
                span id="lost" role="status" {}
            }
        }
    }

    /// What is said of numbers that stand still while batches come.
    fn count_waits(&self) -> &'static str {
        self.words.say(
            "The numbers stand still: the server lacks file handles or memory, and tries again",
            "عددها به‌روز نمی‌شود: کارساز برای باز کردن فایل‌ها جا یا حافظه ندارد و دوباره می‌کوشد",
        )
    }

    /// What is said of numbers that nobody may rely on.
    fn count_failed(&self) -> &'static str {
        self.words.say(
            "The count was found wrong, and nothing is published any more",
            "شمارش نادرست یافته شد و دیگر چیزی منتشر نمی‌شود",
        )
    }

    /// Unofficial and partial, unofficial and complete, or certified.
    fn publication_status(&self) -> &'static str {
        let words = self.words;
        let board = self.board;
        if board.public().is_none() {
            return words.say(
                "before the close: nothing is counted per option",
                "پیش از پایان رأی‌گیری: رأی هیچ نامزد یا فهرستی شمرده نمی‌شود",
            );
        }
        match board.status() {
            PublicationStatus::Certified => words.say("certified", "تأییدشده"),
            _ if board.setting.subject.election.serves.is_none() => words.say(
                "unofficial; nobody has said who reports",
                "غیررسمی؛ تعیین نشده چه کسی گزارش می‌دهد",
            ),
            PublicationStatus::UnofficialComplete => {
                words.say("unofficial, complete", "غیررسمی، کامل")
            }
            _ => words.say("unofficial, partial", "غیررسمی، ناتمام"),
        }
    }

    fn foot(&self) -> Markup {
        let (words, board) = (self.words, self.board);
        let digest = board.told_digest();
        html! {
            p {
                ({
                    words
                        .say(
                            "Every number is counted from sealed ballots, none beyond the record named above, and can be counted again from them.",
                            "همهٔ عددها از برگ‌های مهرشده و نه فراتر از رکورد یادشده شمرده شده است و می‌توان آن را از نو شمرد.",
                        )
                })
            }
            p {
                (words.say("Rules", "قواعد"))
                " "
                code { (board.setting.rules_digest) }
                " "
                ({
                    self.parts
                        .markup(
                            "digest",
                            html! {
                                @ if let Some(digest) = digest { "· "(words.say("digest",
                                "چکیده")) " " code { (digest) } }
                            },
                        )
                })
            }
        }
    }

    /// A share as a bar, beside the number that says it.
    fn bar(&self, part: u64, whole: u64, class: &str) -> Markup {
        let width = u128::from(part) * 1_000 / u128::from(whole.max(1));
        let class = format!("share {class}");
        html! {
            svg class=(class)
                viewBox="0 0 1000 10"
                preserveAspectRatio="none"
                aria-hidden="true"
                focusable="false"
            {
                rect class="ground" width="1000" height="10" {}
                rect class="filled" width=(width.min(1_000)) height="10" {}
            }
        }
    }

    /// The language of a name, where it is not that of the page: much of an election has names in
    /// Persian alone.
    fn language_of(&self, name: &str) -> Option<&'static str> {
        let is_persian = |letter| matches!(letter, '\u{600}'..='\u{6ff}');
        let is_foreign = self.words.language == Language::English && name.contains(is_persian);
        is_foreign.then_some("fa")
    }

    /// A name, in its language and direction.
    fn name(&self, name: &str) -> Markup {
        let language = self.language_of(name);
        html! {
            @if language.is_some() {
                bdi lang=[language] { (name) }
            } @else { (name) }
        }
    }

    /// The name of a district, as a link.
    fn district_link(&self, district: u32) -> Markup {
        let own = self.board.setting.district(district);
        html! {
            a href=(self.href(&Kind::District(district))) {
                (self.name(self.words.name(&own.name_en, &own.name_fa)))
            }
        }
    }

    /// The name of a province.
    fn province_name(&self, province: u32) -> &str {
        self.telling().province_name(province)
    }

    /// The name of a contest.
    fn contest_name(&self, contest: usize) -> String {
        self.telling().contest_name(contest)
    }

    /// Where one is: the country, a province, a county.
    fn crumbs(&self, province: Option<u32>, county: Option<u32>) -> Markup {
        let words = self.words;
        html! {
            nav class="crumbs" aria-label=(words.say("Where this is", "جای این نما")) {
                ol {
                    li {
                        a href=(self.href(&Kind::Nation)) { (words.say("Country", "کشور")) }
                    }
                    @if let Some(at) = province {
                        li {
                            a href=(self.href(&Kind::Province(at))) { (self.province_name(at)) }
                        }
                    }
                    @if let Some(at) = county {
                        li {
                            a href=(self.href(&Kind::County(at))) {
                                ({
                                    self.name(
                                        &self.board.setting.places.counties[at as usize].name_fa,
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

fn is_at(view: Option<&View>, kind: &Kind) -> bool {
    view.is_some_and(|view| std::mem::discriminant(&view.kind) == std::mem::discriminant(kind))
}
