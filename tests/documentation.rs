//! Every command of the documents works as it is printed.
//!
//! Blocks of `sh` run one after the other, document by document, in one folder with a real server, real curl and the files that
//! `documentation/table.rs` declares. A block of `text` below one is what it must print; `...` stands for anything.

mod blocks;
mod links;
#[path = "../src/hit/place/mmdb.rs"]
mod mmdb;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use headcount::config::Config;
use tempfile::TempDir;

use crate::operators::{headcount, unset};
use blocks::{Block, blocks, documents, inline, words};
use mmdb::Value::{Map, Text};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// How long a command that stays may take until it is ready.
const READY_MAX: Duration = Duration::from_secs(120);

/// A folder in which the commands of one document run.
struct Desk {
    folder: TempDir,
    address: String,
    server: Option<Child>,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        // Free when it is asked for; nobody else asks for this one by name.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let desk = Desk { folder, address, server: None };
        desk.lay_out();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), content).unwrap();
    }

    /// The files and programs that documents suppose.
    fn lay_out(&self) {
        let line = |day: u8, path: &str| {
            format!(
                "192.0.2.{day} - - [{day:02}/Nov/2026:10:00:00 +0000] \"GET {path} HTTP/1.1\" 200 9 \"-\" \"{FIREFOX}\"\n"
            )
        };
        for (name, day) in [("access.log", 20), ("nginx/access.log", 24), ("nginx/access.log.1", 23), ("old/one", 21)] {
            self.put(name, line(day, "/a") + &line(day, "/b"));
        }
        self.put("apache2/other_vhosts_access.log", format!("example.com:443 {}", line(22, "/a")));
        assert!(Command::new("gzip").arg(self.at("old/one")).status().unwrap().success());
        self.put("hits.ndjson", "{\"n\":\"pageview\",\"u\":\"https://example.com/a\",\"d\":\"example.com\"}\n");
        self.put("lines.tsv", format!("{FIREFOX}\thttps://www.google.com/\n"));
        let germany = Map(vec![("country", Map(vec![("iso_code", Text("DE"))]))]);
        self.put("places.mmdb", mmdb::write(&[("192.0.2.0/24", germany)]));
        let program = env!("CARGO_BIN_EXE_headcount");
        // A year of made-up visits would take its time; what is listened on beside the server takes another port.
        self.script("headcount", &format!(
            "if [ \"$1\" = demo ]; then HEADCOUNT_LISTEN=127.0.0.1:0; export HEADCOUNT_LISTEN; set -- \"$@\" --days 2; fi\n\
             exec '{program}' --now {} \"$@\"\n", table::NOW));
        // What is refused with a header is refused as well.
        self.script(
            "curl",
            "PATH=$REAL_PATH\ncurl -sS --fail-with-body -D \"$HEADERS\" \"$@\" || exit\n\
             ! grep -i x-headcount-rejected \"$HEADERS\" >&2\n",
        );
    }

    fn script(&self, name: &str, text: &str) {
        let name = format!("bin/{name}");
        self.put(&name, format!("#!/bin/sh\n{text}"));
        fs::set_permissions(self.at(&name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A command in the folder, with what the ones before have set.
    fn shell(&self, command: &str) -> Command {
        let real = std::env::var("PATH").unwrap();
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(format!("set -aeu -o pipefail\n[ ! -e .state ] || . ./.state\n{command}"));
        shell.current_dir(self.folder.path()).env("PATH", format!("{}:{real}", self.at("bin").display()));
        shell.env("REAL_PATH", real).env("HEADERS", self.at("headers")).env("TMPDIR", self.folder.path());
        unset(&mut shell);
        shell.env("HEADCOUNT_LISTEN", &self.address);
        shell.env("AGENT", FIREFOX).env("URL", "https://www.google.com/").env("LC_ALL", "C.UTF-8");
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        shell
    }

    /// Runs a command to its end.
    fn run(&self, command: &str) -> Output {
        let mut child = self.shell(&format!("{command}\nexport -p > .state")).spawn().unwrap();
        // Who does not read it may be gone.
        let _ = child.stdin.take().unwrap().write_all(table::TYPED.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Starts a command that stays, and waits until it says that it is ready.
    fn start(&self, command: &str, ready: &str) -> Result<Child, String> {
        let mut child = self.shell(&format!("exec {}", command.trim_start())).stdout(Stdio::null()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            // Nobody listens any more once it is ready.
            log.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        let mut said = String::new();
        while let Ok(line) = told.recv_timeout(READY_MAX) {
            said = said + &line + "\n";
            if line.contains(ready) {
                return Ok(child);
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("it never said {ready:?}, but: {said}"))
    }

    /// Ends a server, and then its place is free for the next.
    fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            interrupt(server).unwrap();
        }
    }

    /// Runs a command as the table says. What it printed.
    fn carry_out(&mut self, printed: &str) -> Result<String, String> {
        let replaced = |text: String, (from, to, _): &(&str, &str, &str)| {
            // What ends a line has a blank behind it too.
            (text + " ").replace(from, &to.replace("{address}", &self.address)).trim_end().to_owned()
        };
        let command = table::REPLACED.iter().fold(printed.to_owned(), replaced);
        if let Some((start, ready)) = table::STAYING.iter().find(|(start, _)| command.starts_with(start)) {
            if *start != "headcount serve" {
                return self.start(&command, ready).and_then(interrupt).map(|()| String::new());
            }
            self.stop();
            self.server = Some(self.start(&command, ready)?);
            return Ok(String::new());
        }
        let output = self.run(&command);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let told = |code| format!("it ended with {code}: {said}");
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
            .ok_or_else(|| told(output.status))
    }

    /// Brings about what a block supposes.
    fn suppose(&mut self, block: &Block) -> Result<(), String> {
        if self.server.is_none() && table::SERVED.iter().any(|start| block.document.starts_with(start)) {
            self.carry_out("headcount serve")?;
        }
        if self.server.is_some() {
            self.carry_out("headcount site show example.com >out 2>&1 || headcount site add example.com")?;
        }
        for (_, command) in table::SUPPOSED.iter().filter(|(text, _)| block.text.contains(text)) {
            self.carry_out(command)?;
        }
        Ok(())
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Ends a program as Ctrl-C does.
fn interrupt(mut child: Child) -> Result<(), String> {
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let code = child.wait().unwrap();
    if told.success() && code.success() { Ok(()) } else { Err(format!("Ctrl-C ended it with {code}")) }
}

/// Whether a command is on the list of those that are not run.
fn is_aside(command: &str) -> bool {
    let is_built = command.starts_with("cargo run --release -- ");
    !is_built && table::ASIDE.iter().any(|(start, _)| command.trim_start().starts_with(start))
}

/// Looks at a command that is not run.
fn look_at(command: &str) -> Result<(), String> {
    let checked = Command::new("bash").args(["-n", "-c", command]).output().unwrap();
    if !checked.status.success() {
        return Err(String::from_utf8_lossy(&checked.stderr).into_owned());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let words = words(command);
    for pair in words.windows(2).filter(|pair| pair[0] == "--bench" || pair[0] == "--test") {
        if !manifest.contains(&format!("name = \"{}\"", pair[1])) {
            return Err(format!("Cargo.toml has no target {}", pair[1]));
        }
    }
    let is_ours = |word: &&String| {
        ["deploy/", "tests/", "benches/", "src/", "docs/", ".ci/"].iter().any(|it| word.starts_with(it))
    };
    match words.iter().filter(is_ours).find(|word| !root.join(word).exists()) {
        Some(word) => Err(format!("there is no {word}")),
        None => Ok(()),
    }
}

/// Whether a text is what was printed; `...` stands for anything.
fn is_like(expected: &str, found: &str) -> bool {
    let mut rest = found.trim();
    let mut parts = expected.trim().split("...");
    let Some(after) = parts.next().and_then(|first| rest.strip_prefix(first)) else { return false };
    rest = after;
    let mut last = "";
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        (rest, last) = (&rest[at + part.len()..], part);
    }
    rest.is_empty() || (last.is_empty() && expected.trim().ends_with("..."))
}

/// Runs the blocks of a document. What went wrong.
fn run_document(name: &str, text: &str) -> Vec<String> {
    let (mut desk, mut wrong, mut printed) = (Desk::new(), Vec::new(), String::new());
    for block in blocks(name, text) {
        let place = block.place();
        let found = match block.language.as_str() {
            "sh" => {
                if let Err(why) = desk.suppose(&block) {
                    wrong.push(format!("{place}: what tests/documentation/table.rs supposes can't be had: {why}"));
                }
                printed.clear();
                for (line, command) in block.commands() {
                    let done = if is_aside(&command) {
                        look_at(&command).map(|()| String::new())
                    } else {
                        desk.carry_out(&command)
                    };
                    match done {
                        Ok(text) => printed.push_str(&text),
                        Err(why) => wrong.push(format!(
                            "{name}:{line}: `{command}`: {why}\n  If it supposes anything, or can't run in a test, \
                             tests/documentation/table.rs is the place to say so."
                        )),
                    }
                }
                Ok(())
            }
            "text" if is_like(&block.text, &printed) => Ok(()),
            "text" => Err(format!("the commands above print something else: {printed}")),
            _ => look_into(&desk, &block),
        };
        wrong.extend(found.err().map(|why| format!("{place}: {why}")));
    }
    desk.stop();
    wrong
}

/// Looks at a block that is no commands.
fn look_into(desk: &Desk, block: &Block) -> Result<(), String> {
    match block.language.as_str() {
        "toml" => {
            let file = desk.at("example.toml");
            fs::write(&file, &block.text).unwrap();
            Config::load(Some(&file), std::iter::empty(), &[]).map(drop).map_err(|error| error.to_string())
        }
        "json" => serde_json::from_str::<serde_json::Value>(&block.text).map(drop).map_err(|error| error.to_string()),
        "html" => {
            let here = block.text.replace("127.0.0.1:8080", &desk.address);
            let sources = here.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
            for source in sources.filter(|source| source.contains(&desk.address)) {
                let mut answer =
                    ureq::get(source).header("user-agent", FIREFOX).call().map_err(|e| format!("{source}: {e}"))?;
                let length = answer.body_mut().read_to_vec().map_err(|e| e.to_string())?.len();
                if length == 0 || answer.headers().contains_key("x-headcount-rejected") {
                    return Err(format!("{source} is refused"));
                }
            }
            Ok(())
        }
        language if table::ELSEWHERE.iter().any(|(known, _)| *known == language) => Ok(()),
        language => Err(format!("nobody has said in tests/documentation how blocks of {language:?} are tested")),
    }
}

#[test]
fn every_command_of_the_documents_works_as_it_is_printed() {
    let documents = documents();
    for name in ["README.md", "CONTRIBUTING.md", "deploy/README.md", "benches/README.md", "docs/commands.md"] {
        assert!(documents.iter().any(|(found, _)| found == name), "{name} is missing");
    }
    let run = |(name, text): &(String, String)| {
        let (name, text) = (name.clone(), text.clone());
        std::thread::spawn(move || run_document(&name, &text))
    };
    let running: Vec<_> = documents.iter().map(run).collect();
    let wrong: Vec<String> = running.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert!(wrong.is_empty(), "{} commands do not work:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The help of a command and of all below it, and the words of those that have none below.
fn helps(path: &[&str], all: &mut String, named: &mut Vec<String>) {
    let output = headcount(&[path, &["--help"]].concat()).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let below =
        help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default().to_owned();
    all.push_str(&help);
    if below.is_empty() {
        named.push(path.join(" "));
    }
    for line in below.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = line.split_whitespace().next().unwrap_or_default();
        if name != "help" {
            helps(&[path, &[name]].concat(), all, named);
        }
    }
}

/// Flags in a text, without their values.
fn flags(text: &str) -> impl Iterator<Item = &str> {
    let is_flag =
        |word: &&str| word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(is_flag)
}

#[test]
fn flags_and_commands_within_sentences_exist() {
    let mut help = String::new();
    helps(&[], &mut help, &mut Vec::new());
    let known: BTreeSet<&str> = flags(&help).chain(table::OF_OTHERS.map(|(flag, _)| flag)).collect();
    assert!(known.len() > 30, "{known:?}");
    let mut wrong = Vec::new();
    for (name, text) in documents().iter().filter(|(name, _)| name != "CHANGELOG.md") {
        for (line, code) in inline(text) {
            let is_others = code.starts_with("cargo ") || code.starts_with("chown ") || code.contains("cargo test");
            for flag in flags(&code).filter(|flag| !is_others && !known.contains(flag)) {
                wrong.push(format!("{name}:{line}: no command has the flag {flag}"));
            }
            if ["tests/", "deploy/", "benches/", "src/", "docs/", "dashboards/", ".ci/"]
                .iter()
                .any(|start| code.starts_with(start))
                && !code.contains('*')
            {
                wrong.extend(look_at(&code).err().map(|why| format!("{name}:{line}: `{code}`: {why}")));
            }
            let Some(rest) = code.strip_prefix("headcount ").filter(|rest| !rest.contains(['|', '(', '$', ';'])) else {
                continue;
            };
            // Whatever precedes the wish for help must be right.
            let words: Vec<String> = words(rest).into_iter().filter(|word| word != "...").collect();
            let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
            words.push("--help");
            let output = headcount(&words).output().unwrap();
            if !output.status.success() {
                wrong.push(format!("{name}:{line}: `{code}`: {}", String::from_utf8_lossy(&output.stderr)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_printed_is_compared_but_for_dots() {
    for (expected, found, is) in [
        ("a ... c", "a b c\n", true),
        ("a...", "a b c", true),
        ("a ... c", "a b d", false),
        ("a", "a b", false),
        ("a ... b", "a x b y", false),
        ("", "", true),
    ] {
        assert_eq!(is_like(expected, found), is, "{expected:?} {found:?}");
    }
    assert!(look_at("install -m 755 deploy/nothing /usr/bin").unwrap_err().contains("there is no deploy/nothing"));
    assert!(look_at("echo 'x").is_err() && look_at("cargo bench --bench nothing").is_err());
    assert!(is_aside("docker ps") && !is_aside("headcount site list") && !is_aside("cargo run --release -- demo"));
}
