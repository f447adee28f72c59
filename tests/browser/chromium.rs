//! In: what somebody does in a browser. Out: the same, done in a headless Chromium. Forgets: its profile, at the end.

use std::fmt::Debug;
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::{ParseError, Url};

const MISSING: &str = "Chromium is missing; run tests/run, which installs it";
const CHROMIUM: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";

/// What the browser calls itself. Its own name holds `HeadlessChrome`, which is a bot.
pub const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.7813.92 Safari/537.36";

/// Quiet, in memory, and with the hosts of the tests on this machine.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
    "--host-resolver-rules=MAP *.example.test 127.0.0.1, MAP example.com 127.0.0.1",
];

/// Hides from pages that a program is at the wheel.
const HIDDEN: &str = "--disable-blink-features=AutomationControlled";

/// A browser with a profile and a driver of its own.
pub struct Browser {
    client: Client,
    runtime: Runtime,
    _driver: Driver,
    _profile: TempDir,
}

impl Browser {
    /// A browser as people have it.
    pub fn start() -> Browser {
        Browser::with(&[HIDDEN])
    }

    /// A browser that says that it is automated.
    pub fn automated() -> Browser {
        Browser::with(&[])
    }

    /// A browser whose settings forbid scripts, for all pages.
    pub fn without_scripts() -> Browser {
        Browser::made(&[HIDDEN], json!({"profile.managed_default_content_settings.javascript": 2}))
    }

    fn with(more: &[&str]) -> Browser {
        Browser::made(more, json!({}))
    }

    fn made(more: &[&str], settings: Value) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let driver = Driver::start(&profile);
        let mut flags: Vec<String> = FLAGS.iter().chain(more).map(|flag| (*flag).to_owned()).collect();
        flags.push(format!("--user-agent={AGENT}"));
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let wishes = json!({
            "goog:chromeOptions": {"binary": CHROMIUM, "args": flags, "prefs": settings},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let wishes = wishes.as_object().unwrap().clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wishes).connect(&format!("http://127.0.0.1:{}", driver.port)).await.unwrap()
        });
        Browser { client, runtime, _driver: driver, _profile: profile }
    }

    fn done<T, E: Debug>(&self, doing: impl Future<Output = Result<T, E>>) -> T {
        self.runtime.block_on(doing).unwrap()
    }

    /// Opens a page and waits until it has loaded.
    pub fn open(&self, url: &str) {
        self.done(self.client.goto(url));
    }

    pub fn reload(&self) {
        self.done(self.client.refresh());
    }

    /// Clicks what a CSS selector finds, and closes what that has opened beside the page.
    pub fn click(&self, css: &str) {
        self.done(async {
            self.client.find(Locator::Css(css)).await?.click().await?;
            let own = self.client.window().await?;
            for other in self.client.windows().await?.into_iter().filter(|window| *window != own) {
                self.client.switch_to_window(other).await?;
                self.client.close_window().await?;
            }
            self.client.switch_to_window(own).await
        });
    }

    /// Types a text into a field that a CSS selector finds, in place of what is there.
    pub fn fill(&self, css: &str, text: &str) {
        self.done(async {
            let field = self.client.find(Locator::Css(css)).await?;
            field.clear().await?;
            field.send_keys(text).await
        });
    }

    /// Clicks a button that sends a form, and waits until another page has taken the place of this one.
    pub fn send(&self, css: &str) {
        self.done(async {
            let page = self.client.find(Locator::Css("html")).await?;
            self.client.find(Locator::Css(css)).await?.click().await?;
            for _ in 0..200 {
                if page.tag_name().await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            Ok::<_, CmdError>(())
        });
    }

    /// The address of the page that is shown.
    pub fn address(&self) -> String {
        self.done(self.client.current_url()).to_string()
    }

    /// Runs a script in the page, and returns what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.done(self.client.execute(script, Vec::new()))
    }

    pub fn minimize(&self) {
        self.done(self.client.minimize_window());
    }

    /// Shows the window again.
    pub fn show(&self) {
        self.done(self.client.set_window_size(1280, 900));
    }

    /// The texts of all that a selector finds, as they are shown; nothing while one page gives way to another.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let found = self.runtime.block_on(async {
            let mut texts = Vec::new();
            for found in self.client.find_all(Locator::Css(css)).await? {
                texts.push(found.text().await?);
            }
            Ok::<_, CmdError>(texts)
        });
        found.unwrap_or_default()
    }

    pub fn title(&self) -> String {
        self.done(self.client.title())
    }

    /// The text that the page shows; nothing while another takes its place and has no body yet.
    pub fn text(&self) -> String {
        let text = async { self.client.find(Locator::Css("body")).await?.text().await };
        match self.runtime.block_on(text) {
            Err(wrong) if wrong.is_no_such_element() || wrong.is_stale_element_reference() => String::new(),
            text => text.unwrap(),
        }
    }

    /// What has come into the console since it was asked last, a line each: messages of pages, errors, and violations
    /// of a content policy.
    pub fn console(&self) -> Vec<String> {
        let log = self.done(self.client.issue_cmd(Asked { path: "se/log", body: json!({"type": "browser"}) }));
        let line = |entry: &Value| format!("{}: {}", entry["level"].as_str().unwrap(), entry["message"]);
        log.as_array().unwrap().iter().map(line).collect()
    }

    /// Forbids scripts in the pages that are opened from now on.
    pub fn forbid_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    }

    /// Has every request say that its visitor does not want to be counted.
    pub fn ask_for_privacy(&self) {
        self.devtools("Network.enable", json!({}));
        self.devtools("Network.setExtraHTTPHeaders", json!({"headers": {"Sec-GPC": "1"}}));
    }

    pub fn forget_cookies(&self) {
        self.done(self.client.delete_all_cookies());
    }

    /// Presses a key, by its name or the letter that it writes.
    pub fn press(&self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        let code = match key {
            "Escape" => 27,
            "Backspace" => 8,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            self.devtools("Input.dispatchKeyEvent", json!({
                "type": kind, "key": key, "text": if kind == "keyDown" { text } else { "" }, "windowsVirtualKeyCode": code,
            }));
        }
    }

    fn devtools(&self, command: &str, parameters: Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.done(self.client.issue_cmd(Asked { path: "goog/cdp/execute", body }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Waits until the browser has ended, so that it writes into its profile no more.
        let _ = self.runtime.block_on(self.client.clone().close());
    }
}

/// A running chromedriver, on a port that it found itself.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start(profile: &TempDir) -> Driver {
        assert!(std::path::Path::new(CHROMIUM).exists(), "{MISSING}");
        // The port that it finds may be taken by another at the same moment; then it ends.
        (0..5).find_map(|_| Driver::tried(profile)).expect("chromedriver says where it listens")
    }

    fn tried(profile: &TempDir) -> Option<Driver> {
        let mut command = Command::new(DRIVER);
        // What both leave behind goes with the profile.
        command.arg("--port=0").env("TMPDIR", profile.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Pages and beacons tell the zone and the language of a browser: not those of the machine.
        command.env("TZ", "Etc/UTC").env("LC_ALL", "C.UTF-8").env("LANGUAGE", "en_US");
        let mut process = command.spawn().expect(MISSING);
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = said.find_map(|line| {
            line.ok()?.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        if port.is_none() {
            let _ = process.kill();
            let _ = process.wait();
        }
        Some(Driver { process, port: port? })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A browser that could not be closed above ends with this.
        let _ = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
            stream.write_all(b"GET /shutdown HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.read_to_end(&mut Vec::new())
        });
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command that only Chromium's driver knows.
#[derive(Debug)]
struct Asked {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Asked {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
