//! An election with two officers and three accounts, and people with cookies.
//!
//! In: a server. Out: answers as a browser would get them. Never: a redirect followed in silence.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shomar_format::bytes::hex;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::keyed::{Keyed, OFFICER, secret};
use crate::kit::text;
use crate::serve::kit::Server;

/// The password of every account.
pub(crate) const PASSWORD: &str = "four mice and a cat";

/// The seed of the second officer's key, each byte of it.
const DEPUTY: u8 = 201;

/// Runs `shomar operator` with a password on stdin: exit code, and all that it said.
pub(crate) fn operator(arguments: &[&str], password: &str) -> (i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shomar-under-test"))
        .arg("operator")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who refuses early does not read it.
    let _ = writeln!(child.stdin.take().unwrap(), "{password}");
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// The small election with a chair and a deputy, and a desk.
pub(crate) struct DeskNight {
    pub(crate) keyed: Keyed,
}

impl DeskNight {
    /// In this mode, with these lines besides in the server's configuration.
    pub(crate) fn new(mode: &str, more: &str) -> Self {
        Self::with(mode, more, "")
    }

    /// With a check that holds what is more than the voters authenticated.
    pub(crate) fn held() -> Self {
        let night = Self::with(
            "test",
            "",
            "\n[[check]]\nmethod = \"ballots-authenticated\"\nlimit = 0\naction = \"hold\"\n",
        );
        let stations = night.keyed.path("election/stations.csv");
        let changed = std::fs::read_to_string(&stations).unwrap().replace(",y,100,,", ",y,100,20,");
        std::fs::write(&stations, changed).unwrap();
        night
    }

    fn with(mode: &str, more: &str, rules: &str) -> Self {
        let keyed = Keyed::new(mode).expecting("S1,V1,,\nS2,V1,,\nS2,T,,\n");
        let toml = keyed.path("election/election.toml");
        let deputy = hex(&secret(DEPUTY).public());
        let changed = std::fs::read_to_string(&toml).unwrap()
            + &format!("\n[[officer]]\nid = \"deputy\"\nkey = \"{deputy}\"\n{rules}");
        std::fs::write(&toml, changed).unwrap();
        std::fs::write(keyed.path("deputy.key"), hex(&[DEPUTY; 32])).unwrap();
        assert_eq!(
            std::fs::read_to_string(keyed.path("officer.key")).unwrap(),
            hex(&[OFFICER; 32])
        );
        let (file, election) = (keyed.path("operators.toml"), keyed.path("election"));
        for (name, officer, key) in [
            ("maryam", "chair", "officer.key"),
            ("mina", "chair", "officer.key"),
            ("reza", "deputy", "deputy.key"),
        ] {
            let key = keyed.path(key);
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
            let (code, said) = operator(&arguments, PASSWORD);
            assert_eq!(code, 0, "{said}");
        }
        let config = format!("operators = {file:?}\n{more}");
        std::fs::write(keyed.path("serve.toml"), config).unwrap();
        Self { keyed }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.keyed.path("data")
    }

    pub(crate) fn start(&self) -> Server {
        self.start_on(&self.data())
    }

    pub(crate) fn start_on(&self, data: &Path) -> Server {
        let config = self.keyed.path("serve.toml");
        Server::start(&self.keyed.path("election"), data, &["--config", text(&config)])
    }

    /// Seals and sends all batches.
    pub(crate) fn send_all(&self, server: &Server) {
        let batches = self.keyed.batches("sealed");
        let records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
        let (status, answer) = server.send(&records);
        assert_eq!(status, 200, "{answer}");
        server.caught_up();
    }
}

/// An answer with its headers.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.lines();
        lines.find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Somebody with a browser.
pub(crate) struct Person {
    pub(crate) address: String,
    pub(crate) cookie: String,
    /// What the login said to keep, in small letters.
    pub(crate) set_cookie: String,
    /// Whom the browser trusts; `None` in the clear.
    pub(crate) trust: Option<Arc<ClientConfig>>,
}

/// The value of a field in a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("{name}: {page}"));
    let value = page[at..].split_once("value=\"").unwrap().1;
    value.split_once('"').unwrap().0.to_owned()
}

pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

impl Person {
    pub(crate) fn nobody(server: &Server) -> Self {
        let address = server.address.clone();
        Self { address, cookie: String::new(), set_cookie: String::new(), trust: None }
    }

    /// Logs in.
    pub(crate) fn enter(server: &Server, name: &str) -> Self {
        Self::nobody(server).entered(name)
    }

    /// Logs in, over TLS if there is somebody to trust.
    pub(crate) fn entered(self, name: &str) -> Self {
        let mut person = self;
        let fields = [("name", name), ("password", PASSWORD)];
        let answer = person.post_as("/en/desk/login", &fields, &person.origin());
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.header("location"), Some("/en/desk/"));
        let cookie = answer.header("set-cookie").unwrap();
        person.cookie = cookie.split(';').next().unwrap().to_owned();
        person.set_cookie = cookie.to_lowercase();
        person
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    pub(crate) fn get_with(&self, path: &str, more: &str) -> Answer {
        self.ask("GET", path, more, "")
    }

    /// A page as soon as it has something.
    pub(crate) fn settled(&self, path: &str, has: &str) -> Answer {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = self.get(path);
            if answer.body.contains(has) {
                return answer;
            }
            assert!(Instant::now() < end, "{path} never had {has}: {}", answer.body);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The token of this person's forms.
    pub(crate) fn token(&self) -> String {
        hidden(&self.get("/en/desk/").body, "form_token")
    }

    /// Sends a form of the desk.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token();
        let fields = [fields, &[("form_token", &token)]].concat();
        self.post_as(path, &fields, &self.origin())
    }

    fn origin(&self) -> String {
        let scheme = if self.trust.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Sends a form, as a page of this origin would.
    pub(crate) fn post_as(&self, path: &str, fields: &[(&str, &str)], origin: &str) -> Answer {
        let origin = match origin {
            "" => String::new(),
            origin => format!("origin: {origin}\r\n"),
        };
        let kind = "content-type: application/x-www-form-urlencoded\r\n";
        self.ask("POST", path, &(origin + kind), &encoded(fields))
    }

    /// What a form would do, whatever comes of it.
    pub(crate) fn look(&self, fields: &[(&str, &str)]) -> Answer {
        self.get(&format!("/en/desk/preview?{}", encoded(fields)))
    }

    /// What a form would do.
    pub(crate) fn look_at(&self, fields: &[(&str, &str)]) -> Answer {
        let answer = self.look(fields);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// Looks, signs and proposes; gives the path of the proposal.
    pub(crate) fn propose(&self, fields: &[(&str, &str)]) -> String {
        let page = self.look_at(fields).body;
        let seen = hidden(&page, "seen");
        let own = [("seen", &*seen), ("password", PASSWORD)];
        let answer = self.post("/en/desk/propose", &[fields, &own].concat());
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.header("location").unwrap().to_owned()
    }

    /// Looks at a proposal, signs and approves it; where there is nothing to approve, tries all the
    /// same.
    pub(crate) fn approve(&self, proposal: &str) -> Answer {
        let page = self.get(proposal).body;
        let is_offered = page.contains("name=\"seen\"");
        let seen = if is_offered { hidden(&page, "seen") } else { String::new() };
        self.post(&format!("{proposal}/approve"), &[("seen", &seen), ("password", PASSWORD)])
    }

    fn ask(&self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (host, length) = (&self.address, body.len());
        let cookie = match &*self.cookie {
            "" => String::new(),
            cookie => format!("cookie: {cookie}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n\
             connection: close\r\n{cookie}{more}\r\n{body}"
        );
        let answer = match &self.trust {
            None => exchange(stream, &request),
            Some(trust) => {
                let name = "127.0.0.1".try_into().unwrap();
                let secured = ClientConnection::new(Arc::clone(trust), name).unwrap();
                exchange(StreamOwned::new(secured, stream), &request)
            }
        };
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, headers: head.to_owned(), body: body.to_owned() }
    }
}

fn exchange(mut stream: impl Read + Write, request: &str) -> Vec<u8> {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}
