//! In: the source of the project. Out: a failed test where a rule of the house is broken. Forgets: nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of a source file, and of a function.
const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 60;

struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The text before the tests at the foot.
    fn code(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
    }

    /// The module of `src/lib.rs` that the file belongs to.
    fn module(&self) -> &str {
        let inner = self.path.strip_prefix("src/").unwrap_or_default();
        inner.split(['/', '.']).next().unwrap_or_default()
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let shown = path.strip_prefix(root).unwrap().display().to_string();
            found.push(Source { path: shown, text: fs::read_to_string(&path).unwrap() });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn all_sources() -> Vec<Source> {
    let found: Vec<Source> = ["src", "tests", "benches"]
        .into_iter()
        .filter(|folder| root().join(folder).is_dir())
        .flat_map(sources)
        .collect();
    assert!(found.len() > 50, "only {} sources were found", found.len());
    found
}

/// Whether a file is compiled for tests alone, as its parent declares.
fn is_for_tests(source: &Source) -> bool {
    let path = Path::new(&source.path);
    let Some(parent) = path.parent().map(|folder| root().join(folder.with_extension("rs"))) else { return false };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    fs::read_to_string(parent).is_ok_and(|text| text.contains(&format!("#[cfg(test)]\nmod {stem};")))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The modules in the order of `src/lib.rs`.
fn modules() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect()
}

/// The words that follow `crate::` in a text.
fn used(code: &str) -> BTreeSet<&str> {
    let after = code.split("crate::").skip(1);
    after.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()).collect()
}

#[test]
fn a_module_uses_only_modules_listed_above_it() {
    let modules = modules();
    let place = |name: &str| modules.iter().position(|module| module == name);
    for source in sources("src") {
        let Some(own) = place(source.module()) else { continue };
        for name in used(source.code()) {
            let Some(other) = place(name) else { continue };
            assert!(other <= own, "{} uses crate::{name}, which stands below it in src/lib.rs", source.path);
        }
        assert!(!source.code().contains("use crate::{"), "{}: one `use crate::` for each module", source.path);
    }
}

#[test]
fn libraries_are_named_only_where_they_belong() {
    let rules: [(&str, &[&str]); 9] = [
        ("rusqlite", &["src/store"]),
        ("hyper", &["src/server"]),
        ("axum", &["src/server"]),
        ("maxminddb", &["src/hit/place"]),
        ("woothee", &["src/hit/agent"]),
        ("blake3", &["src/hit/token", "src/secret"]),
        ("argon2", &["src/secret"]),
        ("clap", &["src/cli"]),
        ("askama", &["src/page"]),
    ];
    for source in sources("src") {
        for (library, homes) in rules {
            let named =
                source.text.contains(&format!("{library}::")) || source.text.contains(&format!("use {library}"));
            let is_home = homes.iter().any(|home| source.path.starts_with(home));
            assert!(!named || is_home, "{} names {library}, which belongs to {homes:?}", source.path);
        }
    }
}

#[test]
fn nobody_outside_the_store_knows_what_sums_are_kept_in() {
    for source in all_sources() {
        // Tests of the file itself look into it.
        if source.path.starts_with("src/store")
            || source.path.starts_with("tests/store/")
            || source.path == "tests/tidy.rs"
        {
            continue;
        }
        for word in ["rusqlite", "store::sqlite", "Sqlite"] {
            assert!(!source.text.contains(word), "{} names {word}", source.path);
        }
    }
}

#[test]
fn the_flow_reads_no_clock_and_logs_nothing() {
    let flow = [
        "limits",
        "site",
        "rejection",
        "cell",
        "beacon",
        "hit",
        "visit",
        "counts",
        "secret",
        "operator",
        "store",
        "report",
        "page",
    ];
    let never = [
        "SystemTime::now",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "tokio::",
        "tracing::",
        "std::env",
        "async fn",
        "std::net::Tcp",
        "println!",
    ];
    let in_flow = |source: &&Source| flow.contains(&source.module()) && !is_for_tests(source);
    for source in sources("src").iter().filter(in_flow) {
        for word in never {
            assert!(!source.code().contains(word), "{} is part of the flow and names {word}", source.path);
        }
        let touches_disk = source.code().contains("std::fs") || source.code().contains("File::");
        let may = source.module() == "store" || source.path.starts_with("src/hit/place");
        assert!(!touches_disk || may, "{} touches the disk", source.path);
    }
}

#[test]
fn no_test_asks_what_day_it_is() {
    // What a program is told by `--now`, and a world by its clock, is the same on every day.
    let never = ["SystemTime::now", "Timestamp::now", "Zoned::now", "TimeZone::system", "Clock::System"];
    let mut tests: Vec<(String, String)> =
        sources("tests").into_iter().map(|source| (source.path, source.text)).collect();
    for source in sources("src") {
        let foot = source.text[source.code().len()..].to_owned();
        tests.push((source.path, foot));
    }
    for (path, text) in tests.iter().filter(|(path, _)| path != "tests/tidy.rs") {
        assert!(never.iter().all(|word| !text.contains(word)), "{path} asks the machine's clock");
    }
    // The scripts of tests, and those of pages, which would have to agree with the server about the day.
    for path in [
        "tests/axe",
        "tests/clients",
        "tests/engines",
        "tests/layout",
        "tests/node/driven.js",
        "tests/node/engines.js",
        "tests/node/pages.js",
        "dashboards/headcount.js",
    ] {
        let text = fs::read_to_string(root().join(path)).unwrap();
        for word in ["new Date()", "Date.now()", "Date()"] {
            let found = text.lines().find(|line| line.contains(word));
            assert!(found.is_none(), "{path}: {found:?}");
        }
    }
}

