//! Marks of visitors in every field of every wire format, log and route are found nowhere: not in files, removed files that are open,
//! names of what is mapped, logs down to traces, answers, pages, exports, metrics, and not in the journal.

mod marks;
mod recorded;
mod routes;

use std::net::{IpAddr, Ipv6Addr};

use headcount::import::{Import, Manner};
use serde_json::json;

use crate::import::samples;
use crate::memory::needles::Needles;
use crate::memory::process::{ProcessMemory, removed_files};
use crate::world::World;
use marks::MarkKind;

const NOW: &str = "2026-06-01T09:00:00Z";
/// What the captures call their site.
const NAMES: [&str; 4] = ["aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "7", "ABCDE", "site.example.test"];

/// A world whose captures are counted, and what must be found nowhere in it.
struct Marked {
    world: World,
    needles: Needles,
    made: usize,
}

impl Marked {
    fn start() -> Marked {
        let world = World::at(NOW, &[("example.test", "Etc/UTC"), ("example.com", "Etc/UTC")]);
        world.alias("example.test", &NAMES);
        Marked { world, needles: Needles::default(), made: 0 }
    }

    /// A new mark, which is looked for from now on.
    fn next(&mut self, kind: MarkKind) -> String {
        self.made += 1;
        self.needles.text(kind.name(), self.made, &kind.trace(self.made));
        kind.mark(self.made)
    }

    /// An address and a word of an agent of somebody new, which are looked for too.
    fn sender(&mut self) -> (String, String) {
        self.made += 1;
        let address = IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0xface, self.made as u16, 1, 2, 3, 4));
        self.needles.address(self.made, address);
        let agent = format!("Marked/{:06}", self.made);
        self.needles.text("agent", self.made, &agent);
        (address.to_string(), agent)
    }

    /// Fails if a mark is in the world's files, in its log, in its journal, or in what only the kernel tells of the process.
    fn check_kept(&self) {
        let process = std::process::id();
        let mut places = self.world.files();
        places.push(("the log".to_owned(), World::captured_log()));
        places.push(("maps".to_owned(), ProcessMemory::maps(process).unwrap().into_bytes()));
        places.extend(removed_files(process).unwrap());
        self.check(&places);
    }

    fn check(&self, places: &[(String, Vec<u8>)]) {
        let found = self.needles.found(places.iter().map(|(place, bytes)| (place.as_str(), bytes.as_slice())));
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn nothing_of_a_field_of_any_wire_format_is_kept_or_shown() {
    let mut marked = Marked::start();
    let requests = recorded::requests(|kind| marked.next(kind));
    assert!(requests.len() > 1_000, "{}", requests.len());
    for mut request in requests {
        let (address, agent) = marked.sender();
        request.add("user-agent", " ", &agent);
        request.add("x-forwarded-for", ", ", &address);
        request.headers.retain(|(_, value)| !value.is_empty());
        let body = (!request.body.is_empty()).then_some(request.body.as_bytes());
        marked.world.request(&request.method, &request.path, &request.headers, body);
        marked.world.wait_ms(100);
    }
    let counted = marked.world.collector().meter().counted.get();
    assert!(counted > 500, "{counted} are counted, {:?}", marked.world.rejections("example.test"));
    marked.world.flush();
    marked.check_kept();
    read_everything(&marked.world);
    marked.check(&marked.world.shown_to_readers());

    // The day ends.
    marked.world.go_to("2026-06-02T00:10:00Z");
    marked.world.pageview("/next-day").ok();
    marked.world.flush();
    marked.check_kept();
    read_everything(&marked.world);
    marked.check(&marked.world.shown_to_readers());
}

/// Has every page, export and answer of the API shown, as the owner sees it and as anybody does.
fn read_everything(world: &World) {
    let owner = world.sign_in();
    for path in routes::all() {
        // A stream has no end; its page shows the same.
        if path.ends_with("/events") {
            continue;
        }
        for other in ["sources", "pages.csv", "pages.json", "entry_page", "events", "sharing", "visitors.svg"] {
            for headers in [&[owner.clone()][..], &[]] {
                world.request("GET", &routes::filled(path, other), headers, None);
            }
            if !path.contains('{') {
                break;
            }
        }
    }
    for dimension in
        ["event:page", "event:name", "event:hostname", "visit:source", "visit:referrer", "visit:utm_source"]
    {
        let answer = world.query(json!({
            "site_id": "example.test", "date_range": "all", "metrics": ["visitors"], "dimensions": [dimension],
        }));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    world.metrics();
}

#[test]
fn nothing_of_a_request_to_any_route_is_kept() {
    let mut marked = Marked::start();
    let owner = marked.world.sign_in();
    for path in routes::all() {
        if path.ends_with("/events") && path.starts_with("/{") {
            continue;
        }
        for (method, is_owner) in [("GET", false), ("GET", true), ("POST", false), ("PUT", false)] {
            let kind = MarkKind::OF_TEXTS[marked.made % 3];
            let mark = marked.next(kind);
            let target =
                format!("{}?{mark}={mark}&filters={mark}&period={mark}&d=example.test", routes::filled(path, &mark));
            let (address, agent) = marked.sender();
            // What is refused before its body was read ends the connection.
            let mut headers = vec![("x-forwarded-for", address), ("user-agent", agent), ("connection", "close".into())];
            headers.extend([
                ("referer", format!("https://example.test/{mark}?{mark}")),
                ("accept-language", mark.clone()),
            ]);
            headers.extend([("x-debug-request", mark.clone()), ("idempotency-key", mark.clone())]);
            match is_owner {
                true => headers.push(owner.clone()),
                false => {
                    headers.extend([("authorization", format!("Bearer {mark}")), ("cookie", format!("login={mark}"))]);
                }
            }
            let body = (method != "GET").then(|| format!(r#"{{"{mark}":"{mark}","name":"{mark}","#));
            marked.world.request(method, &target, &headers, body.as_deref().map(str::as_bytes));
        }
    }
    marked.world.flush();
    marked.check_kept();
}

#[test]
fn nothing_of_a_field_of_any_log_is_kept_or_shown() {
    let mut marked = Marked::start();
    for (name, log) in samples::logs() {
        let log = String::from_utf8_lossy(&log).into_owned();
        let lines = marked_lines(&mut marked, &log);
        let mut import = Import::begin(marked.world.collector(), "example.com", Manner::default()).unwrap();
        import.open(log.as_bytes());
        import.take(0, lines.len() as u64, lines.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        import.finish().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(marked.world.collector().meter().counted.get() > 50, "some lines are counted");
    marked.world.flush();
    marked.check_kept();
    read_everything(&marked.world);
    marked.check(&marked.world.shown_to_readers());
}

/// The lines of a sample, each once for every text in it that could be a visitor's, with a mark in its place.
fn marked_lines(marked: &mut Marked, log: &str) -> String {
    let mut lines = String::new();
    for line in log.lines().take(3) {
        for (text, makes) in [
            ("/a?b=c", "/a/MARK?b=MARK&utm_source=MARK&utm_campaign=MARK"),
            ("https://search.test/?q=a", "https://search.test/MARK?q=MARK"),
            ("search.test", "MARK.search.test"),
            ("Firefox/140.0", "MARK Firefox/140.0"),
            ("192.0.2.1", "MARK"),
        ] {
            for kind in MarkKind::OF_TEXTS.into_iter().filter(|_| line.contains(text)) {
                let mark = marked.next(kind);
                lines.push_str(&line.replace(text, &makes.replace("MARK", &mark)));
                lines.push('\n');
            }
        }
        let (address, agent) = marked.sender();
        lines.push_str(&line.replace("192.0.2.1", &address).replace("Gecko/20100101", &agent));
        lines.push('\n');
    }
    lines
}
