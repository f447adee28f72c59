//! `headcount audit`, as operators type it: nothing is found where nothing is, and whatever is planted is found, wherever it lies.

mod signing;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use tempfile::TempDir;

use crate::operators::{Server, headcount, printed};
use crate::store::file::Database;

/// A trace of each kind.
const TRACES: [(&str, &str); 6] = [
    ("address", "203.0.113.77"),
    ("address", "2001:db8:77::42"),
    ("agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("mail", "ana.canary@mail.example.com"),
    ("secret", "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"),
    ("card", "4111111111111111"),
];

/// A data folder with a site that has counted something.
pub fn counted() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap().to_owned();
    printed(&["site", "add", "example.com", "--data", &data]);
    let server = Server::start(folder.path(), &[]);
    for path in ["/", "/blog/how-we-built-it-in-2024", "/user/bob@example.org", "/reset/9f8a7b6c5d4e3f2a1b0c"] {
        server.pageview("example.com", path);
    }
    assert_eq!(server.stop().0, 0);
    (folder, data)
}

/// Exit code and answer.
pub fn audit(words: &[&str]) -> (i32, Value) {
    let output = headcount(&[&["audit", "--json"], words].concat()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
    (output.status.code().unwrap(), json)
}

fn findings(data: &str) -> Vec<Value> {
    let (code, json) = audit(&["--data", data]);
    let found = json["findings"].as_array().unwrap().clone();
    assert_eq!(code, i32::from(!found.is_empty()), "{found:?}");
    found
}

/// Asserts that a kind is found in a file, that the value is told nowhere, and gives back the finding.
fn found(data: &str, kind: &str, file: &str, value: &str) -> Value {
    let all = findings(data);
    assert!(!format!("{all:?}").contains(value), "an audit does not tell what it found");
    let one = all.iter().find(|one| one["kind"] == kind && one["file"] == file);
    one.unwrap_or_else(|| panic!("no {kind} in {file}: {all:#?}")).clone()
}

#[test]
fn a_folder_that_has_only_sums_has_no_finding() {
    let (folder, data) = counted();
    assert_eq!(findings(&data), Vec::<Value>::new());
    let text = printed(&["audit", "--data", &data]);
    for part in
        ["No trace of a person", "names (", "example.com: ", "visitors  number  sum of visitors", "0600  headcount.db"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    // With a server that runs, and of a copy that nobody may write.
    let before = fs::read(folder.path().join("headcount.db")).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let backup = copy.path().join("backup.db");
    fs::write(&backup, &before).unwrap();
    fs::set_permissions(&backup, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let (code, json) = audit(&[backup.to_str().unwrap()]);
    assert_eq!((code, &json["verdict"]), (0, &"clean".into()), "{json}");
    assert_eq!(fs::read_dir(copy.path()).unwrap().count(), 1, "nothing is put beside it");
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(fs::read(folder.path().join("headcount.db")).unwrap(), before);
    let server = Server::start(folder.path(), &[]);
    server.pageview("example.com", "/");
    let (code, json) = audit(&["--data", &data]);
    assert_eq!(code, 0, "{:#?}", json["findings"]);
    let process = &json["process"];
    assert_eq!((&process["is_dumpable"], &process["swapped_kb"]), (&false.into(), &0.into()), "{process}");
    assert_eq!((&process["live_state"], process["build"].as_str().unwrap().len()), (&"memory".into(), 64));
    assert_eq!(json["modes"]["headcount.sock"], "0600");
}

#[test]
fn each_table_and_column_is_said_with_its_meaning_and_rows() {
    let (_folder, data) = counted();
    let (_, json) = audit(&["--data", &data]);
    let tables = json["schema"]["tables"].as_array().unwrap();
    let names = tables.iter().find(|table| table["name"] == "names").unwrap();
    assert!(names["rows"].as_i64().unwrap() > 10 && names["columns"][2]["content"] == "masked", "{names}");
    assert!(names["indexes"][0]["columns"].as_array().unwrap().contains(&"text".into()), "{names}");
    let columns = tables.iter().flat_map(|table| table["columns"].as_array().unwrap());
    assert!(columns.clone().count() > 100);
    assert!(columns.clone().all(|column| column["holds"].as_str().is_some_and(|holds| !holds.is_empty())));
    let site = &json["sites"][0];
    assert_eq!((&site["domain"], &site["small_counts_k"]), (&"example.com".into(), &5.into()));
    assert!(
        site["cells_of_one"].as_u64().unwrap() > 0 && site["cells_below_k"].as_u64() >= site["cells_of_one"].as_u64()
    );
    assert_eq!(site["kept"][0]["oldest"], "2026-06-01", "{site}");
    assert_eq!(site["retention"]["day_pairs_months"], 0);
}

#[test]
fn a_trace_in_a_row_is_found_with_its_table_and_column() {
    for (kind, value) in TRACES {
        let (folder, data) = counted();
        let database = Database::of(folder.path());
        database.run(&format!("INSERT INTO names (site, text) VALUES (1, '/x/{value}/y')"));
        database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        drop(database);
        let one = found(&data, kind, "headcount.db", value);
        assert_eq!((&one["table"], &one["column"]), (&"names".into(), &"text".into()), "{one}");
        assert!(one["offset"].as_u64().unwrap() > 0 && one["shape"].as_str().is_some_and(|shape| !shape.is_empty()));
    }
}

#[test]
fn a_text_among_numbers_is_a_finding_and_hides_no_other() {
    let (folder, data) = counted();
    let database = Database::of(folder.path());
    database.run("INSERT INTO rejections VALUES (1, 'jane', 1, 1), ('roe', 20605, 2, 1)");
    database.run("UPDATE site_totals SET bucket = 'doe'");
    database.run("INSERT INTO names (site, text) VALUES (1, '/x/ana.canary@mail.example.com/y')");
    drop(database);
    let all = findings(&data);
    for (table, column) in [("rejections", "day"), ("rejections", "site"), ("site_totals", "bucket"), ("names", "text")]
    {
        assert!(all.iter().any(|one| one["table"] == table && one["column"] == column), "{table}.{column}: {all:#?}");
    }
}

#[test]
fn a_trace_in_a_free_page_is_found() {
    let (folder, data) = counted();
    let database = Database::of(folder.path());
    // Without secure_delete what was deleted stays, and with enough of it whole pages are free.
    database.run("PRAGMA secure_delete = OFF");
    for at in 0..400 {
        let (kind, value) = TRACES[at % TRACES.len()];
        database.run(&format!("INSERT INTO names (site, text) VALUES (1, '{kind}{at} {value} of many')"));
    }
    database.run("DELETE FROM names WHERE text LIKE '% of many'; PRAGMA wal_checkpoint(TRUNCATE)");
    drop(database);
    let all = findings(&data);
    for (kind, value) in TRACES {
        let places = all.iter().filter(|one| one["kind"] == kind && one["table"] == "(free page)");
        assert!(places.count() > 0, "{kind}: {}", all.len());
        assert!(!format!("{all:?}").contains(value));
    }
}

#[test]
fn a_trace_in_the_log_of_the_database_is_found() {
    let (folder, data) = counted();
    let database = Database::of(folder.path());
    database.run("PRAGMA wal_autocheckpoint = 0");
    for (_, value) in TRACES {
        database.run(&format!("INSERT INTO names (site, text) VALUES (1, '{value}')"));
    }
    database.run("DELETE FROM names WHERE site = 1 AND text NOT LIKE '/%'");
    for (kind, value) in TRACES {
        found(&data, kind, "headcount.db-wal", value);
    }
}

#[test]
fn a_trace_in_any_other_file_is_found_in_each_of_its_forms() {
    let (folder, data) = counted();
    fs::create_dir(folder.path().join("exports")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for (at, (kind, value)) in TRACES.into_iter().enumerate() {
        let plain = format!("2026-06-01T09:00:00Z INFO a line that says {value}\n");
        let wide: Vec<u8> = value.bytes().flat_map(|byte| [byte, 0]).collect();
        std::io::Write::write_all(&mut gzip, plain.as_bytes()).unwrap();
        let files = [
            (format!("log-{at}.txt"), plain.into_bytes()),
            (format!("exports/wide-{at}"), wide),
            (format!("hex-{at}"), HEXLOWER.encode(value.as_bytes()).into_bytes()),
            (format!("base64-{at}"), format!("x={}", BASE64.encode(value.as_bytes())).into_bytes()),
        ];
        for (name, bytes) in files {
            fs::write(folder.path().join(&name), bytes).unwrap();
            let is_seen = kind != "secret" || name.starts_with("log") || name.starts_with("exports");
            if is_seen {
                found(&data, kind, &name, value);
            }
            fs::remove_file(folder.path().join(&name)).unwrap();
        }
    }
    fs::write(folder.path().join("old.log.gz"), gzip.finish().unwrap()).unwrap();
    for (kind, value) in TRACES {
        found(&data, kind, "old.log.gz", value);
    }
}

#[test]
fn packed_files_are_searched_to_their_end_or_said_to_be_not() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    };
    let (folder, data) = counted();
    let log = folder.path().join("old.log.gz");
    let lines: String = (0..3_000).map(|n| format!("line {n} of {}\n", n * 7_919 % 10_007)).collect();
    fs::write(&log, gzip(&gzip(format!("{lines}203.0.113.77\n").as_bytes()))).unwrap();
    found(&data, "address", "old.log.gz", "203.0.113.77");
    let whole = gzip(lines.as_bytes());
    fs::write(&log, &whole).unwrap();
    assert_eq!(findings(&data), Vec::<Value>::new());
    fs::write(&log, &whole[..whole.len() - 9]).unwrap();
    let one = found(&data, "unread", "old.log.gz", "203.0.113.77");
    assert!(one["what"].as_str().unwrap().contains("damaged"), "{one}");
}

#[test]
fn what_an_audit_prints_is_no_finding() {
    let (folder, data) = counted();
    for (at, (_, value)) in TRACES.into_iter().enumerate() {
        fs::write(folder.path().join(format!("log-{at}")), value).unwrap();
    }
    for (name, words) in [("text", &["audit", "--data", &data][..]), ("json", &["audit", "--json", "--data", &data])] {
        let output = headcount(words).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "what it says has shapes of traces in it");
        fs::write(folder.path().join(name), output.stdout).unwrap();
    }
    (0..TRACES.len()).for_each(|at| fs::remove_file(folder.path().join(format!("log-{at}"))).unwrap());
    assert_eq!(findings(&data), Vec::<Value>::new());
}

#[test]
fn the_folder_of_the_demo_has_no_finding() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = headcount(&["demo", "--listen", "127.0.0.1:0", "--days", "3"]);
    command.env("TMPDIR", temporary.path());
    let server = Server::run(command);
    let data = fs::read_dir(temporary.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(findings(data.to_str().unwrap()), Vec::<Value>::new());
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_trace_that_lies_across_two_pieces_of_a_file_is_found_once() {
    let (folder, data) = counted();
    let piece = headcount::limits::AUDIT_CHUNK_BYTES;
    for start in [piece - 30, piece - 5, piece] {
        let mut bytes = vec![0; piece + 100];
        bytes[start..start + 24].copy_from_slice(b" ana.canary@example.org ");
        fs::write(folder.path().join("large"), &bytes).unwrap();
        let places: Vec<_> = findings(&data).iter().map(|one| one["offset"].as_u64().unwrap()).collect();
        assert_eq!(places, [start as u64 + 1]);
    }
}

#[test]
fn what_a_server_left_in_memory_is_searched_too() {
    let (folder, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
    let [data, journal] = [&folder, &memory].map(|folder| folder.path().to_str().unwrap().to_owned());
    printed(&["site", "add", "example.com", "--data", &data]);
    let server = Server::start(folder.path(), &["--journal", &journal]);
    server.pageview("example.com", "/");
    let words = ["--data", &data, "--journal", &journal];
    let (code, json) = audit(&words);
    assert_eq!((code, &json["process"]["live_state"]), (0, &"journal".into()), "{:#?}", json["findings"]);
    assert_eq!(server.stop().0, 0);
    let left = fs::read_dir(memory.path()).unwrap().next().unwrap().unwrap().path();
    let (code, json) = audit(&words);
    assert_eq!((code, &json["journals"][0]["path"]), (0, &left.to_str().unwrap().into()));
    assert!(json["notices"].to_string().contains("journal_left"), "{}", json["notices"]);
    fs::write(left.join("segment-9"), "a\0b 203.0.113.77 \0").unwrap();
    let (code, json) = audit(&words);
    assert_eq!((code, &json["findings"][0]["kind"]), (1, &"address".into()), "{:#?}", json["findings"]);
}

#[test]
fn nothing_changes_where_a_server_was_killed() {
    let (folder, data) = counted();
    let server = Server::start(folder.path(), &[]);
    // Somebody reads, so that the log can't be emptied.
    let reader = Database::of(folder.path());
    reader.run("BEGIN; SELECT count(*) FROM sites");
    printed(&["site", "set", "example.com", "--counter", "true", "--data", &data]);
    drop(server);
    let names = ["headcount.db", "headcount.db-wal", "headcount.db-shm"];
    let read = || names.map(|name| fs::read(folder.path().join(name)).unwrap());
    let before = read();
    drop(reader);
    for (name, content) in names.iter().zip(&before) {
        fs::write(folder.path().join(name), content).unwrap();
    }
    assert!(!before[1].is_empty(), "its log is left");
    let (code, json) = audit(&["--data", &data]);
    assert_eq!((code, &json["process"]), (0, &Value::Null), "{:#?}", json["findings"]);
    assert!(read() == before);
}

#[test]
fn what_is_not_in_the_allow_list_is_found() {
    for (sql, kind, table) in [
        ("CREATE TABLE visitors (address TEXT)", "stray_table", "visitors"),
        ("ALTER TABLE names ADD COLUMN seen TEXT", "stray_column", "names"),
        ("CREATE VIEW people AS SELECT text FROM names", "stray_view", "people"),
        ("CREATE TRIGGER spy AFTER INSERT ON names BEGIN SELECT 1; END", "stray_trigger", "names"),
        ("CREATE INDEX by_text ON names (text)", "stray_index", "names"),
        ("UPDATE rejections SET count = 'ana'", "stray_value", "rejections"),
        ("UPDATE site_totals SET visitors = x'61'", "stray_value", "site_totals"),
        ("INSERT INTO keys VALUES ('short', x'00')", "stray_value", "keys"),
        ("INSERT INTO pairs VALUES (NULL, 1, 1, 1, 0, 1, 1, x'ff00ff')", "damaged_cells", ""),
        ("INSERT INTO packed VALUES (NULL, 1, 1, 1, 0, 1, 'ana')", "stray_value", "packed"),
    ] {
        let (folder, data) = counted();
        let database = Database::of(folder.path());
        database.run("INSERT OR REPLACE INTO rejections VALUES (1, 1, 1, 1)");
        database.run(sql);
        database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        drop(database);
        let all = findings(&data);
        let one = all.iter().find(|one| one["kind"] == kind);
        let one = one.unwrap_or_else(|| panic!("{sql}: {all:?}"));
        assert!(table.is_empty() || one["table"] == table, "{one}");
    }
}

#[test]
fn what_operators_have_declared_is_no_finding() {
    let (folder, data) = counted();
    let set = ["site", "set", "example.com", "--exclude-ip", "203.0.113.0/24", "--data", &data];
    printed(&set);
    printed(&["site", "set", "example.com", "--alias", "550e8400-e29b-41d4-a716-446655440000", "--data", &data]);
    printed(&["user", "add", "ana@example.com", "--role", "owner", "--data", &data]);
    fs::write(folder.path().join("log"), "listening on 127.0.0.1:8080, excluded 203.0.113.9, [::1]:80").unwrap();
    assert_eq!(findings(&data), Vec::<Value>::new());
    fs::write(folder.path().join("log"), "203.0.114.9").unwrap();
    assert_eq!(findings(&data).len(), 1);
}

#[test]
fn what_owners_say_in_their_notices_is_no_finding() {
    let (folder, data) = counted();
    let of_site = |words: &[&str]| printed(&[words, &["--data", &data]].concat());
    let controller = "\"Example\" Ltd\nana@mail.test, Tel. +49 30 12345678, IBAN DE89 3704 0044 0532 0130 00";
    let said = ["--contact", "privacy@example.com", "--controller", controller];
    of_site(&[["notice", "set", "--site", "example.com"].as_slice(), &said].concat());
    of_site(&["notice", "set", "--site", "example.com", "--language", "de", "--contact", "datenschutz@example.com"]);
    of_site(&["notice", "set", "--site", "example.com", "--controller", "Example Ltd"]);
    of_site(&["site", "set", "example.com", "--path-by-name", "/profile/bea@mail.test", "--announce-days", "9"]);
    of_site(&["site", "set", "example.com", "--path-by-name", "/profile/cem@mail.test"]);
    assert_eq!(findings(&data), Vec::<Value>::new());
    // Whatever else stands in these columns is found.
    let database = Database::of(folder.path());
    database
        .run("UPDATE notices SET texts = replace(texts, 'privacy@example.com', 'joanne@example.org') WHERE number = 2");
    database.run("UPDATE sites SET settings = json_set(settings, '$.later', 'dan@mail.test')");
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    drop(database);
    let all = findings(&data);
    for (table, kind) in [("notices", "mail"), ("sites", "mail")] {
        assert!(all.iter().any(|one| one["table"] == table && one["kind"] == kind), "{table}: {all:#?}");
    }
}

#[test]
fn files_that_are_open_to_others_are_found() {
    let (folder, data) = counted();
    let database = folder.path().join("headcount.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(findings(&data), Vec::<Value>::new(), "the folder lets nobody through");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found(&data, "mode", "headcount.db", "example.com")["kind"], "mode");
}

#[test]
fn a_database_of_an_older_version_is_audited_as_it_is() {
    let dump = include_str!("store/versions/1.sql");
    let folder = tempfile::tempdir().unwrap();
    Database::of(folder.path()).run(&format!("PRAGMA foreign_keys = OFF;\n{dump}"));
    let database = folder.path().join("headcount.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).unwrap();
    let before = fs::read(&database).unwrap();
    let (code, json) = audit(&["--data", folder.path().to_str().unwrap()]);
    assert_eq!(code, 0, "{:#?}", json["findings"]);
    assert_eq!(json["schema"]["version"], 1);
    assert!(json["notices"].to_string().contains("old_schema"), "{}", json["notices"]);
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn what_is_no_database_is_told_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(folder.path().join("text"), "no database at all, but long enough to be looked at".repeat(50)).unwrap();
    let refused = |words: &[&str]| crate::operators::refused(&[&["audit"], words].concat());
    let (code, said) = refused(&[&path("text")]);
    assert!(code == 1 && said.contains("does not begin as a database") && !said.contains('\n'), "{said}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, b"SQLite format 3\0").unwrap();
    fs::write(folder.path().join("copy.db.gz"), gzip.finish().unwrap()).unwrap();
    fs::write(folder.path().join("copy.db.zst"), zstd::encode_all(&b"SQLite format 3\0"[..], 1).unwrap()).unwrap();
    for (name, by) in [("copy.db.gz", "gunzip"), ("copy.db.zst", "unzstd")] {
        let (code, said) = refused(&[&path(name)]);
        assert!(code == 1 && said.contains(&format!("is compressed; decompress it first, with {by}")), "{said}");
    }
    let (code, said) = refused(&["--data", &path("nowhere")]);
    assert!(code == 1 && said.contains("nowhere"), "{said}");
    assert_eq!(refused(&["--sign", "file"]).0, 2);
    assert_eq!(refused(&["--key", "x"]).0, 2);
    assert!(Path::new(&path("text")).exists());
}
