//! Readers of what comes from outside, each with what must hold whatever it is given. Both the loop of `tests/fuzz.rs` and the
//! coverage-guided fuzzer of `tests/fuzz/guided` feed them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use headcount::audit::summary;
use headcount::beacon::log::{Read, Reader, Rules, looks_like};
use headcount::beacon::mail::{Act, Link, asker, of_picture};
use headcount::beacon::objects::Objects;
use headcount::beacon::{
    Beacon, ClientIp, NO_HINTS, Request, address, fathom, goatcounter, matomo, pixel, plausible, simple, umami,
};
use headcount::cell::packed::{self, ColumnBlock};
use headcount::config::{Config, networks};
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::hit::token::Salt;
use headcount::hit::{Arrival, Tools, make};
use headcount::limits;
use headcount::notice::NoticeLanguages;
use headcount::page::words::Language;
use headcount::report::query::QueryRequest;
use headcount::site::{Domain, Moment, Schedule, SettingContext, Settings, Site, SiteChange, SiteId};
use headcount::view::SiteView;

/// What is done with an input.
pub type Reading = fn(&[u8]);

/// All readers, by name.
pub const READERS: [(&str, Reading); 20] = [
    ("plausible", |input| request(input, |request| plausible::parse(request).unwrap_or_default())),
    ("pixel", |input| request(input, |request| pixel::parse(request).unwrap_or_default())),
    ("umami", |input| request(input, |request| umami::parse(request).into_iter().collect())),
    ("umami_batch", |input| {
        request(input, |request| umami::parse_batch(request).into_iter().flatten().flatten().collect());
    }),
    ("goatcounter", |input| request(input, |request| goatcounter::parse(request, SITE).into_iter().collect())),
    ("goatcounter_api", |input| {
        request(input, |request| goatcounter::parse_api(request, SITE).into_iter().flatten().flatten().collect());
    }),
    ("matomo", |input| {
        request(input, |request| {
            matomo::parse(request).into_iter().flat_map(|parsed| parsed.items).flatten().collect()
        });
    }),
    ("fathom", |input| request(input, |request| fathom::parse(request).into_iter().collect())),
    ("simple", |input| {
        request(input, |request| simple::parse(request).into_iter().chain(simple::parse_append(request)).collect());
    }),
    ("objects", objects),
    ("logs", logs),
    ("addresses", addresses),
    ("head", head),
    ("query", query),
    ("view", view),
    ("settings", settings),
    ("configuration", configuration),
    ("packed", packed),
    ("journal", journal),
    ("texts", texts),
];

const SITE: &str = "example.test";

static TOOLS: LazyLock<Tools> = LazyLock::new(|| Tools { agents: Agents::new(), places: Places::none() });

fn site() -> Site {
    let domain = Domain::parse(SITE).unwrap();
    Site { id: SiteId(1), domain, schedule: Schedule::utc(), settings: Settings::default(), added: Moment(0) }
}

