//! The desk as a browser uses it: what one person cannot do, what two can, and what a crash leaves.
//!
//! In: the real server with operators, a client with a cookie. Out: totals, records, logs. Never: a
//! look into the server's memory.

mod batches;
mod forms;
pub(crate) mod kit;
mod seen;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::Value;
use shomar_format::bytes::hex;
use shomar_format::record::record_hash;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto, version};

use crate::corrections::{recounted, seal_recount};
use crate::keyed::records;
use crate::kit::{copy_files, digest, json, run, text};
use crate::serve::kit::Server;
use crate::serve::tls::{Authority, authority, issued};
use kit::{DeskNight, PASSWORD, Person, encoded, hidden, operator};

/// Annuls what station S2 reports, of everything.
const ANNUL: &[(&str, &str)] =
    &[("decision", "annul"), ("station", "S2"), ("reason", "b-fraud"), ("why", "a box was open")];

/// The numbers of a table with this caption: name, before, after.
fn numbers(page: &str, district: &str) -> Vec<(String, u64, u64)> {
    let table =
        page.split("<table class=\"small effect\">").skip(1).find(|own| own.contains(district));
    let table = table.unwrap_or_else(|| panic!("no table of {district} in {page}"));
    let body = table.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
    let plain = |cell: &str| -> String {
        let mut is_tag = false;
        let text = cell.chars().filter(|own| match own {
            '<' => {
                is_tag = true;
                false
            }
            '>' => {
                is_tag = false;
                false
            }
            _ => !is_tag,
        });
        text.collect::<String>().trim().to_owned()
    };
    let rows = body.split("<tr>").skip(1).map(|row| {
        let cells: Vec<String> =
            row.split("</td>").flat_map(|own| own.split("</th>")).map(plain).collect();
        let number = |at: usize| cells[at].replace(',', "").parse().unwrap();
        (cells[0].clone(), number(1), number(2))
    });
    rows.collect()
}

#[test]
fn two_people_change_a_total_and_one_alone_changes_nothing() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let before = server.caught_up();
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let preview = maryam.look_at(ANNUL);
    assert!(preview.body.contains("action\tannul") && preview.body.contains("station\tS2"));
    let promised = numbers(&preview.body, "Tehran");
    let proposal = maryam.propose(ANNUL);
    // A proposal changes nothing, and neither does its proposer, nor another account of the same
    // officer, nor whoever does not have the password.
    let approve = format!("{proposal}/approve");
    let page = maryam.get(&proposal).body;
    assert!(page.contains("waits for a second person") && !page.contains(&approve), "{page}");
    let mina = Person::enter(&server, "mina");
    assert!(!mina.get(&proposal).body.contains(&approve));
    for (person, password, status) in
        [(&maryam, PASSWORD, 409), (&mina, PASSWORD, 409), (&reza, "another password", 403)]
    {
        let answer = person.post(&approve, &[("password", password)]);
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(server.caught_up(), before);
    }
    // A second person.
    let answer = reza.approve(&proposal);
    assert_eq!((answer.status, answer.header("location")), (303, Some(&*proposal)));
    let after = server.caught_up();
    let taken = |frontier: &Value| frontier["ballots"]["taken"].as_u64().unwrap();
    assert!(taken(&after) < taken(&before), "{before} {after}");
    let page = reza.get(&proposal).body;
    assert!(page.contains("carried out") && page.contains("id=\"position\""), "{page}");
    // Twice is once.
    assert_eq!(reza.approve(&proposal).status, 409);
    // What was promised has come; anybody can count it and read who decided.
    let log = json("log", &night.data(), &[]);
    assert_eq!(log.as_array().unwrap().len(), 1);
    let entry = &log[0];
    assert_eq!((&entry["officer"], &entry["action"]), (&"deputy".into(), &"annul".into()));
    let hash = proposal.rsplit('/').next().unwrap();
    let why = format!("a box was open [proposed by officer chair, proposal {hash}]");
    assert_eq!(entry["why"], why);
    let effects = entry["effect"].as_array().unwrap();
    let effect = effects.iter().find(|own| own["district"] == "T").unwrap();
    let (from, to) = (&effect["ballots"]["from"], &effect["ballots"]["to"]);
    let kinds = [("ballots taken", "taken"), ("valid", "valid"), ("void", "void")];
    for ((name, before, after), (shown, kind)) in promised.iter().zip(kinds) {
        assert_eq!(
            (name.as_str(), from[kind].as_u64(), to[kind].as_u64()),
            (shown, Some(*before), Some(*after))
        );
    }
    let options = effect["options"].as_array().unwrap();
    assert_eq!(promised.len(), 3 + options.len());
    for ((name, before, after), option) in promised[3..].iter().zip(options) {
        assert!(name.ends_with(&option["code"].to_string()), "{name}");
        assert_eq!(option["votes"]["from"].as_u64(), Some(*before));
        assert_eq!(option["votes"]["to"].as_u64(), Some(*after));
    }
    assert_eq!(numbers(&page, "Tehran"), promised);
    // The officer's next record follows the first one; and what was taken out comes back.
    let back = [("decision", "reinstate"), ("station", "S2"), ("why", "it was another box")];
    let proposal = maryam.propose(&back);
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(server.caught_up()["digest"], before["digest"]);
    assert_eq!(server.stop().0, 0);
    assert_eq!(digest(&night.data(), &[]), before["digest"].as_str().unwrap());
}

