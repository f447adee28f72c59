//! The real program, ended and started again on the same folders, with a clock that goes on meanwhile.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::operators::unset;
use crate::scenario::End;
use crate::world::journal::JournalFolder;

/// Longer than any start or stop.
const LONGEST: Duration = Duration::from_secs(60);

/// A program that has several lives.
pub struct Lives {
    folder: TempDir,
    data: PathBuf,
    /// Where the journal is, in memory.
    pub journal: JournalFolder,
    options: &'static [&'static str],
    /// What time it was when, from where the clock goes on.
    clock: (Timestamp, Instant),
    child: Option<Child>,
    address: Arc<LifeAddress>,
    /// How much of the log is of earlier lives.
    log_read: usize,
    agent: ureq::Agent,
    token: String,
}

/// Where one program after the other listens. No other program has the address: who comes back while this one is down finds nobody.
pub struct LifeAddress {
    ip: Ipv4Addr,
    port: AtomicU16,
}

impl LifeAddress {
    fn new() -> LifeAddress {
        static LAST: AtomicU8 = AtomicU8::new(0);
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let ip = Ipv4Addr::new(127, high, low, 2 + LAST.fetch_add(1, Ordering::SeqCst) % 250);
        LifeAddress { ip, port: AtomicU16::default() }
    }

    /// That of the present life.
    pub fn now(&self) -> SocketAddrV4 {
        SocketAddrV4::new(self.ip, self.port.load(Ordering::SeqCst))
    }
}

