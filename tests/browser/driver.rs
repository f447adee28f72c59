//! What somebody does in a browser, done in Chromium, Firefox or WebKit without a screen.

mod chromium;
mod firefox;
mod program;
mod webkit;

use std::cell::Cell;
use std::fmt::Debug;
use std::fs;
use std::future::Future;
use std::process::Command;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::{ParseError, Url};

pub use chromium::AGENT;
use program::{Program, wait_until};

/// What runs at the head of every page in browsers that have no flag for it.
const PAGE_JS: &str = include_str!("driver/page.js");

/// A4, in centimetres.
const PAPER: (f64, f64) = (21.0, 29.7);

/// Whose browser it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

impl Engine {
    /// Whether tests are to drive it. Chromium always is; the others take minutes more, which `tests/run` asks for by
    /// `HEADCOUNT_ENGINES=all`. What is left out is said.
    pub fn is_asked_for(self) -> bool {
        let is_asked = self == Engine::Chromium || std::env::var_os("HEADCOUNT_ENGINES").is_some();
        if !is_asked {
            println!("{self:?} is left out; HEADCOUNT_ENGINES=all drives it");
        }
        is_asked
    }
}

/// A browser with a profile and a driver of its own.
pub struct Browser {
    engine: Engine,
    client: Client,
    runtime: Runtime,
    driver: Driver,
    profile: TempDir,
}

impl Browser {
    /// Chromium, as people have it.
    pub fn start() -> Browser {
        Browser::of(Engine::Chromium)
    }