#[test]
fn a_refused_and_a_withdrawn_proposal_are_done_with() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let before = server.caught_up();
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let first = maryam.propose(ANNUL);
    assert_eq!(maryam.post(&format!("{first}/refuse"), &[("why", "mine")]).status, 409);
    assert_eq!(reza.post(&format!("{first}/withdraw"), &[]).status, 409);
    assert_eq!(reza.post(&format!("{first}/refuse"), &[("why", "")]).status, 409);
    assert_eq!(reza.post(&format!("{first}/refuse"), &[("why", "no proof")]).status, 303);
    assert!(maryam.get(&first).body.contains("<q>no proof</q>"));
    let second = maryam.propose(&[ANNUL, &[("note", "2")]].concat());
    assert_eq!(maryam.post(&format!("{second}/withdraw"), &[]).status, 303);
    for proposal in [first, second] {
        let late = reza.approve(&proposal);
        assert_eq!(late.status, 409);
        assert!(late.body.contains("a proposal that is settled"), "{}", late.body);
    }
    assert_eq!(server.caught_up(), before);
}

#[test]
fn a_form_without_its_token_or_of_another_origin_does_nothing() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let before = server.caught_up();
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let cookie = maryam.set_cookie.clone();
    assert!(cookie.starts_with("shomar="), "{cookie}");
    assert!(cookie.ends_with("; path=/; httponly; samesite=strict"), "{cookie}");
    let proposal = maryam.propose(ANNUL);
    let approve = format!("{proposal}/approve");
    let own = format!("http://{}", server.address);
    let token = reza.token();
    let password = ("password", PASSWORD);
    for (origin, fields) in [
        (own.as_str(), vec![password]),
        (&own, vec![password, ("form_token", "")]),
        (&own, vec![password, ("form_token", &maryam.token())]),
        (&own, vec![password, ("form_token", &token[1..])]),
        ("http://evil.example", vec![password, ("form_token", &token)]),
        ("null", vec![password, ("form_token", &token)]),
        ("", vec![password, ("form_token", &token)]),
    ] {
        let answer = reza.post_as(&approve, &fields, origin);
        assert_eq!(answer.status, 403, "{origin} {fields:?}");
        assert!(answer.body.contains("Nothing was done"), "{}", answer.body);
        assert_eq!(server.caught_up(), before);
    }
    // A login as well is a form of this server.
    let login = [("name", "maryam"), password];
    let nobody = Person::nobody(&server);
    assert_eq!(nobody.post_as("/en/desk/login", &login, "http://evil.example").status, 403);
    // A GET changes nothing.
    assert_eq!(reza.get(&approve).status, 404);
    // Nobody keeps a page of the desk; a viewer gets no cookie.
    let page = reza.get(&proposal);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    for path in ["/en/", "/en/desk/", "/en/district/T"] {
        assert_eq!(nobody.get(path).header("set-cookie"), None, "{path}");
    }
    // Whoever has logged out is nobody.
    assert_eq!(reza.post("/en/desk/logout", &[]).status, 303);
    let late = reza.post_as(&approve, &[password, ("form_token", &token)], &own);
    assert_eq!(late.status, 403);
    assert!(reza.get(&proposal).body.contains("name=\"password\""), "the login page");
    assert!(!reza.get(&proposal).body.contains("S2"), "nothing of the proposal");
    assert_eq!(server.caught_up(), before);
}

