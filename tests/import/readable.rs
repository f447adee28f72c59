//! Files that are compressed, cut, in another format or no log at all: what is read of them, what is said of those that can't be
//! read, and what a dry run shows.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Desk, gzipped, line};
use crate::operators::{Server, headcount, printed};

/// Compresses a text.
type Packer = fn(&str) -> Vec<u8>;

fn text() -> String {
    [line("01/Jun/2024:10:00:00", 1, "/a"), line("01/Jun/2024:10:01:00", 2, "/b")].concat()
}

fn zstd_packed(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).unwrap()
}

fn bzip2_packed(text: &str) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// `192.0.2.1 - - [01/Jun/2024:10:00:00 +0000] "GET /xz HTTP/1.1" 200 1 "-" "-"` and a line feed, by `xz`.
const XZ: &str = include_str!("line.xz.base64");

fn xz_packed() -> Vec<u8> {
    data_encoding::BASE64.decode(XZ.trim().as_bytes()).unwrap()
}

#[test]
fn every_compression_is_known_by_content_and_read_to_the_end_of_all_its_pieces() {
    let packers: [(&str, Packer); 3] = [("gz", gzipped), ("zst", zstd_packed), ("bz2", bzip2_packed)];
    for (ending, pack) in packers {
        let desk = Desk::new();
        let (first, second) = (line("01/Jun/2024:10:00:00", 1, "/a"), line("01/Jun/2024:10:01:00", 2, "/b"));
        let path = desk.folder.path().join(format!("{ending}.log"));
        fs::write(&path, [pack(&first), pack(&second)].concat()).unwrap();
        assert_eq!(desk.import(&[&path], &[])["counted"], 2, "{ending}");
        assert_eq!(desk.import_input(&pack(&text()))["counted"], 2, "{ending}");
        // A file that breaks off is told, and what came before is kept.
        let whole = pack(&line("02/Jun/2024:10:00:00", 1, "/c"));
        fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let output = headcount(&desk.words(&[path.to_str().unwrap()])).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{ending}");
    }
    let desk = Desk::new();
    let path = desk.folder.path().join("access.log.3");
    fs::write(&path, [xz_packed(), xz_packed()].concat()).unwrap();
    assert_eq!(desk.import(&[&path], &[])["lines"], 2);
}

/// The same line as in [`XZ`], by `xz --lzma2=dict=192MiB`.
const XZ_OF_192_MIB: &str = "/Td6WFoAAATm1rRGAgAhAR8AAAD+YO3e4ABLAEVdABiOQoh0t0nuvTpvvOHAwUkAmHO4+VDEM+YBTU0c8mPnDnM0mfGYv6j9nGPQHZ2wUfHv\
2bciK+xEBKzaJeZLXKUc5NeAAAAAAADhXLhwFTNAJgABYUx24gojH7bzfQEAAAAABFla";

fn zstd_of_256_mib(text: &str) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_takes_too_much_memory_to_read_is_refused_with_the_way_out() {
    let desk = Desk::new();
    let xz = data_encoding::BASE64.decode(XZ_OF_192_MIB.as_bytes()).unwrap();
    for (name, content) in [("large.xz", xz), ("large.zst", zstd_of_256_mib(&text()))] {
        let path = desk.folder.path().join(name);
        fs::write(&path, content).unwrap();
        let output = headcount(&desk.words(&[path.to_str().unwrap()])).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {errors}");
        for said in [name, "more than 128 MiB of memory", "xz -dc FILE | headcount import -"] {
            assert!(errors.contains(said), "{name}: {errors}");
        }
    }
}

#[test]
fn a_mark_of_byte_order_and_zeros_before_the_first_line_are_skipped() {
    let desk = Desk::new();
    let log = desk.log("bom.log", &format!("\u{feff}{}", text()));
    assert_eq!(desk.import(&[&log], &[])["counted"], 2);
    let zeros = "\0".repeat(300_000);
    let log = desk.log("cut.log", &format!("{zeros}{}", line("03/Jun/2024:10:00:00", 1, "/a")));
    let told = desk.import(&[&log], &[]);
    assert_eq!((&told["lines"], &told["counted"]), (&json!(1), &json!(1)));
    // It is continued, and another one that begins with zeros is another.
    let log = desk.log("cut.log", &format!("{zeros}{}{}", line("03/Jun/2024:10:00:00", 1, "/a"), text()));
    assert_eq!(desk.import(&[&log], &[])["lines"], 2);
    let log = desk.log("other.log", &format!("{zeros}{}", line("04/Jun/2024:10:00:00", 1, "/a")));
    assert_eq!(desk.import(&[&log], &[])["lines"], 1);
}

