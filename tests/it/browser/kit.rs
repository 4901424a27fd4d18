//! A real browser: Chromium behind its own driver, which fantoccini speaks to.
//!
//! In: paths of a server. Out: what a person would see, hear or read in the console. Never: a test
//! that passes without a browser in silence; where there is none, the notes of the run say so.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{note, workspace};

/// Longest wait for something that should happen soon; a machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with one window, and its driver.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Driver,
    root: String,
}

/// The driver's process; it takes the browser with it, and what both have left in their folder.
struct Driver {
    process: Child,
    _folder: TempDir,
}

impl Driver {
    /// A driver, and the port at which it listens.
    fn start() -> (Self, u16) {
        // It takes any port, and gives up if that of the other family of addresses is taken.
        let started = (0..5).find_map(|_| {
            let folder = tempfile::tempdir().unwrap();
            let mut process = Command::new("chromedriver")
                .arg("--port=0")
                .env("TMPDIR", folder.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
            let driver = Self { process, _folder: folder };
            let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
                let (_, port) = line.rsplit_once("on port ")?;
                // First it says which one it was asked for: 0, any.
                port.trim_end_matches('.').parse::<u16>().ok().filter(|port| *port > 0)
            })?;
            std::thread::spawn(move || lines.for_each(drop));
            Some((driver, port))
        });
        started.expect("the driver says where it listens")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a browser is asked for beside its page.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) has_script: bool,
    pub(crate) is_dark: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Self { width: 1280, height: 1000, has_script: true, is_dark: false }
    }
}

/// Runs a test in a browser that looks at the server at `address`; a note if there is no browser.
pub(crate) fn browse<F>(test: &str, address: &str, wish: Wish, run: impl FnOnce(Browser) -> F)
where
    F: Future<Output = Browser>,
{
    if !is_there("chromedriver") || !is_there("chromium") {
        note(&format!("SKIPPED {test}: no chromium and chromedriver"));
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let browser = run(Browser::start(address, wish).await).await;
        let Browser { client, driver, .. } = browser;
        client.close().await.unwrap();
        drop(driver);
    });
}

fn is_there(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

impl Browser {
    async fn start(address: &str, wish: Wish) -> Self {
        let (driver, port) = Driver::start();
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            format!("--window-size={},{}", wish.width, wish.height),
        ];
        if wish.is_dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        // 2: blocked, for every page.
        let prefs = match wish.has_script {
            true => json!({}),
            false => json!({ "profile.managed_default_content_settings.javascript": 2 }),
        };
        let mut options = json!({ "args": arguments, "prefs": prefs });
        // No window is as narrow as a phone: that is asked for otherwise.
        if wish.width < 500 {
            let (width, height) = (wish.width, wish.height);
            let metrics = json!({ "width": width, "height": height, "pixelRatio": 2.0 });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let capabilities = json!({
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": options,
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("written above") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser starts");
        Self { client, driver, root: format!("http://{address}") }
    }

    /// Opens a path.
    pub(crate) async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.root)).await.unwrap();
    }

    /// The path that is open.
    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", url.path())
    }

    /// What a script says.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// What a script says, as text.
    pub(crate) async fn ask_text(&self, script: &str) -> String {
        self.ask(script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a script says true.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        let end = Instant::now() + PATIENCE;
        // A page that is being loaded may not have yet what is asked of it.
        while !matches!(self.client.execute(script, Vec::new()).await, Ok(Value::Bool(true))) {
            assert!(Instant::now() < end, "never came: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Types into whatever has the focus.
    pub(crate) async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Whatever was said in the console was meant to be.
    pub(crate) async fn forget_console(&self) {
        self.client.issue_cmd(ReadConsole).await.unwrap();
    }

    /// Nothing was said in the console since the last time.
    pub(crate) async fn assert_quiet(&self, whereabouts: &str) {
        let said = self.client.issue_cmd(ReadConsole).await.unwrap();
        let said: Vec<&Value> = said
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .collect();
        assert!(said.is_empty(), "{whereabouts}: {said:?}");
    }

    /// axe-core finds nothing critical, serious or moderate in the page that is open.
    pub(crate) async fn assert_accessible(&self, whereabouts: &str) {
        let Some(axe) = axe() else {
            note("SKIPPED accessibility of pages: no axe-core");
            return;
        };
        // The page's own policy lets no script in; a driver may.
        self.client.execute(&axe, Vec::new()).await.unwrap();
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document).then((found) => done(found.violations
                .filter((own) => own.impact !== 'minor')
                .map((own) => own.id + ': ' + own.help + ' | ' +
                    own.nodes.slice(0, 3).map((node) => node.html + ' ' + node.failureSummary).join(' | '))))
            .catch((error) => done(['axe failed: ' + error]))";
        let found = self.client.execute_async(script, Vec::new()).await.unwrap();
        assert_eq!(found, json!([]), "{whereabouts}");
    }

    /// Keeps a picture of what is seen, for people.
    pub(crate) async fn picture(&self, name: &str) {
        let folder = workspace().join("target/pages");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        assert!(picture.len() > 5_000, "{name}: a picture of something");
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}

/// The checker of accessibility, where `cargo xtask check` has put it.
fn axe() -> Option<String> {
    let path = std::env::var_os("SHOMAR_AXE").map(PathBuf::from)?;
    std::fs::read_to_string(path).ok()
}

/// Asks Chromium's driver what the console has said.
#[derive(Debug)]
struct ReadConsole;

impl WebDriverCompatibleCommand for ReadConsole {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session_id.expect("a session is open");
        base_url.join(&format!("session/{session}/se/log"))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
