//! The rules of the source, each of them a test: what may use what, how long things may be, and what they are called.

mod names;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of a source file, and of a function.
const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 40;

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
        // Tests of the file itself look into it, and simulated disks lie below it.
        let homes = ["src/store", "tests/store/", "tests/tidy.rs", "tests/simulation/vfs.rs"];
        if homes.iter().any(|home| source.path.starts_with(home)) {
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
        "memory",
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
        "view",
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
fn few_places_are_unsafe() {
    let is_unsafe = |source: &Source| source.text.contains("unsafe_code,") || source.text.contains("unsafe {");
    let found: Vec<String> = sources("src").into_iter().filter(is_unsafe).map(|source| source.path).collect();
    assert_eq!(found, ["src/journal/window.rs", "src/memory/allocator.rs"]);
}

#[test]
fn what_identifies_a_person_is_named_only_before_the_sums() {
    // The people of the demo are made up.
    let homes = ["beacon", "hit", "visit", "counts", "journal", "collector", "import", "demo"];
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
fn every_file_opens_by_saying_what_it_is_for() {
    for source in all_sources() {
        assert!(source.text.starts_with("//! "), "{} does not open with //!", source.path);
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
        for (name, length) in functions(&source.text) {
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
        let Some((before, rest)) = bare.split_once("fn ") else { continue };
        let is_declared = before.split_whitespace().all(|word| {
            word.starts_with("pub")
                || ["in", "super)", "async", "const", "crate)"].contains(&word)
                || word.ends_with("::super)")
        });
        if !is_declared {
            continue;
        }
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
fn answers_of_the_500s_are_made_in_one_place_which_takes_the_reason() {
    let never = ["INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "BAD_GATEWAY", "from_u16(5", "with_status(5"];
    for source in sources("src").iter().filter(|source| source.path != "src/server/failure.rs") {
        for word in never {
            assert!(!source.code().contains(word), "{} names {word}; see src/server/failure.rs", source.path);
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
fn the_files_of_the_license_and_the_readme_exist() {
    for name in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "tests/run", ".ci/run"] {
        assert!(root().join(name).is_file(), "{name} is missing");
    }
}

/// Constants with a number that bound nothing.
const NO_BOUNDS: [(&str, &str); 19] = [
    (
        "src/beacon",
        "Codes, units and sizes of formats: FIRST_BOT FIRST_MILLISECOND KEYS PIECE_BYTES SINCE_LAST_HIT_MS ANYBODYS",
    ),
    (
        "src/cell/",
        "Codes and counts of the table: COUNT TUPLES_PER_VISIT VALUES_MAX DIMENSION_CODES_END NAMES_PER_DAY_MAX",
    ),
    ("src/cell/names/uses.rs", "Places of budgets: PROP_VALUES EVENT_KEYS EVENT_PROPS ATTRIBUTES PLACES"),
    (
        "src/cell/packed",
        "The format of cells: WRITTEN_OUT VISITS_MAX PAGEVIEWS WITH_EVENTS LEVEL WRITTEN_NUMBERS ENGAGED_NUMBERS NO_COLUMN SECOND_FORM CHECKED_FORM \
                  FIRST_COLUMNS SUM_MAX PLAIN AT_ONCE GAPS RUNS FIRSTS STEPS STEP_BITS CODES SECONDS ENGAGED ENGAGED_WRITTEN_OUT \
                  ENGAGED_SECONDS ENGAGED_MS SCROLL TALLY_BITS REVENUE FIRST_VISITORS ALL ENGAGED_NONE ENGAGED_ODD ENGAGED_USUAL ENGAGED_CLASSES",
    ),
    ("src/cli/import/input.rs", "The format of compressed files: SIGN_BYTES"),
    ("src/control/import.rs", "Codes of messages: END OPEN WAITING"),
    ("src/report/estimated.rs", "The number of no name: NONE"),
    ("src/counts/", "Bits of a key, and codes: NAME_BITS REST NOBODY NO_VALUE UNRANKED"),
    (
        "src/demo",
        "The world of the demo: STEP VISITS_AN_HOUR_MIN ROBOT OPTED_OUT ADDRESSES ADDRESSES_MASK PAGEVIEWS_MAX COMES_AGAIN \
                  PINGS LOST HEAD_START_MS",
    ),
    (
        "src/hit/",
        "Bits, and what formats and programs are: DIGIT SIGN FOREIGN JOINED AT COLON GAP CAPITAL UUID_BYTES U16 U32 U64 \
                  SHORT_CODES HEADS START_BITS SAFARI_FOR_WINDOWS",
    ),
    (
        "src/journal/",
        "The format of the journal, and codes of file systems: VERSION HEADER_BYTES NUMBER_BYTES CHECK_BYTES HEAD_BYTES NEW OUTSIDE \
                  FIRST PAGEVIEW QUIET_EVENT EVENT ENGAGEMENT IS_APART HAS_TOKEN HAS_NETWORK HAS_MARK HAS_PROPS IS_WATCHED HIT \
                  REJECTED MAIL BATCH IMPORTED SALT DISPLACED CLOSED FORGOTTEN FLUSHED MAY_REPEAT OPENED TMPFS RAMFS NAME_BYTES",
    ),
    ("src/memory", "The length of a key, and how many fill a page: KEY_BYTES PAGE_KEYS"),
    ("src/page", "Measures of drawings, and digests: HASH PLOT_PX NOTE_PX SHADES"),
    ("src/store/spill", "What the format of spilled sums fixes: HEAD_BYTES CHECK_BYTES NAME_BYTES"),
    ("src/store/", "Codes and a version: FINAL PROP REVENUE FUNNEL TURNED UNSWEPT UNWRITTEN BELIEVED GOING VERSION"),
    ("src/store/sqlite/", "The format of SQLite's log: HEADER_BYTES FRAME_HEADER_BYTES MAGIC PLACE PAGES_PLACE"),
    ("src/secret.rs", "The size of a secret: BYTES"),
    ("src/server/", "A bound of limits as a duration, states, kinds of keys: WAIT IDLE BUSY GIVING_WAY LEVELS"),
    ("src/", "Units: MINUTE MINUTE_MS QUARTER_MS DAY_MS"),
];

/// A constant that a line declares, and whether it is a number.
fn constant_in(line: &str) -> Option<(&str, bool)> {
    let types = ["usize", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "f32", "f64", "Duration"];
    let (name, rest) = line.split_once("const ").and_then(|(_, rest)| rest.split_once(": "))?;
    let is_name = name.chars().all(|c| c.is_ascii_uppercase() || "_0123456789".contains(c));
    let is_number = types.iter().any(|name| rest.split(" = ").next().is_some_and(|it| it.ends_with(name)));
    is_name.then_some((name, is_number))
}

/// What a line of code bounds by a number of its own, if anything.
fn bound_in(path: &str, line: &str) -> Option<String> {
    let line = line.trim();
    if line.starts_with("//") {
        return None;
    }
    if let Some((name, is_number)) = constant_in(line) {
        let is_known =
            |(home, names): &(&str, &str)| path.starts_with(home) && names.split(' ').any(|known| known == name);
        return (is_number && !NO_BOUNDS.iter().any(is_known)).then(|| name.to_owned());
    }
    let calls = [
        ".take(",
        ".truncate(",
        "with_capacity(",
        "from_secs(",
        "from_millis(",
        "from_micros(",
        "from_mins(",
        "from_hours(",
    ];
    let number = |rest: &str| -> Option<u64> {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(rest.len());
        rest[..end].replace('_', "").parse().ok()
    };
    let is_whole = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_').starts_with(')');
    let called = calls.into_iter().find(|call| {
        line.split(call).skip(1).any(|rest| is_whole(rest) && number(rest).is_some_and(|number| number > 1))
    });
    let lengths = ["len() > ", "len() >= ", "len() < ", "len() <= ", "count() > ", "count() >= ", "len().min("];
    let compared = lengths
        .into_iter()
        .find(|sign| line.split(sign).skip(1).any(|rest| number(rest).is_some_and(|number| number >= 20)));
    called.or(compared).map(str::to_owned)
}

#[test]
fn a_bound_that_is_not_in_limits_does_not_exist() {
    // A draw of bytes, an encoding of numbers, and how many points of a chart are few.
    let formats = ["src/cli/demo.rs", "src/cell/packed/column.rs", "src/page/chart.rs", "src/report/query.rs"];
    let bounds = |source: &&Source| !source.path.starts_with("src/limits") && !is_for_tests(source);
    for source in sources("src").iter().filter(bounds) {
        for (at, line) in source.code().lines().enumerate() {
            let found = bound_in(&source.path, line);
            let is_format = formats.contains(&source.path.as_str()) && !line.contains("const ");
            assert!(found.is_none() || is_format, "{}:{}: {found:?} belongs into src/limits/", source.path, at + 1);
        }
    }
}

#[test]
fn each_constant_that_is_said_to_bound_nothing_is_there() {
    let sources = sources("src");
    for (home, said) in NO_BOUNDS {
        let (_, names) = said.split_once(": ").unwrap();
        for name in names.split_whitespace() {
            let declares = |source: &&Source| {
                source.code().lines().any(|line| constant_in(line) == Some((name, true)))
                    && source.path.starts_with(home)
            };
            assert!(sources.iter().any(|source| declares(&source)), "{home} has no number of the name {name}");
        }
    }
}

#[test]
fn bounds_are_found_where_they_hide() {
    for line in [
        "const ROWS_MAX: usize = 7;",
        "    pub(super) const WAIT_S: u64 = 3;",
        "const PAUSE: Duration = Duration::from_millis(PAUSE_MS);",
        "let few = lines.take(50).collect();",
        "tokio::time::sleep(std::time::Duration::from_secs(5)).await;",
        "if name.len() > 1_000 {",
        "let start = &line[..line.len().min(400)];",
    ] {
        assert!(bound_in("src/report/x.rs", line).is_some(), "{line}");
    }
    for line in [
        "const NAME: &str = \"x\";",
        "const DAY_MS: i64 = 86_400_000;",
        "// at most 50: .take(50)",
        "let few = lines.take(limits::LINES_MAX).collect();",
        "let first = lines.take(1).next();",
        "if name.len() > 2 {",
    ] {
        assert_eq!(bound_in("src/report/x.rs", line), None, "{line}");
    }
}
