//! The fast path answers and counts whatever is sent exactly as hyper's path does: recorded requests, and those changed at random.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::captures::{CLASSIC, TRACKER, others};
use crate::dice::Dice;
use crate::fuzz::each_seed;
use crate::world::World;

/// A server with the fast path, and one without.
struct Both {
    fast: World,
    plain: World,
}

/// What must be the same of both.
const COUNTED: [&str; 4] = [
    "headcount_beacons_received_total",
    "headcount_hits_counted_total",
    "headcount_beacons_rejected_total",
    "headcount_failures_total",
];

impl Both {
    fn start() -> Both {
        let sites = [("example.com", "Etc/UTC"), ("example.test", "Etc/UTC")];
        let now = "2026-06-01T09:00:00Z";
        Both { fast: World::at(now, &sites), plain: World::at(now, &sites).without_fast_path() }
    }

    /// Sends the same to both, which must answer and count the same. A busy machine may need more time between the pieces, and
    /// until all is answered: hyper closes a connection whose body nobody reads, unless all of it is there already.
    fn send(&self, pieces: &[&[u8]]) {
        for (pause_ms, quiet_ms, is_last) in [(2, 60, false), (80, 4_000, true)] {
            let [(fast, of_fast), (plain, of_plain)] = [&self.fast, &self.plain].map(|world| {
                let before = counted(world);
                let answers = talk(world, pieces, pause_ms, quiet_ms);
                let counted = counted(world).into_iter().map(|(line, count)| (line.clone(), count - before[&line]));
                (answers, counted.collect::<BTreeMap<_, _>>())
            });
            if fast.agrees(&plain) && of_fast == of_plain {
                return;
            }
            let sent = pieces.concat();
            let (texts, counts) = ([&fast.text, &plain.text], [of_fast, of_plain]);
            assert!(!is_last, "{}\nfast: {}\nhyper: {}\n{counts:?}", sent.escape_ascii(), texts[0], texts[1]);
        }
    }
}

/// What was counted so far.
fn counted(world: &World) -> BTreeMap<String, u64> {
    let metrics = world.collector().meter().text();
    let lines = metrics.lines().filter(|line| COUNTED.iter().any(|name| line.starts_with(name)));
    let pair = |line: &str| line.rsplit_once(' ').map(|(name, count)| (name.to_owned(), count.parse().unwrap()));
    let counted: BTreeMap<_, _> = lines.filter_map(pair).collect();
    assert!(counted.len() > COUNTED.len(), "{counted:?}");
    counted
}

/// What a server answers on a connection.
struct Answers {
    /// Without their dates.
    text: String,
    /// Whether the server closed the connection before it had read everything: what it said last may be lost on the way then.
    is_reset: bool,
}

impl Answers {
    fn agrees(&self, other: &Answers) -> bool {
        let [short, long] = if self.text.len() < other.text.len() { [self, other] } else { [other, self] };
        short.text == long.text || short.is_reset && long.text.starts_with(&short.text)
    }
}

/// What a server answers to these pieces before it closes the connection. Who waits for more hears that nothing comes.
fn talk(world: &World, pieces: &[&[u8]], pause_ms: u64, quiet_ms: u64) -> Answers {
    let mut stream = TcpStream::connect(world.url().trim_start_matches("http://")).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(quiet_ms))).unwrap();
    for (place, piece) in pieces.iter().enumerate() {
        if place > 0 {
            thread::park_timeout(Duration::from_millis(pause_ms));
        }
        // A server that has answered may have closed it.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let mut bytes = Vec::new();
    let mut read = stream.read_to_end(&mut bytes);
    if read.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
        let _ = stream.shutdown(Shutdown::Write);
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        read = stream.read_to_end(&mut bytes);
    }
    Answers { text: readable(&bytes), is_reset: read.is_err() }
}

/// Answers without their dates, and without the memory that the process takes, which health tells.
fn readable(answers: &[u8]) -> String {
    let text = answers.escape_ascii().to_string();
    let text = text.replace("\\r\\n", "\n");
    let Some((before, after)) = text.split_once("taken_mb\\\":") else { return without(&text, &["date: "]) };
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    without(&format!("{before}{after}"), &["date: ", "content-length: "])
}

fn without(text: &str, heads: &[&str]) -> String {
    let is_kept = |line: &&str| !heads.iter().any(|head| line.starts_with(head));
    text.lines().filter(is_kept).collect::<Vec<_>>().join("\n")
}