    /// A browser as people have it.
    pub fn of(engine: Engine) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let driver = match engine {
            Engine::Chromium => chromium::start(profile.path(), &[chromium::HIDDEN], &json!({})),
            Engine::Firefox => firefox::start(profile.path()),
            Engine::WebKit => webkit::start(profile.path()),
        };
        let browser = Browser::driven(engine, driver, profile);
        if engine == Engine::Firefox {
            let addon = firefox::addon(browser.profile.path());
            browser.ask("moz/addon/install", json!({"path": addon, "temporary": true}));
        }
        browser
    }

    /// A Chromium that says that it is automated.
    pub fn automated() -> Browser {
        let profile = tempfile::tempdir().unwrap();
        Browser::driven(Engine::Chromium, chromium::start(profile.path(), &[], &json!({})), profile)
    }

    /// A Chromium whose settings forbid scripts, for all pages.
    pub fn without_scripts() -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let settings = json!({"profile.managed_default_content_settings.javascript": 2});
        let driver = chromium::start(profile.path(), &[chromium::HIDDEN], &settings);
        Browser::driven(Engine::Chromium, driver, profile)
    }

    fn driven(engine: Engine, driver: Driver, profile: TempDir) -> Browser {
        let capabilities = driver.capabilities.as_object().unwrap().clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{}", driver.port)).await.unwrap()
        });
        Browser { engine, client, runtime, driver, profile }
    }

    /// What it calls itself.
    pub fn agent(&self) -> String {
        self.run("return navigator.userAgent").as_str().unwrap().to_owned()
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
        let opens = self
            .run(&format!("return document.querySelector({css:?})?.closest('a')?.getAttribute('target') == '_blank'"));
        self.done(async {
            self.client.find(Locator::Css(css)).await?.click().await?;
            for _ in 0..200 {
                if opens != true || self.client.windows().await?.len() > 1 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            Ok::<_, CmdError>(())
        });
        self.close_aside();
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

    /// What has come into the console since it was asked last, a line each that begins with its level: messages of pages,
    /// errors, and violations of a content policy.
    pub fn console(&self) -> Vec<String> {
        match self.engine {
            Engine::Chromium => {
                let log = self.ask("se/log", json!({"type": "browser"}));
                let line = |entry: &Value| format!("{}: {}", entry["level"].as_str().unwrap(), entry["message"]);
                log.as_array().unwrap().iter().map(line).collect()
            }
            Engine::Firefox => marked(&self.driver.program.said()),
            Engine::WebKit => {
                let log = fs::read_to_string(self.profile.path().join("log")).unwrap_or_default();
                let all = marked(&log.lines().map(str::to_owned).collect::<Vec<_>>());
                let before = self.driver.read.replace(all.len());
                all[before..].to_vec()
            }
        }
    }

    /// Forbids scripts in the pages that are opened from now on.
    pub fn forbid_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    }

    /// Has every request say that its visitor does not want to be counted.
    pub fn ask_for_privacy(&self) {
        if self.engine == Engine::Firefox {
            self.run_around("Services.prefs.setBoolPref('privacy.globalprivacycontrol.enabled', true)");
            return;
        }
        self.devtools("Network.enable", json!({}));
        self.devtools("Network.setExtraHTTPHeaders", json!({"headers": {"Sec-GPC": "1"}}));
    }

    pub fn forget_cookies(&self) {
        self.done(self.client.delete_all_cookies());
    }

    /// Presses a key, by its name or the letter that it writes.
    pub fn press(&self, key: &str) {
        if self.engine != Engine::Chromium {
            return self.strike(key);
        }
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

    /// Presses a key by the standard's command, which names some of them by letters of private use.
    fn strike(&self, key: &str) {
        let value = match key {
            "Escape" => '\u{e00c}',
            "Backspace" => '\u{e003}',
            "Home" => '\u{e011}',
            "ArrowRight" => '\u{e014}',
            _ => key.chars().next().unwrap(),
        };
        let keys = KeyActions::new("keys".to_owned()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.done(self.client.perform_actions(keys));
    }

    fn devtools(&self, command: &str, parameters: Value) {
        assert_eq!(self.engine, Engine::Chromium, "{command} is a command of Chromium");
        self.ask("goog/cdp/execute", json!({"cmd": command, "params": parameters}));
    }

    fn ask(&self, path: &'static str, body: Value) -> Value {
        self.done(self.client.issue_cmd(Asked { path, body }))
    }

    /// Runs a script of Firefox' own, which sees its window around the page.
    fn run_around(&self, script: &str) -> Value {
        self.ask("moz/context", json!({"context": "chrome"}));
        let found = self.run(script);
        self.ask("moz/context", json!({"context": "content"}));
        found
    }

    /// Makes the page so wide, in pixels of CSS. Windows of Firefox and Chromium do not become narrow themselves.
    pub fn widen(&self, width: u32) {
        match self.engine {
            Engine::Chromium => {
                let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
                self.devtools("Emulation.setDeviceMetricsOverride", metrics);
            }
            Engine::Firefox => {
                self.run_around(&format!("gBrowser.selectedBrowser.style.maxWidth = '{width}px'"));
            }
            Engine::WebKit => self.done(self.client.set_window_size(width, 900)),
        }
        assert!(wait_until(|| self.run("return innerWidth") == width), "the page is {width} pixels wide");
    }

    /// Opens a page where nobody looks: in another tab, or in a window behind. It stays open.
    pub fn open_aside(&self, url: &str) {
        match self.engine {
            Engine::Chromium => self.devtools("Target.createTarget", json!({"url": url, "background": true})),
            Engine::Firefox => {
                self.run_around(&format!(
                    "gBrowser.addTab({url:?}, {{triggeringPrincipal: Services.scriptSecurityManager.getSystemPrincipal()}})"
                ));
            }
            Engine::WebKit => {
                // The new window has the focus, and this one no more.
                self.done(self.client.new_window(false));
                self.open(url);
            }
        }
    }

    /// Closes what `open_aside` has opened.
    pub fn close_aside(&self) {
        self.done(async {
            let own = self.client.window().await?;
            for other in self.client.windows().await?.into_iter().filter(|window| *window != own) {
                self.client.switch_to_window(other).await?;
                self.client.close_window().await?;
            }
            self.client.switch_to_window(own).await
        });
    }

    /// Prints the page on A4, upright or across. Returns the document.
    pub fn print(&self, across: bool) -> Vec<u8> {
        if self.engine != Engine::WebKit {
            let (width, height) = PAPER;
            let body = json!({
                "orientation": if across { "landscape" } else { "portrait" },
                "page": {"width": width, "height": height}, "background": false,
            });
            let printed = self.ask("print", body);
            return data_encoding::BASE64.decode(printed.as_str().unwrap().as_bytes()).unwrap();
        }
        // Its driver has no such command; the window around the page prints.
        let number = self.driver.printed.get() + 1;
        self.driver.printed.set(number);
        let way = if across { "landscape" } else { "portrait" };
        self.run(&format!("webkit.messageHandlers.print.postMessage('{way}')"));
        let file = self.profile.path().join(format!("{number}.pdf"));
        assert!(wait_until(|| file.exists()), "WebKit has printed");
        fs::read(file).unwrap()
    }
}

/// What a page has written into the console, without what the browser says beside it.
fn marked(lines: &[String]) -> Vec<String> {
    let said = lines.iter().filter_map(|line| line.split_once("page ").map(|(_, said)| said.trim_end().to_owned()));
    said.filter(|said| ["INFO: ", "WARNING: ", "SEVERE: "].iter().any(|level| said.starts_with(level))).collect()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Waits until the browser has ended, so that it writes into its profile no more.
        let _ = self.runtime.block_on(self.client.clone().close());
        if self.engine == Engine::Chromium {
            chromium::end(self.driver.port);
        }
    }
}

/// A running driver, and what it is to be asked for. The fields end in this order.
struct Driver {
    program: Program,
    port: u16,
    capabilities: Value,
    /// Where its windows are shown, if it needs that.
    #[allow(dead_code, reason = "ends the screen after the driver")]
    screen: Option<Program>,
    /// Lines of WebKit's console that were read, and documents that it has printed.
    read: Cell<usize>,
    printed: Cell<u32>,
}

impl Driver {
    /// Starts a driver that finds a port itself and says so after these words.
    fn started(command: &mut Command, words: &str, capabilities: Value) -> Driver {
        // The port may be taken by another at the same moment; then the driver ends.
        let tried = (0..5).find_map(|_| {
            let mut program = Program::start(command);
            let port = program.says(words)?.trim_end_matches('.').parse().ok()?;
            Some((program, port))
        });
        let (program, port) = tried.unwrap_or_else(|| panic!("{:?} says where it listens", command.get_program()));
        Driver::of(program, port, capabilities)
    }

    fn of(program: Program, port: u16, capabilities: Value) -> Driver {
        Driver { program, port, capabilities, screen: None, read: Cell::default(), printed: Cell::default() }
    }
}

/// A command that fantoccini does not know.
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
