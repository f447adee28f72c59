//! Logs as many servers, balancers and carriers write them are known without being told, and read rightly. People and addresses
//! are made up.
//!
//! `samples/NAME.log` is the log, `samples/NAME.expected` has a line for each of its lines: seconds since 1970, the client
//! (`name` for a host's name), the page, the referrer and the agent, or why it is none. A first line `format: ...` is what an
//! operator would say with `--format`.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use headcount::beacon::log::{Read, Reader, Rules};
use headcount::site::Domain;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/import/samples")
}

/// Names and texts of all logs.
pub fn logs() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "log") {
            found.push((path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    assert!(found.len() > 50, "{} logs", found.len());
    found
}

/// What is read of a line, as `NAME.expected` has it.
fn told(reader: &mut Reader, line: &[u8]) -> String {
    let site = Domain::parse("example.com").unwrap();
    let line = match reader.read(line) {
        Read::Note => return "note".to_owned(),
        Read::Bad => return "bad".to_owned(),
        Read::Line(line) => line,
    };
    let (address, agent) = line.sender();
    let who = match address.0 {
        IpAddr::V6(v6) if v6.octets()[0] == 1 => "name".to_owned(),
        other => other.to_string(),
    };
    line.beacon(&site, &Rules::default()).map_or_else(
        |reason| reason.label().to_owned(),
        |beacon| format!("{} {who} {} < {} | {agent}", line.at.0 / 1_000, beacon.url, beacon.referrer),
    )
}

#[test]
fn every_sample_is_known_by_itself_and_read_as_it_was_meant() {
    let mut wrong = Vec::new();
    for (name, log) in logs() {
        let expected = fs::read_to_string(folder().join(format!("{name}.expected"))).unwrap();
        let (format, expected) = match expected.strip_prefix("format: ") {
            Some(rest) => rest.split_once('\n').map(|(format, rest)| (Some(format), rest)).unwrap(),
            None => (None, expected.as_str()),
        };
        // Known from its beginning, as a file is, and line by line, as standard input is.
        for looks in [true, false] {
            let mut reader = Reader::named(format).unwrap();
            if looks {
                reader.look(&log);
            }
            let lines: Vec<String> = String::from_utf8_lossy(&log)
                .trim_end_matches('\n')
                .split('\n')
                .map(|line| told(&mut reader, line.as_bytes()))
                .collect();
            for (number, (line, meant)) in lines.iter().zip(expected.lines()).enumerate() {
                if line != meant {
                    wrong.push(format!("{name}:{} looks={looks}\n  read  {line}\n  meant {meant}", number + 1));
                }
            }
            assert_eq!(lines.len(), expected.lines().count(), "{name}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn times_are_told_without_reading_the_rest() {
    for (name, log) in logs() {
        let format = fs::read_to_string(folder().join(format!("{name}.expected"))).unwrap();
        let format = format.lines().find_map(|line| line.strip_prefix("format: "));
        let mut reader = Reader::named(format).unwrap();
        reader.look(&log);
        let found = log.split(|byte| *byte == b'\n').find_map(|line| reader.time(line));
        assert_eq!(found.map(|at| at.0 / 1_000), Some(1_728_568_536), "{name}");
    }
}