/// A request, as a browser writes it.
fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// The last request of a connection.
fn last() -> Vec<u8> {
    request("GET", "/pixel.gif?d=example.com&u=/last", &[("Host", "a.test"), ("Connection", "close")], "")
}

/// All recorded requests.
fn recorded() -> Vec<Vec<u8>> {
    let captures =
        [CLASSIC, TRACKER, others::UMAMI, others::GOATCOUNTER, others::MATOMO, others::FATHOM, others::SIMPLE];
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let headers = line["headers"].as_object().unwrap();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let headers: Vec<_> = headers.into_iter().filter(|(name, _)| *name != "content-length").collect();
        let target =
            if text("query").is_empty() { text("path") } else { format!("{}?{}", text("path"), text("query")) };
        request(&text("method"), &target, &headers, &text("body"))
    };
    captures.into_iter().flat_map(str::lines).map(line).collect()
}

/// A message of our own tracker.
fn event(path: &str) -> String {
    format!(r#"{{"n":"pageview","u":"https://example.com{path}","d":"example.com","w":1280}}"#)
}

fn agent() -> (&'static str, &'static str) {
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
}

#[test]
fn recorded_requests() {
    let both = Both::start();
    for recorded in recorded() {
        both.send(&[&recorded, &last()]);
    }
}

/// Messages of our own tracker.
fn posted() -> Vec<Vec<u8>> {
    let body = event("/a");
    let host = ("Host", "count.example.com");
    let post = |extra: &[(&str, &str)]| request("POST", "/api/event", &[&[host, agent()], extra].concat(), &body);
    vec![
        post(&[]),
        post(&[("X-Forwarded-For", "203.0.113.7, 198.51.100.9"), ("Accept-Language", "de-AT,de;q=0.8")]),
        post(&[("X-Forwarded-For", "203.0.113.7"), ("x-forwarded-for", "198.51.100.9"), ("X-Real-IP", "198.51.100.9")]),
        post(&[("Connection", "keep-alive"), ("DNT", "0"), ("dnt", "1")]),
        post(&[("Sec-GPC", "1"), ("X-Purpose", "preview")]),
        post(&[("Connection", "Keep-Alive, TE"), ("TE", "trailers")]),
        post(&[("X-Debug-Request", "true")]),
        post(&[("Authorization", "Bearer nobody")]),
        post(&[("Sec-CH-UA", r#""Brave";v="130""#), ("sec-ch-ua-mobile", "?0"), ("SEC-CH-UA-PLATFORM", "\"Linux\"")]),
        post(&[("Referer", "https://example.com/\u{e4}"), ("Empty", ""), ("Tab", "\ta\t")]),
    ]
}

/// Requests of our own that go by other ways, among them those that hyper answers.
fn others_of_ours() -> Vec<Vec<u8>> {
    let host = ("Host", "count.example.com");
    let get = |target: &str, extra: &[(&str, &str)]| request("GET", target, &[&[host, agent()], extra].concat(), "");
    vec![
        get("/pixel.gif?d=example.com&u=/a%20b&r=https://news.test/", &[("Accept-Encoding", "gzip")]),
        get("/pixel.gif?d=nobody.test&u=/", &[]),
        get("/pixel.gif", &[("Referer", "https://example.com/by-referer")]),
        get("/pixel.gif?d=example.com&u=/%C3%A4#fragment", &[]),
        get("/pixel.gif?d=example.com&u=/\u{e4}", &[]),
        get("/pixel.gif?d=example.com&u=\"<>\"", &[]),
        get("http://count.example.com/pixel.gif?d=example.com&u=/", &[]),
        get("/collect?p=/&h=http://example.com&r=", &[]),
        get("/simple.gif?hostname=example.com&path=/s", &[]),
        request("HEAD", "/pixel.gif?d=example.com&u=/head", &[host, agent()], ""),
        request("GET", "/pixel.gif?d=example.com&u=/body", &[host, agent()], "GET / HTTP/1.1\r\n\r\n"),
        request("OPTIONS", "/api/event", &[host, ("Origin", "https://example.com")], ""),
        request("POST", "/append", &[host, agent()], r#"{"type":"append","hostname":"example.com"}"#),
        request("POST", "/api/event", &[host, agent()], "no JSON"),
        request("POST", "/api/event?x=1", &[host, agent(), ("Content-Length", "0")], ""),
        request("PUT", "/api/event", &[host], "x"),
        get("/api/event", &[]),
        get("/health", &[]),
        get("/nothing/here", &[]),
    ]
}

fn ours() -> Vec<Vec<u8>> {
    [posted(), others_of_ours()].concat()
}

#[test]
fn requests_of_every_route_share_a_connection() {
    let both = Both::start();
    let (ours, last) = (ours(), last());
    for request in &ours {
        both.send(&[request, &last]);
        both.send(&[&[request.as_slice(), &last].concat()]);
    }
    // Those after which a connection goes on, one by one and all at once.
    for chunk in ours.chunks(4) {
        let mut pieces: Vec<&[u8]> = chunk.iter().map(Vec::as_slice).collect();
        pieces.push(&last);
        both.send(&pieces);
        both.send(&[&pieces.concat()]);
    }
}

/// Requests in which it is doubtful where they end.
const DOUBTFUL: [&str; 43] = [
    "{start}Content-Length: {len}\r\nContent-Length: {len}\r\n\r\n{body}",
    "{start}Content-Length: {len}\r\nContent-Length: 5\r\n\r\n{body}",
    "{start}Content-Length: {len}, {len}\r\n\r\n{body}",
    "{start}Content-Length: +{len}\r\n\r\n{body}",
    "{start}Content-Length: 0{len}\r\n\r\n{body}",
    "{start}Content-Length: -1\r\n\r\n{body}",
    "{start}Content-Length:\r\n\r\n{body}",
    "{start}Content-Length : {len}\r\n\r\n{body}",
    "{start} Content-Length: {len}\r\n\r\n{body}",
    "{start}X: a\r\n b\r\nContent-Length: {len}\r\n\r\n{body}",
    "{start}Content-Length: 99999999999999999999\r\n\r\n{body}",
    "{start}Content-Length: 5000000\r\n\r\n{body}",
    "{start}Content-Length: {more}\r\n\r\n{body}",
    "{start}Content-Length: {less}\r\n\r\n{body}",
    "{start}Content-Length: 0\r\n\r\n{hidden}",
    "{start}\r\n{hidden}",
    "{start}Transfer-Encoding: chunked\r\n\r\n{chunked}",
    "{start}Transfer-Encoding: chunked\r\nContent-Length: {len}\r\n\r\n{chunked}",
    "{start}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}{hidden}",
    "{start}Transfer-Encoding: xchunked\r\nContent-Length: {len}\r\n\r\n{body}",
    "{start}Transfer-Encoding: gzip, chunked\r\n\r\n{chunked}",
    "{start}transfer-encoding:\tchunked\r\nContent-Length: {len}\r\n\r\n{chunked}",
    "{start}Transfer-Encoding\0: chunked\r\nContent-Length: {len}\r\n\r\n{body}",
    "{start}Content-Length: {len}\r\nExpect: 100-continue\r\n\r\n{body}",
    "{start}Content-Length: {len}\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n{body}",
    "{start}Content-Length: {len}\r\nConnection: close\r\n\r\n{body}{hidden}",
    "{start}Content-Length: {len}\r\nConnection: keep-alive, close\r\n\r\n{body}{hidden}",
    "{start}Content-Length: {len}\nX-A: b\n\n{body}",
    "{start}Content-Length: {len}\r\nX-A: b\rX-B: c\r\n\r\n{body}",
    "{start}Content-Length: {len}\r\nX-A: b\0c\r\n\r\n{body}",
    "\r\n\r\n{start}Content-Length: {len}\r\n\r\n{body}",
    "{start}Content-Length: {len}\r\n\r\n{body}\r\n",
    "POST /api/event HTTP/1.0\r\nContent-Length: {len}\r\n\r\n{body}",
    "POST /api/event HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: {len}\r\n\r\n{body}",
    "POST /api/event HTTP/1.2\r\nContent-Length: {len}\r\n\r\n{body}",
    "POST /api/event\r\n\r\n{body}",
    "POST  /api/event HTTP/1.1\r\nContent-Length: {len}\r\n\r\n{body}",
    "post /api/event HTTP/1.1\r\nContent-Length: {len}\r\n\r\n{body}",
    "GET /pixel.gif?d=example.com&u=/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET {hidden}",
    "GET /pixel.gif?d=example.com&u=/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
    "GET /health HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET {hidden}",
    "GET /count?p=/x HTTP/1.1\r\nHost: example.com\r\n\r\n{hidden}",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{hidden}",
];

/// The same, as bytes, and some that are large.
fn doubtful() -> Vec<Vec<u8>> {
    let body = event("/s");
    let start = "POST /api/event HTTP/1.1\r\nHost: a.test\r\n";
    let (len, chunked) = (body.len(), format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
    let filled = |text: &str| {
        let text = text.replace("{start}", start).replace("{body}", &body).replace("{chunked}", &chunked);
        let text = text.replace("{hidden}", "GET /pixel.gif?d=example.com&u=/hidden HTTP/1.1\r\n\r\n");
        [("{len}", len), ("{more}", len + 7), ("{less}", len - 7)]
            .iter()
            .fold(text, |text, (key, number)| text.replace(key, &number.to_string()))
    };
    let large = [(6, 70), (6, 120), (15_800, 1), (20_000, 1), (40_000, 1)].map(|(bytes, times)| {
        let line = format!("X: {}\r\n", "y".repeat(bytes - 5)).repeat(times);
        format!("{{start}}{line}Content-Length: {{len}}\r\n\r\n{{body}}")
    });
    let spaces = format!("{{start}}Content-Length: 5000\r\n\r\n{}", " ".repeat(5_000));
    let all = DOUBTFUL.into_iter().map(str::to_owned).chain(large).chain([spaces]);
    all.map(|text| filled(&text).into_bytes()).collect()
}

#[test]
fn nothing_is_smuggled_behind_a_doubtful_end() {
    let both = Both::start();
    let first = request("GET", "/pixel.gif?d=example.com&u=/first", &[("Host", "a.test")], "");
    for request in doubtful() {
        both.send(&[&request, &last()]);
        let cut = request.len() / 2;
        both.send(&[&first, &request[..cut], &request[cut..], &last()]);
        both.send(&[&[first.as_slice(), &request, &last()].concat()]);
    }
}

#[test]
fn fuzzed_requests_in_random_pieces() {
    let both = Both::start();
    // Of thousands that all come from here it would be told once.
    both.fast.expect_in_log("nearly all hits come from one address");
    let corpus: Vec<Vec<u8>> =
        recorded().into_iter().chain(ours()).chain(doubtful()).filter(|bytes| bytes.len() < 4_000).collect();
    each_seed(|seed| {
        let mut dice = Dice(seed);
        let requests: Vec<Vec<u8>> = (0..=dice.below(3)).map(|_| dice.change(&corpus)).collect();
        let bytes = [requests.concat(), last()].concat();
        let mut cuts: Vec<usize> = (0..dice.below(4)).map(|_| dice.below(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> =
            cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).filter(|piece| !piece.is_empty()).collect();
        both.send(&pieces);
    });
}

#[test]
fn a_slow_sender_is_waited_for_and_a_stopping_server_answers_what_has_begun() {
    let mut world = World::start();
    let (address, message) = (
        world.url().trim_start_matches("http://").to_owned(),
        request("POST", "/api/event", &[agent()], &event("/slow")),
    );
    let connect = || TcpStream::connect(&address).unwrap();
    let (mut idle, mut slow, mut half) = (connect(), connect(), connect());
    let answer = |stream: &mut TcpStream| {
        let mut bytes = [0; 1_000];
        let len = stream.read(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..len]).into_owned()
    };
    for piece in message.chunks(message.len() / 3) {
        slow.write_all(piece).unwrap();
        thread::park_timeout(Duration::from_millis(700));
    }
    assert!(answer(&mut slow).starts_with("HTTP/1.1 202"));
    idle.write_all(&message).unwrap();
    assert!(answer(&mut idle).starts_with("HTTP/1.1 202"));
    // Where the first of two is answered, both have arrived.
    half.write_all(&[&message, &message[..message.len() - 5]].concat()).unwrap();
    assert!(answer(&mut half).starts_with("HTTP/1.1 202"));
    let ending = thread::spawn(move || {
        thread::park_timeout(Duration::from_millis(100));
        half.write_all(&message[message.len() - 5..]).unwrap();
        (answer(&mut half), answer(&mut idle), answer(&mut slow))
    });
    world.restart();
    let (half, idle, slow) = ending.join().unwrap();
    assert!(half.starts_with("HTTP/1.1 202") && idle.is_empty() && slow.is_empty(), "{half} {idle} {slow}");
    let query = json!({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "day"});
    assert_eq!(world.query(query).json()["results"][0]["metrics"], json!([4]));
}
