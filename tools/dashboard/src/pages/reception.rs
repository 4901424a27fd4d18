//! Reception: how fast batches come, how long they wait, what is refused, the last full count.

use maud::{Markup, html};
use shomar_engine::chain::findings;

use super::{Content, Sheet};
use shomar_board::source::Quantiles;
use shomar_board::words::rfc3339;

impl Sheet<'_> {
    pub(super) fn reception(&self) -> Content {
        let words = self.words;
        let title = words.say("Reception", "دریافت").to_owned();
        let main = html! {
            h1 { (title) }
            (self.rates())
            div class="two" {
                section aria-labelledby="delays" {
                    h2 id="delays" { (words.say("Delays", "تأخیرها")) }
                    (self.delays())
                }
                section aria-labelledby="refusals" {
                    h2 id="refusals" {
                        ({
                            words
                                .say(
                                    "Refused, by reason",
                                    "ردشده به تفکیک علت",
                                )
                        })
                    }
                    (self.parts.block("refusals", self.refusals()))
                }
            }
            section aria-labelledby="recount" {
                h2 id="recount" {
                    ({
                        words
                            .say(
                                "Everything counted again",
                                "شمارش دوبارهٔ همه چیز",
                            )
                    })
                }
                (self.parts.block("recount", self.full_count()))
            }
            section aria-labelledby="chains" {
                h2 id="chains" { (words.say("Chains of devices", "زنجیرهٔ دستگاه‌ها")) }
                (self.parts.block("chains", self.chains()))
            }
        };
        Content { title, main }
    }

    fn rates(&self) -> Markup {
        let (words, board) = (self.words, self.board);
        let own = &board.reception;
        let figure = |key: &str, label: &str, value: String, note: &str| {
            html! {
                div class="figure" {
                    dt { (label) }
                    dd class="value" { (self.parts.text(key, value)) }
                    dd class="note" { (note) }
                }
            }
        };
        html! {
            dl class="figures" {
                ({
                    figure(
                        "rate",
                        words.say("Records a second", "رکورد در ثانیه"),
                        words.number(board.records_per_1000_seconds / 1_000),
                        words
                            .say(
                                "durable, over the last ten seconds",
                                "نوشته‌شده بر دیسک، در ده ثانیهٔ گذشته",
                            ),
                    )
                })
                ({
                    figure(
                        "durable",
                        words.say("Journal", "دفتر رویداد"),
                        words.number(own.durable),
                        words
                            .say(
                                "records on disk, synced",
                                "رکورد بر دیسک، همگام‌شده",
                            ),
                    )
                })
                ({
                    figure(
                        "batches",
                        words.say("Batches", "بسته‌ها"),
                        words.number(board.snapshot.batches_received),
                        words
                            .say(
                                "received, whether they count or not",
                                "رسیده، چه به شمار آید چه نیاید",
                            ),
                    )
                })
                ({
                    figure(
                        "waiting",
                        words.say("Waiting", "در صف"),
                        words.number(own.waiting_records),
                        words
                            .say(
                                "records that wait for the disk",
                                "رکورد در انتظار دیسک",
                            ),
                    )
                })
            }
        }
    }

    fn delays(&self) -> Markup {
        let (words, own) = (self.words, &self.board.reception);
        let row = |key: &str, name: &str, quantiles: &Quantiles| {
            let Quantiles { half, p99, p999, most } = *quantiles;
            // Nothing came, which is no delay of nothing.
            let shown = |delay| match most {
                0 => "–".to_owned(),
                _ => words.milliseconds(delay),
            };
            html! {
                tr {
                    th scope="row" { (name) }
                    @for (at, delay) in [half, p99, p999, most].into_iter().enumerate() {
                        td class="n" {
                            (self.parts.text(&format!("{key}{at}"), shown(delay)))
                        }
                    }
                }
            }
        };
        html! {
            div class="scroll"
                tabindex="0"
                role="group"
                aria-label=(words.say("Delays", "تأخیرها"))
            {
                table {
                    caption {
                        ({
                            words
                                .say(
                                    "Since this process began",
                                    "از آغاز این اجرا",
                                )
                        })
                    }
                    thead {
                        tr {
                            th scope="col" { (words.say("from arrival to", "از رسیدن تا")) }
                            th scope="col" class="n" { (words.say("half", "نیمی")) }
                            th scope="col" class="n" {
                                (words.digits("99"))
                                (words.say(" of 100", " از ۱۰۰"))
                            }
                            th scope="col" class="n" {
                                (words.digits("999"))
                                (words.say(" of 1,000", " از ۱٬۰۰۰"))
                            }
                            th scope="col" class="n" { (words.say("longest", "بیشترین")) }
                        }
                    }
                    tbody {
                        ({
                            row(
                                "ack",
                                words
                                    .say(
                                        "acknowledgement (on disk)",
                                        "رسید (بر دیسک)",
                                    ),
                                &own.acknowledge,
                            )
                        })
                        ({
                            row(
                                "snap",
                                words
                                    .say("a published count", "شمارش منتشرشده"),
                                &own.snapshot_delay,
                            )
                        })
                    }
                }
            }
        }
    }

    fn refusals(&self) -> Markup {
        let (words, own) = (self.words, &self.board.reception);
        html! {
            table class="small" {
                tbody {
                    tr {
                        th scope="row" { (words.say("accepted", "پذیرفته")) }
                        td class="n" { (words.number(own.accepted)) }
                    }
                    tr {
                        th scope="row" { (words.say("the same again", "تکراری")) }
                        td class="n" { (words.number(own.duplicates)) }
                    }
                    @for (code, number) in &own.refusals {
                        tr {
                            th scope="row" {
                                (words.say("refused: ", "ردشده: "))
                                code { (code) }
                            }
                            td class="n" { (words.number(*number)) }
                        }
                    }
                    @if own.refusals.is_empty() {
                        tr {
                            th scope="row" { (words.say("refused", "ردشده")) }
                            td class="n" { (words.number(0_u64)) }
                        }
                    }
                }
            }
        }
    }

    fn full_count(&self) -> Markup {
        let (words, own) = (self.words, &self.board.reception);
        html! {
            @if let Some(failure) = &own.failure {
                p class="bad" {
                    (self.count_failed())
                    ": "
                    (failure)
                }
            }
            @if own.waits {
                p class="bad" { (self.count_waits()) }
            }
            @match &own.full_count {
                None => p {
                    ({
                        words
                            .say(
                                "Not yet in this run.",
                                "در این اجرا هنوز نه.",
                            )
                    })
                },
                Some(count) => {
                    p {
                        ({
                            words
                                .say(
                                    "Agreed with the live count at record ",
                                    "با شمارش زنده یکی بود، تا رکورد ",
                                )
                        })
                        (words.number(count.position))
                        (words.say(", ", "، "))
                        time datetime=[rfc3339(count.at_ms)] { (words.moment(count.at_ms)) }
                        (words.say(", in ", "، در "))
                        (words.milliseconds(count.took_ms.saturating_mul(1_000)))
                    }
                    p {
                        @if let Some(digest) = self.board.told_digest() {
                            (words.say("digest ", "چکیده "))
                            code { (digest) }
                        } @else {
                            ({
                                words
                                    .say(
                                        "Its digest is told once it is of the numbers here, and every vote is shown: before, it would let somebody try out the votes that small cells keep back.",
                                        "چکیده هنگامی گفته می‌شود که از همین عددها باشد و همهٔ رأی‌ها نشان داده شده باشد؛ پیش از آن می‌توان رأی‌های پنهان را با آن آزمود.",
                                    )
                            })
                        }
                    }
                }
            }
        }
    }

    fn chains(&self) -> Markup {
        let (words, own) = (self.words, &self.board.reception);
        let gaps = self.board.completeness.gaps();
        let stations = &self.board.setting.subject.election.stations;
        html! {
            @if own.findings.is_empty() && gaps.is_empty() {
                p class="calm" {
                    ({
                        words
                            .say(
                                "Nothing is missing between, and nothing contradicts.",
                                "چیزی در میانه نمانده و چیزی ناسازگار نیست.",
                            )
                    })
                }
            }
            @if !own.findings.is_empty() {
                ul {
                    @for (finding, number) in &own.findings {
                        li { (self.finding_name(finding)) ": " (words.number(*number)) }
                    }
                }
            }
            @if !gaps.is_empty() {
                p { (words.say("Missing now:", "اکنون نرسیده:")) }
                ul {
                    @for gap in gaps.iter().take(50) {
                        li {
                            @if let Some(station) = stations.get(gap.station as usize) {
                                (self.name(&station.name_fa))
                                " "
                                span class="code" { (station.id) }
                            }
                            ": "
                            (words.say("device ", "دستگاه "))
                            (words.number(gap.device))
                            (words.say(", batches ", "، بستهٔ "))
                            (words.number(gap.from))
                            "–"
                            (words.number(gap.to))
                        }
                    }
                }
                @if gaps.len() > 50 {
                    p { "+" (words.number(gaps.len() - 50)) }
                }
            }
        }
    }

    fn finding_name(&self, finding: &str) -> String {
        let text = match finding {
            findings::GAP => ("a later batch came first", "بستهٔ بعدی زودتر رسید"),
            findings::REORDER => {
                ("an earlier batch came after a later one", "بستهٔ پیشین پس از بستهٔ بعدی رسید")
            }
            findings::FORK => {
                ("refused: does not follow its chain", "ردشده: دنبالهٔ زنجیرهٔ خود نیست")
            }
            findings::EQUIVOCATION => {
                ("refused: another record of the same number", "ردشده: رکورد دیگری با همان شماره")
            }
            other => return other.to_owned(),
        };
        self.words.say(text.0, text.1).to_owned()
    }
}