#[test]
fn over_tls_the_cookie_never_leaves_the_host_nor_goes_in_the_clear() {
    let night = DeskNight::new("test", "");
    let folder = night.keyed.path("");
    let (servers, _) = authority(&folder, "servers");
    let [certificates, key] = issued(&folder, "server", &servers);
    let config = night.keyed.path("serve.toml");
    let changed = std::fs::read_to_string(&config).unwrap()
        + &format!("\n[tls]\ncertificates = {certificates:?}\nkey = {key:?}\n");
    std::fs::write(&config, changed).unwrap();
    let server = night.start();
    let trust = Some(trusting(&servers));
    let maryam = Person { trust, ..Person::nobody(&server) }.entered("maryam");
    let kept = &maryam.set_cookie;
    assert!(kept.starts_with("__host-shomar="), "{kept}");
    for flag in ["; path=/", "; httponly", "; samesite=strict", "; secure"] {
        assert!(kept.contains(flag), "{flag}: {kept}");
    }
    assert!(!kept.contains("domain"), "{kept}");
    assert!(maryam.get("/en/desk/").body.contains("maryam"));
    for path in ["/en/desk/", "/en/", "/v1/frontier"] {
        let year = maryam.get(path).header("strict-transport-security").map(str::to_owned);
        assert_eq!(year.as_deref(), Some("max-age=31536000"), "{path}");
    }
    // Under the name that a page in the clear could have set it is nothing.
    let plain = maryam.cookie.replace("__Host-", "");
    let planted = Person { cookie: plain, trust: maryam.trust.clone(), ..Person::nobody(&server) };
    assert!(planted.get("/en/desk/").body.contains("name=\"password\""), "the login page");
    // A form of the same host in the clear is of another origin.
    let origin = format!("http://{}", server.address);
    let token = maryam.token();
    let out = [("form_token", &*token)];
    assert_eq!(maryam.post_as("/en/desk/logout", &out, &origin).status, 403);
    assert_eq!(maryam.post("/en/desk/logout", &[]).status, 303);
    assert!(maryam.get("/en/desk/").body.contains("name=\"password\""), "the login page");
}

fn trusting(authority: &Authority) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(&[&version::TLS13]).unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

#[test]
fn a_login_that_fails_says_not_why_and_is_locked_for_a_while() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    let fail = |name: &str| {
        let fields = [("name", name), ("password", "not this one")];
        let nobody = Person::nobody(&server);
        nobody.post_as("/en/desk/login", &fields, &format!("http://{}", server.address))
    };
    let mut bodies = Vec::new();
    for name in ["maryam", "nobody"] {
        let answers: Vec<_> = (0..6).map(|_| fail(name)).collect();
        let statuses: Vec<u16> = answers.iter().map(|own| own.status).collect();
        assert_eq!(statuses, [403, 403, 403, 403, 403, 429], "{name}");
        assert_eq!(answers[5].header("retry-after"), Some("1"));
        let steady = answers[0].body.split("<main").nth(1).unwrap().to_owned();
        bodies.push(steady);
    }
    assert_eq!(bodies[0], bodies[1]);
    // Somebody else is not locked, and the lock ends.
    Person::enter(&server, "reza");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    Person::enter(&server, "maryam");
}

