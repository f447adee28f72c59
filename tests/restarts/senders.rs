//! Senders that go on over every end of the program and keep book of what was acknowledged, and a naive walk over their books.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::lives::{LifeAddress, Lives};

/// What the program calls a referrer, and the referrer.
const SOURCES: [(&str, &str); 4] = [
    ("Direct / None", ""),
    ("Google", "https://www.google.com/"),
    ("DuckDuckGo", "https://duckduckgo.com/"),
    ("Hacker News", "https://news.ycombinator.com/"),
];
const METRICS: [&str; 4] = ["visitors", "visits", "pageviews", "bounce_rate"];

/// A hit, and whether it was acknowledged.
#[derive(Debug, Clone)]
pub struct Sent {
    pub visitor: u32,
    pub page: String,
    pub is_acknowledged: bool,
}

/// A keep-alive connection.
pub struct Line(TcpStream);

impl Line {
    pub fn open(address: SocketAddrV4) -> io::Result<Line> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Line(stream))
    }

    /// Sends a pageview, and waits until it is acknowledged as accepted. Anything else than that or a closed connection is a failure.
    pub fn pageview(&mut self, visitor: u32, page: &str) -> io::Result<()> {
        let (_, referrer) = SOURCES[visitor as usize % SOURCES.len()];
        let url = format!("https://example.com{page}");
        let body = json!({"n": "pageview", "u": url, "d": "example.com", "r": referrer}).to_string();
        // Networks differ, as those of people do.
        let [_, a, b, c] = visitor.wrapping_mul(0x9e37_79b1).to_be_bytes();
        let head = format!(
            "POST /api/event HTTP/1.1\r\nhost: h\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 \
             Firefox/140.0\r\nx-forwarded-for: 44.{a}.{b}.{c}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.0.write_all((head + &body).as_bytes())?;
        let (mut answer, mut part) = (Vec::new(), [0; 1024]);
        while !answer.ends_with(b"\r\n\r\nok") {
            let count = self.0.read(&mut part)?;
            if count == 0 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            answer.extend_from_slice(&part[..count]);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 202") && !answer.contains("x-headcount-rejected"), "{answer}");
        Ok(())
    }
}

/// Sends hits until it is over. A page is of one sender and one connection, so that of each page one hit at the most, the
/// last, has no answer: how often the page was counted tells whether that hit was.
pub fn send(number: u32, address: &LifeAddress, over: &AtomicBool) -> Vec<Sent> {
    let (mut line, mut life, mut known, mut book) = (None, 0, 0, Vec::<Sent>::new());
    // A sequence of its own for each sender: of five hits, two come from somebody who was there before.
    let mut state = number + 1;
    while !over.load(Ordering::SeqCst) {
        let open = match line.take().map_or_else(|| Line::open(address.now()), Ok) {
            Ok(open) => line.insert(open),
            Err(_) => {
                std::thread::park_timeout(Duration::from_millis(2));
                continue;
            }
        };
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let comes_back = known > 0 && (state >> 16) % 5 < 2;
        let place = if comes_back { (state >> 8) % known } else { known };
        known += u32::from(!comes_back);
        let (visitor, page) = (number * 100_000 + place, format!("/life-{life}-of-{number}"));
        let is_acknowledged = open.pageview(visitor, &page).is_ok();
        book.push(Sent { visitor, page, is_acknowledged });
        if !is_acknowledged {
            (line, life) = (None, life + 1);
        }
        // Numbers of the live page are whole below ten thousand.
        std::thread::park_timeout(Duration::from_millis(1));
    }
    book
}

/// Sends a pageview of each, which must be acknowledged.
pub fn visit(lives: &Lives, visitors: impl Iterator<Item = u32>, page: &str) -> Vec<Sent> {
    let mut line = Line::open(lives.address().now()).unwrap();
    let mut send = |visitor| {
        line.pageview(visitor, page).unwrap();
        Sent { visitor, page: page.to_owned(), is_acknowledged: true }
    };
    visitors.map(&mut send).collect()
}

/// What became of the hits whose acknowledgement nobody saw: those that were counted count as the others do. Fails if an
/// acknowledged hit was lost, or any was doubled.
pub fn resolved(lives: &Lives, day: &str, book: &[Sent]) -> Vec<Sent> {
    let views = lives.rows(day, &["pageviews"], &["event:page"], json!([]));
    let mut pages: BTreeMap<&str, [i64; 2]> = BTreeMap::new();
    for sent in book {
        pages.entry(&sent.page).or_default()[usize::from(!sent.is_acknowledged)] += 1;
    }
    let wrong = |(page, [acknowledged, open]): (&&str, &[i64; 2])| {
        let counted = views.get(*page).map_or(0, |row| row[0]);
        let is_right = (*acknowledged..=acknowledged + open).contains(&counted);
        (!is_right).then(|| format!("{page}: {acknowledged} acknowledged, {open} open, {counted} counted"))
    };
    let wrong: Vec<String> = pages.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "of {} pages {}: {:#?}", pages.len(), wrong.len(), wrong);
    let is_counted =
        |sent: &&Sent| sent.is_acknowledged || views.get(&sent.page).is_some_and(|row| row[0] > pages[&*sent.page][0]);
    book.iter().filter(is_counted).cloned().collect()
}

