//! The real program, started as an operator starts it: what it prints, how it ends, what it leaves.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// What time it is at the start of every program: on no day, hour or zone of the machine hangs what comes of a test.
pub const NOW: &str = "2026-06-01T09:00:00Z";

pub fn headcount(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
    command.args(["--now", NOW]).args(words);
    unset(&mut command);
    command
}

/// Takes away what this machine sets for headcount. A program that is killed would leave its journal in the machine's memory.
pub fn unset(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HEADCOUNT_")) {
        command.env_remove(name);
    }
    command.env("HEADCOUNT_JOURNAL", "off");
}

fn run(words: &[&str]) -> Output {
    headcount(words).output().unwrap()
}

pub fn printed(words: &[&str]) -> String {
    let output = run(words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Exit code and what was said on standard error.
pub fn refused(words: &[&str]) -> (i32, String) {
    let output = run(words);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap().trim().to_owned())
}

/// A server of the real program. Killed at the end if it still runs.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    pub fn start(data: &Path, more: &[&str]) -> Server {
        let mut command = headcount(&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
        command.args(more);
        Server::run(command)
    }

    /// Runs a command that listens, until it does.
    pub fn run(mut command: Command) -> Server {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on ") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the server ended before it listened");
        }
        let url = line.split("listening on ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        // Whoever listens no longer must not stop the server from logging.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Server { child, url }
    }

    pub fn pageview(&self, domain: &str, path: &str) {
        let body = json!({"n": "pageview", "u": format!("https://{domain}{path}"), "d": domain});
        let answer = ureq::post(format!("{}/api/event", self.url)).header("user-agent", AGENT).send(body.to_string());
        assert_eq!(answer.unwrap().status(), 202);
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Ends it as a service manager does, and gives its exit code and what it printed.
    pub fn stop(mut self) -> (i32, String) {
        self.signal("-TERM");
        let code = self.child.wait().unwrap().code().unwrap();
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        (code, text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_str().unwrap().to_owned();
    (folder, data)
}

fn report(data: &str, words: &[&str]) -> Value {
    let line = [&["report", "--site", "example.com", "--period", "today", "--json", "--data", data], words].concat();
    serde_json::from_str(&printed(&line)).unwrap()
}

#[test]
fn the_first_command_makes_everything_and_prints_the_line_to_paste() {
    let (_folder, data) = folder();
    let server = Server::start(Path::new(&data), &["--site", "example.com", "--site", "example.org"]);
    assert!(Path::new(&data).join("headcount.db").is_file());
    let url = server.url.clone();
    let (code, text) = server.stop();
    assert_eq!(code, 0);
    assert!(
        text.contains(&format!("<script defer data-domain=\"example.org\" src=\"{url}/js/script.js\"></script>")),
        "{text}"
    );
    assert!(!text.contains("sign-in"), "a sign-in link is for terminals only: {text}");
}

#[test]
fn files_that_may_not_grow_end_no_server() {
    let (_folder, data) = folder();
    let server = Server::start(Path::new(&data), &["--site", "example.com"]);
    let (pid, before) = (Pid::from_child(&server.child), getrlimit(Resource::Fsize));
    let limit = |limit| assert!(prlimit(Some(pid), Resource::Fsize, limit).is_ok());
    server.pageview("example.com", "/a");
    limit(Rlimit { current: Some(4_096), ..before });
    let (code, error) = refused(&["site", "add", "example.org", "--data", &data]);
    assert!(code == 1 && error.contains("the database failed"), "{code} {error}");
    limit(before);
    printed(&["site", "add", "example.org", "--data", &data]);
    assert_eq!(server.stop().0, 0);
    assert_eq!(report(&data, &[])["rows"][0]["pageviews"], 1);
}

#[test]
fn an_existing_site_is_left_as_it_is() {
    let (_folder, data) = folder();
    printed(&["site", "add", "example.com", "--timezone", "Europe/Berlin", "--data", &data]);
    let server = Server::start(Path::new(&data), &["--site", "example.com"]);
    assert_eq!(printed(&["--data", &data, "site", "list"]), "example.com  Europe/Berlin");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn commands_work_while_the_server_runs_and_count_at_once() {
    let (_folder, data) = folder();
    let server = Server::start(Path::new(&data), &[]);
    printed(&["site", "add", "example.com", "--data", &data]);
    server.pageview("example.com", "/a");
    assert_eq!(report(&data, &["--by", "page"])["rows"][0]["page"], "/a");
    let token = printed(&["token", "create", "--site", "example.com", "--scope", "read", "--data", &data]);
    assert_eq!(token.len(), 43, "only the token is printed: {token}");
    let body = json!({"site_id": "example.com", "metrics": ["visitors"], "date_range": "day"}).to_string();
    let mut answer = ureq::post(format!("{}/api/v2/query", server.url))
        .header("authorization", format!("Bearer {token}"))
        .send(body)
        .unwrap();
    assert!(answer.body_mut().read_to_string().unwrap().contains("\"metrics\":[1]"));
    let link = printed(&["user", "link", "--data", &data]);
    assert!(link.starts_with(&format!("{}/sign-in/", server.url)), "{link}");
    assert!(printed(&["token", "list", "--data", &data]).starts_with("1  read  example.com"));
    printed(&["token", "revoke", "1", "--data", &data]);
    let (code, sentence) = refused(&["site", "remove", "example.com", "--data", &data]);
    assert!(code == 2 && sentence.contains("say --yes"), "{sentence}");
    let would = printed(&["site", "remove", "example.com", "--dry-run", "--data", &data]);
    assert!(would.contains("This would go") && would.contains("The site goes too"), "{would}");
    assert!(printed(&["site", "list", "--data", &data]).contains("example.com"), "it asks first");
    let (code, sentence) = refused(&["site", "forget", "example.com", "--page", "b", "--yes", "--data", &data]);
    assert!(code == 1 && sentence.contains("nothing of this is counted"), "{sentence}");
    printed(&["site", "remove", "example.com", "--yes", "--data", &data]);
    assert!(printed(&["site", "list", "--data", &data]).contains("no site yet"));
    assert_eq!(server.stop().0, 0);
}

#[test]
fn what_was_acknowledged_is_stored_at_sigterm() {
    let (_folder, data) = folder();
    let server = Server::start(Path::new(&data), &["--site", "example.com"]);
    for path in ["/", "/a", "/b"] {
        server.pageview("example.com", path);
    }
    assert_eq!(server.stop().0, 0);
    assert!(!Path::new(&data).join("headcount.sock").exists());
    assert_eq!(report(&data, &[])["rows"][0]["pageviews"], 3);
    assert_eq!(std::fs::metadata(Path::new(&data).join("headcount.db-wal")).map_or(0, |meta| meta.len()), 0);
}

#[test]
fn a_killed_server_loses_no_flush_and_starts_again() {
    let (_folder, data) = folder();
    let server = Server::start(Path::new(&data), &["--site", "example.com"]);
    server.pageview("example.com", "/a");
    assert_eq!(server.stop().0, 0);
    let server = Server::start(Path::new(&data), &["--site", "example.com"]);
    server.pageview("example.com", "/b");
    server.signal("-KILL");
    drop(server);
    // What the killed one left behind, its socket included, is in nobody's way.
    let server = Server::start(Path::new(&data), &["--site", "example.com"]);
    server.pageview("example.com", "/c");
    let pages = report(&data, &["--by", "page"]);
    let pages: Vec<_> = pages["rows"].as_array().unwrap().iter().map(|row| row["page"].as_str().unwrap()).collect();
    assert!(pages.contains(&"/a") && pages.contains(&"/c"), "{pages:?}");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn one_program_owns_the_folder() {
    let (_folder, data) = folder();
    let server = Server::start(Path::new(&data), &[]);
    let (code, sentence) = refused(&["serve", "--listen", "127.0.0.1:0", "--data", &data]);
    assert_eq!(code, 1);
    assert!(sentence.contains("another headcount is using"), "{sentence}");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn mistakes_end_in_one_sentence_and_the_right_code() {
    let (folder, data) = folder();
    let config = folder.path().join("headcount.toml");
    std::fs::write(&config, "lisen = '127.0.0.1:1'\n").unwrap();
    let config = config.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 10] = [
        (&["site", "set", "example.com", "--personal-paths", "-1"], 2, "write a whole number in digits, like 50"),
        (&["site", "set", "example.com", "--values-max", "many"], 2, "write a whole number in digits, like 50"),
        (&["serve", "--config", config], 2, "unknown key \"lisen\"; did you mean \"listen\"?"),
        (&["serve", "--config", "missing.toml"], 2, "missing.toml can't be read"),
        (&["serve", "--listen", "nowhere"], 2, "\"nowhere\" is not an address; write it like 127.0.0.1:8080"),
        (&["serv"], 2, "'serve'"),
        (&["site", "add", "exam ple.com"], 1, "is not a domain; write it like example.com"),
        (&["site", "add", "example.com", "--timezone", "Mars"], 1, "\"Mars\" is not a time zone"),
        (&["site", "set", "example.com", "--opt-out", "true"], 1, "there is no site example.com"),
        (&["token", "create", "--scope", "reed"], 1, "\"reed\" is not a scope; write \"read\""),
    ];
    for (words, code, sentence) in cases {
        let words = [words, &["--data", &data]].concat();
        let (found, said) = refused(&words);
        assert!(found == code && said.contains(sentence), "{words:?}: {found} {said}");
    }
    let output = headcount(&["site", "list"]).env("HEADCOUNT_DATTA", &data).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("HEADCOUNT_DATTA: unknown key \"datta\"; did you mean \"data\"?"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_folder_with_a_long_name_is_no_trouble() {
    let (folder, _) = folder();
    let data = folder.path().join("a".repeat(100)).join("b".repeat(100));
    let server = Server::start(&data, &["--site", "example.com"]);
    server.pageview("example.com", "/");
    assert_eq!(report(data.to_str().unwrap(), &[])["rows"][0]["visitors"], 1);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_command_needs_no_places_and_heeds_no_links_of_services() {
    let (_folder, data) = folder();
    let (code, sentence) = refused(&["site", "list", "--data", &data]);
    assert!(code == 1 && sentence.contains("there is no headcount.db in"), "{code} {sentence}");
    printed(&["site", "add", "example.com", "--data", &data]);
    let mut command = headcount(&["site", "list", "--data", &data]);
    command.env("HEADCOUNT_GEO", "/nowhere.mmdb").env("HEADCOUNT_PORT", "tcp://10.0.0.1:80");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (code, sentence) = refused(&["site", "add", "metrics", "--data", &data]);
    assert!(code == 1 && sentence.contains("a path of the collector itself"), "{code} {sentence}");
}

#[test]
fn the_database_is_for_its_owner_alone_in_a_folder_that_was_there() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--site", "example.com"]);
    for name in ["headcount.db", "headcount.db-wal", "headcount.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_command_gives_a_starting_server_time_before_it_gives_up() {
    let (_folder, data) = folder();
    printed(&["site", "add", "example.com", "--data", &data]);
    let lock = std::fs::File::options().write(true).open(Path::new(&data).join("headcount.lock")).unwrap();
    lock.lock().unwrap();
    let started = std::time::Instant::now();
    let (code, sentence) = refused(&["site", "list", "--data", &data]);
    assert!(code == 1 && sentence.contains("another headcount is using"), "{code} {sentence}");
    assert!(started.elapsed() >= std::time::Duration::from_secs(3), "it gave up after {:?}", started.elapsed());
    drop(lock);
    assert_eq!(printed(&["site", "list", "--data", &data]), "example.com  Etc/UTC");
}

#[test]
fn a_demo_shows_two_sites_that_live_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = headcount(&["demo", "--listen", "127.0.0.1:0", "--days", "2"]);
    command.env("TMPDIR", temporary.path());
    let mut server = Server::run(command);
    let mut text = String::new();
    let mut printed_lines = BufReader::new(server.child.stdout.take().unwrap());
    while !text.contains("All of it goes away") {
        assert!(printed_lines.read_line(&mut text).unwrap() > 0, "{text}");
    }
    server.child.stdout = Some(printed_lines.into_inner());
    let link = text.lines().find(|line| line.contains("/sign-in/")).unwrap().trim();
    let agent: ureq::Agent = ureq::Agent::config_builder().max_redirects(0).build().into();
    let origin = &link[..link.find("/sign-in/").unwrap()];
    let signed_in = agent.post(link).header("origin", origin).send_empty().unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for line in text.lines().map(str::trim).filter(|line| line.ends_with(".example")) {
        let page = agent.get(line).header("cookie", &cookie).call().unwrap().body_mut().read_to_string().unwrap();
        for words in ["Hacker News", "Google", "Top pages", "Germany", "Chrome", "Bots"]
            .iter()
            .skip(usize::from(line.contains("kaffee")))
        {
            assert!(page.contains(words), "{line} does not show {words}");
        }
    }
    let folders = || std::fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(folders(), 1);
    assert_eq!(server.stop().0, 0);
    assert_eq!(folders(), 0, "the folder is gone");
    assert!(refused(&["demo", "--data", "x"]).1.contains("leave out --data"));
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    // Ten years would take a minute to make up.
    let mut command = headcount(&["demo", "--days", "3650", "--listen", &taken]);
    let output = command.env("TMPDIR", temporary.path()).output().unwrap();
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("can't be listened on") && output.status.code() == Some(1)
    );
    assert_eq!(folders(), 0);
}

/// The answer of `/health`: its status, and what it says.
fn health(server: &Server) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(format!("{}/health", server.url)).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let said: Value = serde_json::from_str(&text).unwrap();
    (answer.status().as_u16(), said["status"].as_str().unwrap().to_owned())
}

#[test]
fn a_clock_of_tests_is_loud_and_never_meets_real_figures() {
    let real = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
        command.args(words);
        unset(&mut command);
        command
    };
    let refused = |mut command: Command, why: &str| {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(why), "{said}");
    };
    let (_folder, data) = folder();
    let server = Server::run(real(&["serve", "--listen", "127.0.0.1:0", "--site", "example.com", "--data", &data]));
    assert_eq!(health(&server), (200, "ok".into()));
    drop(server);
    refused(headcount(&["site", "list", "--data", &data]), "--now is for tests");
    refused(headcount(&["serve", "--listen", "127.0.0.1:0", "--data", &data]), "--now is for tests");
    let (_folder, data) = folder();
    let server = Server::start(Path::new(&data), &["--site", "example.com"]);
    assert_eq!(health(&server), (503, "on a test's clock".into()));
    drop(server);
    refused(real(&["serve", "--listen", "127.0.0.1:0", "--data", &data]), "were made by a test under --now");
}

#[test]
fn the_file_alone_is_everything_after_a_stop() {
    let (folder, data) = folder();
    let server = Server::start(Path::new(&data), &[]);
    printed(&["site", "add", "example.com", "--data", &data]);
    let token = printed(&["token", "create", "--scope", "read", "--data", &data]);
    assert!(!token.is_empty());
    assert_eq!(server.stop().0, 0);
    let names = |folder: &Path| {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(Path::new(&data)), ["figures-of-tests", "headcount.db", "headcount.lock"]);
    let mode = |name: &str| std::fs::metadata(Path::new(&data).join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["headcount.db", "headcount.lock"].map(mode), [0o600, 0o600]);
    let copy = folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for file in ["figures-of-tests", "headcount.db"] {
        std::fs::copy(Path::new(&data).join(file), copy.join(file)).unwrap();
    }
    let copy = copy.to_str().unwrap();
    assert!(printed(&["site", "list", "--data", copy]).contains("example.com"));
    assert!(!printed(&["token", "list", "--data", copy]).contains("no token"));
}