#[test]
fn an_official_election_tells_its_exact_numbers_to_operators_alone() {
    let night = DeskNight::new("official", "small_cell_ballots = 100\n");
    let server = night.start();
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let decide = |decision: &[(&str, &str)]| {
        let proposal = maryam.propose(decision);
        let done = reza.approve(&proposal);
        assert_eq!(done.status, 303, "{}", done.body);
    };
    decide(&[("decision", "open"), ("why", "the hour has come")]);
    night.send_all(&server);
    server.caught_up();
    // Before the close there is nothing to see, for nobody.
    let nobody = Person::nobody(&server);
    for person in [&nobody, &maryam] {
        let answer = person.get("/v1/tally");
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains("no numbers before its close"));
        assert!(!person.get("/en/desk/district/T").body.contains("table class=\"persons\""));
    }
    decide(&[("decision", "close"), ("why", "the hour has come")]);
    server.caught_up();
    let answer = nobody.get("/v1/tally");
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("for operators"), "{}", answer.body);
    let frontier = |person: &Person| -> Value {
        serde_json::from_str(&person.get("/v1/frontier").body).unwrap()
    };
    let open = frontier(&nobody);
    for exact in ["ballots", "digest", "full_recount"] {
        assert_eq!(open[exact], Value::Null, "{open}");
    }
    let whole = frontier(&reza);
    assert!(whole["ballots"]["taken"].as_u64().unwrap() > 0, "{whole}");
    let tally: Value = serde_json::from_str(&reza.get("/v1/tally").body).unwrap();
    assert_eq!(tally, json("tally", &night.data(), &[]));
    assert_eq!(whole["digest"], tally["frontier"]["digest"]);
    // What small cells hide is there for operators, and for nobody else.
    let taken = "<th scope=\"row\">taken</th><td class=\"n\">14</td>";
    let hidden_from_all = nobody.settled("/en/district/V1", "in the numbers here: 0").body;
    assert!(!hidden_from_all.contains(taken), "{hidden_from_all}");
    let shown = reza.get("/en/desk/district/V1").body;
    assert!(shown.contains(taken) && shown.contains("Not for publication"), "{shown}");
    assert!(!shown.contains("in the numbers here"), "nothing is left out: {shown}");
    assert!(nobody.get("/en/desk/district/V1").body.contains("name=\"password\""));
    // A cookie that somebody has made up is none.
    let guess = Person { cookie: format!("shomar={}", "0".repeat(64)), ..nobody };
    assert_eq!(guess.get("/v1/tally").status, 403);
}

#[test]
fn a_crash_between_approval_and_journal_loses_nothing_and_doubles_nothing() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let maryam = Person::enter(&server, "maryam");
    let proposal = maryam.propose(ANNUL);
    assert_eq!(server.stop().0, 0);
    // The disk as it was before the approval.
    let crashed = night.keyed.path("crashed");
    copy_files(&night.data(), &crashed);
    let server = night.start();
    let reza = Person::enter(&server, "reza");
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    let after = server.caught_up();
    assert_eq!(server.stop().0, 0);
    // The approval is on disk, and the process has ended before it was sent: the log's last line
    // is not there. Once without the record in the journal, once with it.
    let path = night.data().join("desk/desk.log");
    let log = std::fs::read_to_string(&path).unwrap();
    assert!(log.lines().last().unwrap().contains("\"what\":\"carried\""), "{log}");
    let cut: String = log.lines().take(3).flat_map(|line| [line, "\n"]).collect();
    std::fs::create_dir(crashed.join("desk")).unwrap();
    std::fs::write(crashed.join("desk/desk.log"), &cut).unwrap();
    std::fs::write(&path, &cut).unwrap();
    for data in [crashed, night.data()] {
        let server = night.start_on(&data);
        let reza = Person::enter(&server, "reza");
        reza.settled(&proposal, "carried out");
        let now = server.caught_up();
        assert_eq!(now["digest"], after["digest"]);
        assert_eq!(now["position"], after["position"]);
        assert_eq!(server.stop().0, 0);
        assert_eq!(json("log", &data, &[]).as_array().unwrap().len(), 1);
    }
    // A line that somebody has changed keeps the server from starting.
    std::fs::write(&path, log.replace("a box was open", "a box was shut")).unwrap();
    let said = Server::try_start(
        &night.keyed.path("election"),
        &night.data(),
        &["--config", text(&night.keyed.path("serve.toml"))],
    );
    let said = said.map(|_| ()).unwrap_err();
    assert!(said.contains("desk.log: line 2: found the proposal"), "{said}");
}

#[test]
fn where_the_desk_alone_decides_a_record_from_elsewhere_is_not_taken() {
    let night = DeskNight::new("test", "desk_only_decisions = true\n");
    let server = night.start();
    night.send_all(&server);
    let before = server.caught_up();
    let annul = ["annul", "--station", "S2", "--reason", "b-fraud"];
    let alone = night.keyed.control(None, &annul);
    let (status, answer) = server.send_one(&alone);
    assert_eq!((status, &answer["code"]), (422, &"desk-only".into()), "{answer}");
    assert_eq!(server.caught_up(), before);
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let proposal = maryam.propose(ANNUL);
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    assert_ne!(server.caught_up()["digest"], before["digest"]);
}

