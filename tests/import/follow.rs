//! Logs in other formats, and logs that are followed while a server writes and rotates them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Desk, FIREFOX, line};
use crate::operators::{NOW, Server, headcount, printed, refused};

/// A program that follows a log.
struct Follower(Child);

impl Follower {
    /// Starts, and waits until it has read what is there.
    fn start(desk: &Desk, logs: &[&Path]) -> Follower {
        let logs = logs.iter().map(|log| log.to_str().unwrap());
        let words: Vec<&str> = ["--follow"].into_iter().chain(logs).collect();
        let mut child = headcount(&desk.words(&words)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("following ") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "it ended before it followed");
        }
        Follower(child)
    }

    /// Ends it as Ctrl-C does, and gives its summary.
    fn stop(mut self) -> Value {
        let pid = self.0.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

fn append(path: &Path, text: &str) {
    fs::File::options().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// A line of the moment at which every program here starts.
fn now(who: u8, path: &str) -> String {
    line(&NOW.parse::<Timestamp>().unwrap().strftime("%d/%b/%Y:%H:%M:%S").to_string(), who, path)
}

/// Asks until the pages are these. Programs take their own time, and tell nobody when a line was counted.
fn eventually(desk: &Desk, expected: &Value) {
    for _ in 0..200 {
        if desk.report("page") == *expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(desk.report("page"), *expected);
}

#[test]
fn a_log_is_followed_beside_a_tracker_and_over_rotations() {
    let desk = Desk::new();
    let server = Server::start(Path::new(&desk.data), &[]);
    let log = desk.log("access.log", &now(1, "/a"));
    let follower = Follower::start(&desk, &[&log]);
    eventually(&desk, &json!({"/a": [1, 1, 1]}));
    append(&log, &now(1, "/b"));
    // A line that is written in two pieces counts when it is whole.
    let (one, two) = (now(2, "/c"), now(2, "/d"));
    append(&log, &one[..50]);
    eventually(&desk, &json!({"/a": [1, 1, 1], "/b": [1, 1, 1]}));
    append(&log, &format!("{}{two}", &one[50..]));
    eventually(&desk, &json!({"/a": [1, 1, 1], "/b": [1, 1, 1], "/c": [1, 1, 1], "/d": [1, 1, 1]}));
    // Renamed away, as logrotate does by default: what still comes into the old one counts too.
    let old = desk.folder.path().join("access.log.1");
    fs::rename(&log, &old).unwrap();
    append(&old, &now(1, "/e"));
    append(&log, &(now(3, "/f") + &now(3, "/a.css")));
    let pages =
        json!({"/a": [1, 1, 1], "/b": [1, 1, 1], "/c": [1, 1, 1], "/d": [1, 1, 1], "/e": [1, 1, 1], "/f": [1, 1, 1]});
    eventually(&desk, &pages);
    server.pageview("example.com", "/a");
    assert_eq!(desk.report("page")["/a"], json!([2, 2, 2]), "the tracker's hits stand beside them");
    // Emptied in its place, as with copytruncate.
    fs::write(&log, now(4, "/g")).unwrap();
    let mut pages = desk.report("page");
    pages["/g"] = json!([1, 1, 1]);
    eventually(&desk, &pages);
    let told = follower.stop();
    assert_eq!((&told["lines"], &told["counted"], &told["rejected"]), (&json!(8), &json!(7), &json!({"asset": 1})));

    // It goes on where it ended, whatever was written meanwhile.
    append(&log, &now(4, "/h"));
    let follower = Follower::start(&desk, &[&log]);
    pages["/h"] = json!([1, 1, 1]);
    eventually(&desk, &pages);
    drop(server);
    drop(follower);
}

#[test]
fn a_log_is_followed_without_a_server_too() {
    let desk = Desk::new();
    let log = desk.log("access.log", "");
    let follower = Follower::start(&desk, &[&log]);
    append(&log, &now(1, "/a"));
    append(&log, &now(2, "/a"));
    // What is there when it is asked to stop need not be counted; the next one counts it.
    follower.stop();
    let follower = Follower::start(&desk, &[&log]);
    follower.stop();
    assert_eq!(desk.report("page"), json!({"/a": [2, 2, 2]}));
    let again = desk.import(&[&log], &[]);
    assert_eq!(again["lines"], 0, "an import knows how far it was followed");
}

#[test]
fn logs_in_other_formats_are_found_out_or_described() {
    let desk = Desk::new();
    let caddy = format!(
        r#"{{"ts":1717243200.5,"request":{{"remote_ip":"192.0.2.1","method":"GET","uri":"/caddy","headers":{{"User-Agent":["{FIREFOX}"]}}}},"status":200}}"#
    );
    let iis = format!(
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)\n2024-06-01 12:00:00 192.0.2.2 GET /iis 200 {}\n",
        FIREFOX.replace(' ', "+")
    );
    let haproxy = format!(
        "192.0.2.3:5 [01/Jun/2024:12:00:01.000] f b/s 1/1/1/1/1 200 1 - - ---- 1/1/1/1/0 0/0 {{{FIREFOX}}} \"GET /haproxy HTTP/1.1\"\n"
    );
    let own = format!("example.com|192.0.2.4|2024-06-01T12:00:02Z|/own.pdf|404|{FIREFOX}\n");
    let logs =
        [desk.log("caddy.json", &format!("{caddy}\n")), desk.log("iis.log", &iis), desk.log("haproxy.log", &haproxy)];
    let logs: Vec<&Path> = logs.iter().map(|log| log.as_path()).collect();
    assert_eq!(desk.import(&logs, &[])["counted"], 3);
    let own = desk.log("own.log", &own);
    let format = "$host|$remote_addr|$time_iso8601|$request_uri|$status|$http_user_agent";
    let told = desk.import(&[&own], &["--format", format, "--page", ".pdf", "--status", "404"]);
    assert_eq!(told["counted"], 1, "{told}");
    let pages = json!({"/caddy": [1, 1, 1], "/iis": [1, 1, 1], "/haproxy": [1, 1, 1], "/own.pdf": [1, 1, 1]});
    assert_eq!(desk.report("page"), pages);
    append(logs[1], &format!("2024-06-01 12:00:09 192.0.2.2 GET /more 200 {}\n", FIREFOX.replace(' ', "+")));
    assert_eq!(desk.import(&logs, &[])["counted"], 1, "a log that names its fields at its beginning is continued");
    let rules = printed(&["import", "--rules", "--page", "pdf", "--asset", "md"]);
    assert!(rules.contains("2xx or 304") && rules.contains(" md ") && !rules.contains(" pdf "), "{rules}");
    let (code, said) = refused(&desk.words(&["--format", "ngnix", "x.log"]));
    assert!(code == 2 && said.contains("is no format of logs"), "{code} {said}");
}