impl Lives {
    /// Starts a program at a moment that counts example.com.
    pub fn begin(now: &str, options: &'static [&'static str]) -> Lives {
        let folder = tempfile::tempdir().unwrap();
        let mut lives = Lives {
            data: folder.path().join("data"),
            folder,
            journal: JournalFolder::make(),
            options,
            clock: (now.parse().unwrap(), Instant::now()),
            child: None,
            address: Arc::new(LifeAddress::new()),
            log_read: 0,
            agent: ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into(),
            token: String::new(),
        };
        lives.start();
        lives.make_token();
        lives
    }

    /// Makes the token that questions are asked with, in a new database.
    pub fn make_token(&mut self) {
        self.token = self.command(&["token", "create", "--scope", "admin"]);
    }

    /// Where the data is.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// Gives the data folder another name, while no program runs.
    pub fn move_data(&mut self) {
        let to = self.folder.path().join("moved");
        fs::rename(self.data(), &to).unwrap();
        self.data = to;
    }

    /// Has later lives started with other options.
    pub fn set_options(&mut self, options: &'static [&'static str]) {
        self.options = options;
    }

    /// The address of the present life, also of those that come.
    pub fn address(&self) -> Arc<LifeAddress> {
        self.address.clone()
    }

    /// What time it is; the clock goes on in whole milliseconds.
    fn now(&self) -> String {
        let (at, since) = self.clock;
        (at + SignedDuration::from_millis(since.elapsed().as_millis() as i64)).to_string()
    }

    /// The number of the present life's process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a life").id()
    }

    /// Looks until what is seen will do.
    pub fn until<T: std::fmt::Debug>(&self, look: impl Fn() -> T, will_do: impl Fn(&T) -> bool) -> T {
        let begun = Instant::now();
        loop {
            let seen = look();
            if will_do(&seen) {
                return seen;
            }
            assert!(begun.elapsed() < LONGEST, "it is never seen, but {seen:?}");
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Sets the clock, while no program runs.
    pub fn go_to(&mut self, now: &str) {
        assert!(self.child.is_none(), "a running program has its own clock");
        self.clock = (now.parse().unwrap(), Instant::now());
    }

    fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
        command.args(["--now", &self.now()]).args(words).arg("--data").arg(self.data());
        unset(&mut command);
        command.env_remove("HEADCOUNT_JOURNAL").env("RUNTIME_DIRECTORY", self.journal.path());
        command
    }

    /// Runs a command, and gives what it printed last.
    pub fn command(&self, words: &[&str]) -> String {
        let output = self.program(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().split_whitespace().last().unwrap_or_default().to_owned()
    }

    /// Runs a command: its exit code, and all that it said.
    pub fn said(&self, words: &[&str]) -> (i32, String) {
        let output = self.program(words).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// What all lives have logged.
    pub fn whole_log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the present life has logged.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(self.log_file()).unwrap_or_default();
        log[self.log_read..].to_owned()
    }

    /// Starts the next life, and waits until it listens.
    pub fn start(&mut self) {
        self.log_read += self.log().len();
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut command =
            self.program(&["serve", "--listen", &format!("{}:0", self.address.ip), "--site", "example.com"]);
        command.args(self.options).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let begun = Instant::now();
        let listening = format!("listening on http://{}:", self.address.ip);
        let port = loop {
            let log = self.log();
            if let Some(rest) = log.split(&listening).nth(1).filter(|rest| rest.contains('\n')) {
                break rest.split_whitespace().next().unwrap().parse().unwrap();
            }
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < LONGEST, "it does not listen: {ended:?} {log}");
            thread::park_timeout(Duration::from_millis(2));
        };
        self.address.port.store(port, Ordering::SeqCst);
    }

    /// Ends the present life.
    pub fn end(&mut self, how: End) {
        let mut child = self.child.take().expect("a life");
        match how {
            End::Kill => child.kill().unwrap(),
            End::Stop => {
                let pid = rustix::process::Pid::from_child(&child);
                rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
            }
        }
        let ended = child.wait().unwrap();
        assert!(how == End::Kill || ended.success(), "{ended:?}: {}", self.log());
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address.now())
    }

    /// Sends a hit of its own, and tells whether it is counted.
    pub fn post(&self, path: &str, body: &str) -> bool {
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let answer = self.agent.post(self.url(path)).header("user-agent", agent).send(body).unwrap();
        answer.status() == 202 && !answer.headers().contains_key("x-headcount-rejected")
    }

    /// What `/health` says.
    pub fn health(&self) -> Value {
        let text = self.agent.get(self.url("/health")).call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The rows of a query about a day: the metrics by the values of the dimensions.
    pub fn rows(&self, day: &str, metrics: &[&str], dimensions: &[&str], filters: Value) -> BTreeMap<String, Vec<i64>> {
        let body = json!({
            "site_id": "example.com", "date_range": [day, day], "metrics": metrics, "dimensions": dimensions,
            "filters": filters, "pagination": {"limit": 10_000},
        });
        let asked = self.agent.post(self.url("/api/v2/query"));
        let asked = asked.header("authorization", format!("Bearer {}", self.token));
        let text = asked.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{body}: {text}"));
        let row = |row: &Value| {
            let value = row["dimensions"].as_array().unwrap().first().map_or("", |value| value.as_str().unwrap());
            (value.to_owned(), row["metrics"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).collect())
        };
        rows.iter().map(row).collect()
    }

    /// The big numbers of the live page: visitors of the last five minutes and of the last thirty, and pageviews of those.
    pub fn live(&self) -> Vec<usize> {
        let link = self.command(&["user", "link"]);
        let path = &link[link.find("/sign-in/").unwrap()..];
        let press = self.agent.post(self.url(path)).header("origin", self.url(""));
        let answer = press.send_empty().unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let asked = self.agent.get(self.url("/example.com/live")).header("cookie", cookie);
        let page = asked.call().unwrap().body_mut().read_to_string().unwrap();
        let numbers = page.split("<dd class=\"big\">").skip(1).map(|rest| rest.split('<').next().unwrap());
        numbers.take(3).map(|number| number.replace(|c: char| !c.is_ascii_digit(), "").parse().unwrap()).collect()
    }
}

impl Drop for Lives {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