#[test]
fn what_identifies_a_person_is_named_only_before_the_sums() {
    // The people of the demo are made up.
    let homes = ["beacon", "hit", "visit", "counts", "collector", "demo"];
    let words = ["ClientIp", "UserAgent", "VisitorToken", "Token", "Salt"];
    for source in sources("src") {
        if homes.contains(&source.module()) || source.path.starts_with("src/server/ingest") {
            continue;
        }
        let is_word = |c: char| !c.is_alphanumeric() && c != '_';
        let code: String = source.code().split('"').step_by(2).collect();
        for word in code.split(is_word) {
            assert!(!words.contains(&word), "{} names {word}", source.path);
        }
    }
}

#[test]
fn every_file_opens_by_saying_what_comes_in_what_goes_out_and_what_is_forgotten() {
    for source in all_sources() {
        assert!(source.text.starts_with("//! "), "{} does not open with //!", source.path);
        if source.path.starts_with("src/") && source.path != "src/lib.rs" {
            let head: String = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
            for word in ["In:", "Out:", "Forgets:"] {
                assert!(head.contains(word), "{} does not say {word} in its first lines", source.path);
            }
        }
    }
}

#[test]
fn files_and_functions_stay_small() {
    let mut lengths = Vec::new();
    for source in all_sources() {
        let lines = source.text.lines().count();
        // Lists of texts are data.
        let is_list = source.path.starts_with("src/page/words/");
        assert!(lines <= FILE_LINES_MAX || is_list, "{} has {lines} lines", source.path);
        for (name, length) in functions(source.code()) {
            assert!(length <= FUNCTION_LINES_MAX, "{}: {name} has {length} lines", source.path);
            if source.path.starts_with("src/") {
                lengths.push(length);
            }
        }
    }
    lengths.sort_unstable();
    let (p50, p90) = (lengths[lengths.len() / 2], lengths[lengths.len() * 9 / 10]);
    assert!(p50 <= 10 && p90 <= 35, "half of the functions have at most {p50} lines, nine of ten at most {p90}");
}

/// Names and lengths of functions, from the line of `fn` to the brace in the same column.
fn functions(code: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let Some(rest) =
            ["fn ", "pub fn ", "pub(super) fn ", "async fn ", "pub async fn ", "const fn ", "pub const fn "]
                .iter()
                .find_map(|start| bare.strip_prefix(start))
        else {
            continue;
        };
        let signature =
            lines[at..].iter().find(|line| line.ends_with('{') || line.ends_with(';') || line.ends_with('}'));
        if signature.is_none_or(|line| !line.ends_with('{')) {
            continue;
        }
        let end = format!("{}}}", " ".repeat(line.len() - bare.len()));
        if let Some(length) = lines[at..].iter().position(|line| **line == end) {
            found.push((rest.split(['(', '<']).next().unwrap_or_default().to_owned(), length + 1));
        }
    }
    found
}

#[test]
fn nothing_is_left_for_later() {
    let never = ["todo!", "unimplemented!", "TODO", "FIXME", "XXX", "dbg!", "#[ignore", "thread::sleep(std"];
    for source in all_sources().iter().filter(|source| source.path != "tests/tidy.rs") {
        for word in never {
            assert!(!source.text.contains(word), "{} holds {word}", source.path);
        }
        for (at, line) in source.text.lines().enumerate().filter(|(_, line)| line.contains("allow(")) {
            assert!(line.contains("reason"), "{}:{}: an allow without a reason", source.path, at + 1);
        }
    }
}

#[test]
fn input_never_panics_by_our_own_hand() {
    let never = [".unwrap()", "panic!(", "unreachable!("];
    for source in sources("src").iter().filter(|source| !is_for_tests(source)) {
        for word in never {
            let found =
                source.code().lines().position(|line| !line.trim_start().starts_with("//") && line.contains(word));
            assert!(found.is_none(), "{}:{}: {word}", source.path, found.unwrap_or_default() + 1);
        }
    }
}

#[test]
fn names_of_rooms_say_what_is_in_them() {
    let never = ["mod", "utils", "util", "helpers", "helper", "common", "types", "core", "misc", "manager"];
    for source in all_sources() {
        let name = Path::new(&source.path).file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!never.contains(&name.as_str()), "{} says nothing", source.path);
        let getter = ["fn ", "get_"].concat();
        assert!(!source.code().contains(&getter), "{}: names of functions have no get_", source.path);
    }
}

#[test]
fn every_text_of_the_pages_is_shown_somewhere() {
    let mut shown: String = sources("src").iter().map(|source| source.code().to_owned() + "\n").collect();
    for template in fs::read_dir(root().join("dashboards")).unwrap() {
        let path = template.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "html") {
            shown.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    // Texts are declared as `name: "..."` and shown as `words.name`.
    let named: BTreeSet<&str> =
        shown.split('.').skip(1).map(|rest| rest.split(|c| !is_word(c)).next().unwrap_or_default()).collect();
    for (name, _) in headcount::page::words::ENGLISH.all() {
        assert!(named.contains(name), "nothing shows the text {name}");
    }
}

#[test]
fn the_readme_lists_every_key_and_every_reason() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for key in headcount::config::KEYS {
        assert!(readme.contains(&format!("| `{}` |", key.name)), "README.md does not list the key {}", key.name);
    }
    for reason in headcount::rejection::Rejection::ALL {
        assert!(readme.contains(&format!("| `{}` |", reason.label())), "README.md does not list {}", reason.label());
    }
}

#[test]
fn the_files_of_the_license_and_the_readme_exist() {
    for name in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "tests/run", ".ci/run"] {
        assert!(root().join(name).is_file(), "{name} is missing");
    }
}