/// The input as a query, a header and a body, by turns; what is read becomes hits.
fn request(input: &[u8], read: impl Fn(&Request<'_>) -> Vec<Beacon>) {
    let query = String::from_utf8_lossy(input);
    let ask = |query, body| Request {
        query,
        body,
        address: ClientIp(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        way: address::Way::default(),
        user_agent: "Mozilla/5.0",
        hints: &NO_HINTS,
        accept_language: "en",
        referer: query,
        origin: "https://example.test",
        forwarded: query,
        opted_out: false,
        prefetch: false,
    };
    for request in [ask(&query, b""), ask("", input)] {
        for beacon in read(&request) {
            assert!(!beacon.site.is_empty());
            assert!(beacon.referrer.len() <= limits::URL_BYTES_MAX);
            assert!(beacon.props.len() <= limits::PROPS_MAX && beacon.language.len() <= 3);
            let fits = |(key, value): &(String, String)| {
                key.len() <= limits::PROP_KEY_BYTES_MAX && value.len() <= limits::PROP_VALUE_BYTES_MAX
            };
            assert!(beacon.props.iter().all(fits));
            count(beacon);
        }
    }
}

/// Makes a hit of a beacon, whose names have room in a cell.
fn count(beacon: Beacon) {
    let (site, now) = (site(), Moment(1_800_000_000_000));
    let arrival = Arrival { at: now, local: site.schedule.locate(now) };
    if let Ok(hit) = make(beacon, &site, arrival, &Salt::from_bytes(&[7; 32]), &TOOLS) {
        for name in [&hit.page, &hit.hostname] {
            assert!(name.len() <= limits::URL_BYTES_MAX && !name.contains(['\0', '\n']), "{name:?}");
        }
    }
}

fn objects(input: &[u8]) {
    let mut objects = Objects::default();
    for piece in input.chunks(7) {
        objects.add(piece);
        while let Ok(Some(object)) = objects.cut_next() {
            assert!(object.len() <= limits::BULK_HIT_BYTES_MAX && object.starts_with(b"{"));
        }
    }
}

/// An input as a log, and as what an operator calls its format.
fn logs(input: &[u8]) {
    let keys = r#"{"a":"$remote_addr","b":"$time_local","c":"$request","d":"$status"}"#;
    let named = ["combined", "json", "w3c", "haproxy", "%h %t \"%r\" %s", keys];
    let site = site().domain;
    for format in std::iter::once(None).chain(named.map(Some)) {
        let mut reader = Reader::named(format).unwrap();
        reader.look(input);
        for line in input.split(|byte| *byte == b'\n') {
            if let Read::Line(read) = reader.read(line)
                && let Ok(beacon) = read.beacon(&site, &Rules::default())
            {
                assert!(beacon.url.starts_with("https://"));
            }
            let _ = (reader.time(line), reader.is_whole(line));
        }
    }
    let told = looks_like(input);
    assert!(told.len() < 2_000, "{told}");
    let _ = Reader::named(std::str::from_utf8(input).ok());
}

fn addresses(input: &[u8]) {
    let by_header = ["Forwarded", "X-Real-IP", "CloudFront-Viewer-Address"].map(address::ClientHeader::new);
    let of_header = |header| address::Trust { header, ..address::Trust::default() };
    for trust in by_header.into_iter().map(of_header).chain([address::Trust::default()]) {
        address::of_client(Ipv4Addr::LOCALHOST.into(), |_| std::iter::once(input), &trust);
    }
    let (alone, with_port) = (address::node(input), address::node_and_port(input));
    assert_eq!(alone.is_some(), with_port.is_some(), "one reading finds an address where the other finds none");
    let text = String::from_utf8_lossy(input);
    let _ = (of_picture(&text), Link::of_text(&text), Link::to(SITE, &text, &text, &text), networks(&text));
    request(input, |request| {
        asker(&Request { user_agent: request.query, ..*request }, Act::Clicked, false, false);
        Vec::new()
    });
}

/// Bytes of a connection.
fn head(input: &[u8]) {
    assert!(headcount::server::first_plain_request(input).is_none_or(|bytes| bytes <= input.len()));
}

/// A question of a program.
fn query(input: &[u8]) {
    if let Ok(request) = QueryRequest::parse(input) {
        let _ = request.resolve(&site(), Moment(1_800_000_000_000), None);
    }
}

/// The part of an address behind `?`, of a dashboard's page. What it says is written again as it was read.
fn view(input: &[u8]) {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(input).into_owned().collect();
    let (site, words) = (site(), Language::English.words());
    let now = Moment(1_800_000_000_000);
    if let Ok(view) = SiteView::read(&site, &pairs, now, words) {
        let here = view.here();
        let again: Vec<(String, String)> = here
            .split_once('?')
            .map_or_else(Vec::new, |(_, query)| url::form_urlencoded::parse(query.as_bytes()).into_owned().collect());
        let again = SiteView::read(&site, &again, now, words).expect("what was read");
        assert_eq!(again.here(), here);
        let _ = view.range(now, None);
    }
    let _ = SiteView::public(&site, "/share/x".into(), &pairs, words);
}

/// Settings of a site as JSON has them.
fn settings(input: &[u8]) {
    let Ok(change) = serde_json::from_slice::<SiteChange>(input) else { return };
    let domain = Domain::parse(SITE).unwrap();
    let context = SettingContext {
        now: headcount::site::Moment(0),
        domain: &domain,
        other_with: &|_| None,
        is_country: &|code| code.len() == 2,
        counted: &|path, _| Ok(path.to_owned()),
    };
    let mut settings = Settings::default();
    if change.apply(&mut settings, &context).is_ok() {
        let _ = headcount::site::SiteSetting::all().count();
    }
}

/// The values of a configuration, one in a line as a variable of the environment has it.
fn configuration(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let _ = Config::load(None, std::iter::empty(), &[(key, value.to_owned())]);
    }
}

/// Cells as the store packs them, and column blocks of pairs. What can be read is the same when it is packed again.
fn packed(input: &[u8]) {
    if let Ok(cells) = packed::unpack_all(input) {
        assert!(cells.len() <= input.len().saturating_mul(limits::CHUNK_CELLS_MAX));
        if cells.is_sorted_by(|(a, _), (b, _)| a < b) {
            let again = packed::pack(cells.iter().copied());
            assert_eq!(packed::unpack_all(&again).expect("what was packed"), cells);
        }
    }
    let _ = packed::visitors(input, |_, _| {});
    if let Ok(block) = ColumnBlock::open(input) {
        let _ = block.visitors(|_, _| {});
        for table in block.tables() {
            let _ = block.each(table, 0..=u32::MAX, |_| true, |_, _| {});
            let _ = block.each_of_second(table, 1, |_, _| {});
        }
    }
}

fn journal(input: &[u8]) {
    let _ = headcount::journal::records(input);
}

/// Texts of a language, a signed summary, an agent.
fn texts(input: &[u8]) {
    let text = String::from_utf8_lossy(input).into_owned();
    let _ = summary::verified(&text, None);
    let _ = TOOLS.agents.classify(&text, &NO_HINTS, false);
    let languages = NoticeLanguages::of(vec![("it".into(), Ok(text.clone()))]);
    let _ = languages.accepted(&text);
    let _ = Domain::parse(&text);
}