type Rows = BTreeMap<String, Vec<i64>>;

/// Visitors, visits, pageviews and the bounce rate of the hits that `is_in` picks, by `value`. All hits are within half an hour,
/// so that each visitor has one visit; rates by page are those of visits that entered there.
fn walked<'a>(book: &'a [Sent], source: Option<&str>, value: impl Fn(&[&'a Sent], &'a Sent) -> &'a str) -> Rows {
    let mut visits: BTreeMap<u32, Vec<&Sent>> = BTreeMap::new();
    for sent in book.iter().filter(|sent| source.is_none_or(|source| self::source(sent.visitor) == source)) {
        visits.entry(sent.visitor).or_default().push(sent);
    }
    let mut rows: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    for visit in visits.values() {
        for sent in visit {
            rows.entry(value(visit, sent).to_owned()).or_default()[2] += 1;
        }
        for value in visit.iter().map(|sent| value(visit, sent)).collect::<BTreeSet<_>>() {
            let row = rows.get_mut(value).unwrap();
            (row[0], row[1], row[3]) = (row[0] + 1, row[1] + 1, row[3] + i64::from(visit.len() == 1));
        }
    }
    let rate = |[visitors, visits, pageviews, bounces]: [i64; 4]| {
        vec![visitors, visits, pageviews, (200 * bounces + visits) / (2 * visits)]
    };
    rows.into_iter().map(|(value, row)| (value, rate(row))).collect()
}

pub fn source(visitor: u32) -> &'static str {
    SOURCES[visitor as usize % SOURCES.len()].0
}

/// Compares totals, dimensions and pairs with a naive walk over the hits that were counted.
pub fn compare(lives: &Lives, day: &str, book: &[Sent]) {
    let all = walked(book, None, |_, _| "");
    assert_eq!(lives.rows(day, &METRICS, &[], json!([])), all, "totals");
    let sources = walked(book, None, |_, sent| source(sent.visitor));
    assert_eq!(lives.rows(day, &METRICS, &["visit:source"], json!([])), sources, "sources");
    for chosen in [None, Some(SOURCES[1].0), Some(SOURCES[3].0)] {
        let filters = chosen.map_or(json!([]), |source| json!([["is", "visit:source", [source]]]));
        let rows = |metrics: &[&str], dimension: &str| lives.rows(day, metrics, &[dimension], filters.clone());
        assert_eq!(rows(&METRICS, "visit:entry_page"), walked(book, chosen, |visit, _| &visit[0].page), "{chosen:?}");
        let exits = walked(book, chosen, |visit, _| &visit[visit.len() - 1].page);
        assert_eq!(rows(&METRICS, "visit:exit_page"), exits, "{chosen:?}");
        let mut pages = walked(book, chosen, |_, sent| &sent.page);
        pages.values_mut().for_each(|row| row.truncate(3));
        assert_eq!(rows(&METRICS[..3], "event:page"), pages, "{chosen:?}");
    }
}