#[test]
fn a_lot_that_two_people_record_ends_a_tie_and_another_one_is_refused() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    server.caught_up();
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let lot = |winner, place| {
        [
            ("decision", "lot"),
            ("district", "V1"),
            ("kind", "person"),
            ("place", place),
            ("winner", winner),
            ("between", "۱۰۲ ۱۰۴"),
            ("drawn_at", "the governor's office"),
            ("present", "both"),
            ("why", "article 26"),
        ]
    };
    // Empty: the independents together, between whom and others no person is drawn.
    for (winner, told) in [
        ("999", "found '999' in a lot, expected a code of district V1"),
        ("103", "a lot between '102;104' won by '103', expected one of them"),
        ("", "found '' in a lot, expected a code of district V1"),
    ] {
        let page = maryam.look(&lot(winner, "1"));
        assert!(page.status == 422 && page.body.contains(told), "{}", page.body);
    }
    let zero = maryam.look(&lot("104", "0"));
    assert!(zero.status == 422 && zero.body.contains("a number from 1"), "{}", zero.body);
    // As it was written down: in Persian digits, with a winner of the two.
    let page = maryam.look_at(&lot("۱۰۴", "1")).body;
    assert!(page.contains("winner\t104") && page.contains("between\t102;104"), "{page}");
    let proposal = maryam.propose(&lot("۱۰۴", "1"));
    let tied = json("result", &night.data(), &["--district", "V1"]);
    assert_eq!(tied["districts"][0]["status"], "lot-required", "{tied}");
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    server.caught_up();
    let settled = json("result", &night.data(), &["--district", "V1"]);
    assert_ne!(settled["districts"][0]["status"], "lot-required", "{settled}");
    let form = maryam.get("/en/desk/decide/declare?district=V1").body;
    let elected = hidden(&form, "elected");
    assert!(elected.split(' ').any(|code| code == "104"), "{elected}");
    assert!(!elected.split(' ').any(|code| code == "102"), "{elected}");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_declaration_is_held_against_the_count() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    server.caught_up();
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    // The last seat of the village is a tie.
    let early = [("decision", "declare"), ("district", "V1"), ("elected", "101"), ("why", "so")];
    let early = maryam.look(&early);
    assert_eq!(early.status, 422);
    assert!(early.body.contains("A lot is needed in this district"), "{}", early.body);
    let pair = [ANNUL, &[("district", "V1")]].concat();
    assert!(maryam.look_at(&pair).body.contains("would be elected: "), "the tie is gone");
    let proposal = maryam.propose(&pair);
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    server.caught_up();
    let form = maryam.get("/en/desk/decide/declare?district=V1").body;
    let computed = hidden(&form, "elected");
    assert_eq!(computed.split(' ').count(), 3, "{computed}");
    let declare = |elected: &str| {
        let fields =
            [("decision", "declare"), ("district", "V1"), ("elected", elected), ("why", "so")];
        maryam.look(&fields)
    };
    let same = declare(&computed);
    assert!(same.body.contains("The codes are those that the count elects"), "{}", same.body);
    let other = declare("104");
    assert!(other.body.contains("The codes are not those that the count elects"));
    assert_eq!(declare("999").status, 422);
    let unknown = declare("104 x");
    assert!(unknown.body.contains("No code of this district: x"), "{}", unknown.body);
    assert!(unknown.body.contains("aria-invalid=\"true\""));
    // Whatever is missing is said by field.
    let empty = maryam.look(&[("decision", "annul")]);
    assert_eq!(empty.status, 422);
    for field in ["station", "reason", "why"] {
        assert!(empty.body.contains(&format!("id=\"{field}-error\"")), "{field}");
    }
    // What cannot be applied is said before anybody signs it.
    let wrong = [("decision", "reinstate"), ("station", "S1"), ("why", "so")];
    let english = maryam.look(&wrong);
    assert_eq!(english.status, 422);
    assert!(english.body.contains("an annulment of the same words before it"), "{}", english.body);
    let persian = maryam.get(&format!("/fa/desk/preview?{}", encoded(&wrong)));
    assert_eq!(persian.status, 422);
    assert!(persian.body.contains("با همین نام ابطال نشده است"), "{}", persian.body);
    assert!(!persian.body.contains("expected"), "{}", persian.body);
}