#[test]
fn what_can_not_be_read_ends_with_a_failure_that_says_what_it_looks_like() {
    let desk = Desk::new();
    let wide: Vec<u8> = text().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, &[u8], &str); 6] = [
        (
            "error.log",
            b"2024/10/10 13:55:36 [error] 1#1: *1 open() failed, client: 192.0.2.77\n",
            "looks like an error log",
        ),
        (
            "app.log",
            b"{\"wann\":1,\"wer\":\"192.0.2.77\"}\n",
            "looks like JSON with keys wann, wer; name them with --log-format",
        ),
        ("wide.log", &[&b"\xff\xfe"[..], &wide].concat(), "UTF-16"),
        ("logs.zip", b"PK\x03\x04abc", "zip archive"),
        ("words.log", b"some words of 192.0.2.77\n", "is in no known format"),
        ("page.log", b"<!doctype html>\n<p>192.0.2.77\n", "looks like HTML"),
    ];
    for server in [None, Some(())].map(|with| with.map(|()| Server::start(Path::new(&desk.data), &[]))) {
        for (name, content, said) in cases {
            let path = desk.folder.path().join(name);
            fs::write(&path, content).unwrap();
            let words = ["import", path.to_str().unwrap(), "--site", "example.com", "--again", "--data", &desk.data];
            let output = headcount(&words).output().unwrap();
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{name}: {errors}");
            assert!(errors.contains(said) && errors.contains(name), "{name}: {errors}");
            assert!(!errors.contains("192.0.2.77"), "{name}: {errors}");
        }
        drop(server);
    }
    // Beside one that can be read, the others are counted all the same.
    let (good, bad) = (desk.log("good.log", &text()), desk.log("error.log", "[error] x\n"));
    let output = headcount(&desk.words(&[good.to_str().unwrap(), bad.to_str().unwrap()])).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["counted"]), (Some(1), &json!(2)));
}

#[test]
fn a_log_that_no_line_could_be_read_of_is_read_once_it_is_described() {
    let desk = Desk::new();
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let log = desk.log("own.log", &format!("200|2024-06-01T10:00:00+00:00|192.0.2.1|GET /a HTTP/1.1|{agent}\n"));
    let output = headcount(&desk.words(&[log.to_str().unwrap()])).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let format = "$status|$time_iso8601|$remote_addr|$request|$http_user_agent";
    assert_eq!(desk.import(&[&log], &["--log-format", format])["counted"], 1);
    assert_eq!(desk.import(&[&log], &["--log-format", format])["counted"], 0, "it is known now");
}

#[test]
fn standard_input_that_can_not_be_read_is_told_too() {
    let desk = Desk::new();
    let mut command = headcount(&desk.words(&["-"]));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"wann\":1}\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && errors.contains("keys wann"), "{errors}");
}

#[test]
fn a_dry_run_shows_lines_as_they_would_be_counted_and_counts_nothing() {
    for with_server in [false, true] {
        let desk = Desk::new();
        let _server = with_server.then(|| Server::start(Path::new(&desk.data), &[]));
        let text = [
            line("01/Jun/2024:10:00:00", 1, "/a/ana@mail.test?secret=1")
                .replace("\"-\"", "\"https://www.bing.com/?q=1\""),
            line("01/Jun/2024:10:05:00", 2, "/a.css"),
            "some words\n".into(),
        ]
        .concat();
        let log = desk.log("access.log", &text);
        let told = desk.import(&[&log], &["--dry-run"]);
        assert_eq!((&told["counted"], &told["rejected"]), (&json!(1), &json!({"asset": 1, "bad_line": 1})));
        let sample = &told["samples"][0];
        assert_eq!((&sample["time"], &sample["page"]), (&json!("2024-06-01 10:00"), &json!("/a/:email")));
        assert_eq!((&sample["source"], &sample["browser"]), (&json!("Bing"), &json!("Firefox")));
        assert_eq!(told["samples"][1]["reason"], "asset");
        let words = ["import", log.to_str().unwrap(), "--site", "example.com", "--dry-run", "--data", &desk.data];
        let shown = printed(&words);
        assert!(shown.contains("/a/:email") && shown.contains("not counted: asset"), "{shown}");
        for secret in ["192.0.2", "secret", "ana@", "Gecko"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(desk.report("page"), json!({}));
        assert_eq!(desk.import(&[&log], &[])["counted"], 1, "it is not remembered");
    }
}

#[test]
fn a_long_dry_run_shows_ten_lines() {
    let desk = Desk::new();
    let text: String =
        (0..200).map(|at| line("01/Jun/2024:10:00:00", 1, if at < 100 { "/a.css" } else { "/a" })).collect();
    let told = desk.import(&[&desk.log("access.log", &text)], &["--dry-run"]);
    let samples = told["samples"].as_array().unwrap();
    assert_eq!((samples.len(), &told["counted"]), (10, &json!(100)));
    assert!(samples.iter().filter(|sample| sample["page"] == "/a").count() > 5);
}