#[test]
fn viewers_are_limited_where_that_is_asked_for() {
    let more = "page_requests_per_second_max = 1\nstreams_per_address_max = 1\n";
    let night = DeskNight::new("test", more);
    let server = night.start();
    let nobody = Person::nobody(&server);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(stream, "GET /en/ HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert_eq!(lines.next().unwrap(), "HTTP/1.1 200 OK");
    let second = nobody.get_with("/en/", "accept: text/event-stream\r\n");
    assert_eq!((second.status, second.header("retry-after")), (429, Some("1")));
    let statuses: Vec<u16> = (0..12).map(|_| nobody.get("/en/").status).collect();
    assert_eq!(statuses[0], 200);
    assert!(statuses[8..].contains(&429), "{statuses:?}");
    // Batches are no pages.
    night.send_all(&server);
    assert_eq!(server.caught_up()["position"], server.caught_up()["durable"]);
}

#[test]
fn without_operators_nobody_logs_in() {
    let night = DeskNight::new("test", "");
    let election = night.keyed.path("election");
    let server = Server::start(&election, &night.data(), &[]);
    let nobody = Person::nobody(&server);
    let page = nobody.get("/en/desk/");
    assert!(page.body.contains("without a file of operators"), "{}", page.body);
    let fields = [("name", "maryam"), ("password", PASSWORD)];
    let own = format!("http://{}", server.address);
    assert_eq!(nobody.post_as("/en/desk/login", &fields, &own).status, 403);
    assert_eq!(nobody.get("/fa/desk").status, 200);
}

#[test]
fn accounts_are_made_checked_and_removed_and_no_secret_is_printed() {
    let night = DeskNight::new("test", "");
    let file = night.keyed.path("operators.toml");
    let election = night.keyed.path("election");
    let list = || run(["operator", "list", "--file", text(&file)]).1;
    assert_eq!(list(), "maryam\tchair\nmina\tchair\nreza\tdeputy\n");
    let check = |name: &str, password: &str| {
        let arguments =
            ["check", "--file", text(&file), "--name", name, "--election", text(&election)];
        operator(&arguments, password)
    };
    assert_eq!(check("reza", PASSWORD).0, 0);
    for (name, password) in [("reza", "not this one"), ("nobody", PASSWORD)] {
        let (code, said) = check(name, password);
        assert_eq!(code, 1);
        assert!(said.contains("found another name or password"), "{said}");
    }
    let add = |name: &str, officer: &str, key: &str, password: &str| {
        let key = night.keyed.path(key);
        let arguments = [
            "add",
            "--file",
            text(&file),
            "--name",
            name,
            "--officer",
            officer,
            "--key",
            text(&key),
            "--election",
            text(&election),
        ];
        operator(&arguments, password)
    };
    for (name, officer, key, password, says) in [
        ("sara", "deputy", "deputy.key", "short", "a password of 5 characters"),
        ("sara", "chair", "deputy.key", PASSWORD, "found the secret key of"),
        (
            "sara",
            "boss",
            "deputy.key",
            PASSWORD,
            "found no officer 'boss', expected: chair, deputy",
        ),
        ("reza", "deputy", "deputy.key", PASSWORD, "which is there already"),
        ("a b", "deputy", "deputy.key", PASSWORD, "found the name 'a b'"),
    ] {
        let (code, said) = add(name, officer, key, password);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(says), "{said}");
        assert!(!said.contains(PASSWORD) && !said.contains(&"c9".repeat(32)), "{said}");
    }
    assert_eq!(add("sara", "deputy", "deputy.key", PASSWORD).0, 0);
    assert!(list().ends_with("sara\tdeputy\n"));
    let remove = ["operator", "remove", "--file", text(&file), "--name", "sara"];
    assert_eq!(run(remove).0, 0);
    assert_eq!(run(remove).0, 2);
    assert_eq!(list(), "maryam\tchair\nmina\tchair\nreza\tdeputy\n");
}
