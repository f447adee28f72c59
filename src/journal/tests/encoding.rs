//! Few bytes, from which the same records are made; and bytes that never change within a version.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::header::{Belonging, FileKind, VERSION, written};
use super::super::record_code::{RecordDecoder, RecordEncoder};
use super::*;
use crate::beacon::screen_labelled;
use crate::cell::packed::Bytes;
use crate::hit::agent::device_named;
use crate::hit::path::Click;
use crate::hit::source::channel_named;
use crate::hit::token::Network;

fn encoded(records: &[Record]) -> Vec<u8> {
    let (mut encoder, mut bytes) = (RecordEncoder::default(), Vec::new());
    records.iter().for_each(|record| encoder.put(&mut bytes, record));
    bytes
}

fn decoded(written: &[u8]) -> Result<Vec<String>, Unreadable> {
    let (mut decoder, mut bytes, mut found) = (RecordDecoder::default(), Bytes::of(written), Vec::new());
    while !bytes.rest().is_empty() {
        found.push(told(&decoder.take(&mut bytes)?));
    }
    Ok(found)
}

/// The bytes of all records are those that this version has always written. Whoever changes them raises the version, and adds the
/// bytes of the new one: the test prints them.
#[test]
fn a_version_never_changes_what_it_writes() {
    let belonging = Belonging { database: DatabaseId::default(), journal: JournalId([7; 16]) };
    let mut text = String::new();
    for bytes in [written(FileKind::Segment, 1, &belonging).to_vec(), encoded(&all_records())] {
        bytes.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
        text.push('\n');
    }
    let path = format!("{}/src/journal/golden/{VERSION}.hex", env!("CARGO_MANIFEST_DIR"));
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(golden == text, "raise VERSION in header.rs and write golden/{{VERSION}}.hex:\n{text}");
}

/// Hits of a busy site: 2,000 pages, of which few are read often, 300 agents, 500 places, 200 ways to come; of ten hits two are pings
/// and one is an event with two properties.
fn busy_hits(count: u64) -> impl Iterator<Item = Hit> {
    let agents: Vec<_> = (0..300)
        .map(|number| Arc::new(Agent { browser_version: format!("Chrome {number}"), ..Agent::unknown() }))
        .collect();
    let place =
        |number| Place { country: "DE".into(), region: "DE-BE".into(), city: format!("City {number}, DE-BE").into() };
    let places: Vec<_> = (0..500).map(|number| Arc::new(place(number))).collect();
    let mut dice = 1_u64;
    let mut roll = move |sides: u64| {
        dice = dice.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (dice >> 33) % sides
    };
    (0..count).map(move |number| {
        let page = roll(2_000) * roll(2_000) / 2_000;
        let kind = match number % 10 {
            0 | 1 => Kind::Engagement { ms: 15_000 + roll(9_000), scroll: Some(60) },
            2 => Kind::Event { name: "Outbound Link: Click".into(), interactive: true },
            _ => Kind::Pageview,
        };
        let props = vec![("url".into(), format!("example.org/link/{}", roll(500))), ("path".into(), "/a".into())];
        Hit {
            at: Moment(1_780_304_400_000 + number as i64 * 12 + roll(12) as i64),
            page: format!("/articles/2026/a-title-that-is-long-{page}"),
            agent: agents[roll(300) as usize].clone(),
            place: places[roll(500) as usize].clone(),
            origin: Origin { referrer: format!("ref{}.example", roll(200)).into(), ..hit(0).origin },
            props: if number % 10 == 2 { props } else { Vec::new() },
            kind,
            ..hit(number)
        }
    })
}

#[test]
fn a_hit_takes_few_bytes() {
    let home = JournalHome::new();
    let mut journal = home.open();
    let count = 50_000;
    for hit in busy_hits(count) {
        journal.append_hit(&hit, how(&hit)).unwrap();
    }
    let per_hit = journal.segment_bytes() as f64 / count as f64;
    assert!((20.0..35.0).contains(&per_hit), "{per_hit} bytes");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-c]{1,2}", "/[a-zä☃]{0,40}"]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Pageview),
        (text(), any::<bool>()).prop_map(|(name, interactive)| Kind::Event { name, interactive }),
        (any::<u64>(), option::of(any::<u8>())).prop_map(|(ms, scroll)| Kind::Engagement { ms, scroll }),
    ]
}

fn campaign() -> impl Strategy<Value = Campaign> {
    let click =
        prop_oneof![Just(None), Just(Click::of_network("google", true)), Just(Click::of_network("facebook", false))];
    (proptest::array::uniform6(option::of(text())), click).prop_map(|(texts, click)| {
        let [source, utm_source, medium, campaign, content, term] = texts;
        Campaign { source, utm_source, medium, campaign, content, term, click }
    })
}

fn origin() -> impl Strategy<Value = Origin> {
    let channel = prop_oneof![Just("Direct"), Just("Email"), Just("SMS")];
    (text(), text(), channel).prop_map(|(source, referrer, channel)| {
        let channel = channel_named(channel).unwrap();
        Origin { source: source.into(), referrer: referrer.into(), channel }
    })
}

fn agent() -> impl Strategy<Value = Arc<Agent>> {
    (text(), text(), prop_oneof![Just("tv"), Just(crate::cell::NOT_SET)]).prop_map(|(browser, version, device)| {
        let (browser_version, os_version) = (version.clone(), version);
        let device = device_named(device).unwrap();
        Arc::new(Agent { browser: browser.clone().into(), browser_version, os: browser.into(), os_version, device })
    })
}

fn watched() -> impl Strategy<Value = Watched> {
    let money = (any::<i64>(), text()).prop_map(|(thousandths, currency)| Money { thousandths, currency });
    let patterns = vec(text().prop_map(Arc::from), 0..3);
    let declared = any::<(bool, bool, u64, u32, u32)>();
    let properties = vec(text().prop_map(Arc::from), 0..3);
    (patterns, vec(any::<(u32, u32)>(), 0..3), option::of(money), declared, properties).prop_map(
        |(patterns, steps, money, declared, properties)| Watched {
            patterns,
            steps,
            money,
            is_declared_page: declared.0,
            is_declared_event: declared.1,
            named: declared.2,
            named_keys: declared.3,
            named_props: declared.4,
            properties,
        },
    )
}

prop_compose! {
    fn any_hit()(
        (site, at, day, hour, token) in (0_u32..3, any::<i64>(), any::<i32>(), 0_u8..24, option::of(any::<u64>())),
        (kind, page, hostname, props) in (kind(), text(), text(), vec((text(), text()), 0..4)),
        (agent, country, region) in (agent(), text(), text()),
        (origin, campaign, language, screen) in (origin(), campaign(), text(), option::of(Just("xxl"))),
        (watched, mark, is_apart, network) in (watched(), option::of(any::<u64>()), any::<bool>(), option::of(any::<u32>())),
        (counted, left_out) in (any::<i64>(), 0_u32..1 << 24),
    ) -> HitRecord {
        let place = Arc::new(Place { country: country.clone().into(), region: region.into(), city: country.into() });
        let local = LocalHour { day: Day(day), hour: Hour(hour) };
        let (token, screen) = (token.map(Token::from_bits), screen.and_then(screen_labelled));
        let (site, at, network) = (SiteId(site), Moment(at), network.map(Network::from_bits));
        let hit = Hit {
            site, at, local, token, network, kind, page, hostname, props, agent, place, origin, campaign, language, screen, watched,
            collected: Collected::from_bits(left_out).expect("24 switches"),
        };
        HitRecord { hit, how: HowCounted { at: Moment(counted), mark, is_apart } }
    }
}

proptest! {
    #[test]
    fn any_hits_are_the_same_afterwards(hits in vec(any_hit(), 1..20), again in vec(any::<prop::sample::Index>(), 0..20)) {
        let mut records: Vec<Record> = Vec::new();
        let mut expected = Vec::new();
        let shared: Vec<Arc<Agent>> = hits.iter().map(|record| record.hit.agent.clone()).collect();
        for (at, mut record) in hits.into_iter().enumerate() {
            // Some share an agent by its address.
            if let Some(other) = again.get(at) {
                record.hit.agent = other.get(&shared).clone();
            }
            expected.push(told_hit(&record));
            records.push(Record::Hit(Box::new(record)));
        }
        prop_assert_eq!(decoded(&encoded(&records)), Ok(expected));
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in vec(any::<u8>(), 1..300)) {
        let _ = decoded(&bytes);
    }

    #[test]
    fn changed_bytes_are_read_without_harm(at in any::<prop::sample::Index>(), change in 1_u8..) {
        let mut bytes = encoded(&all_records());
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let _ = decoded(&bytes);
    }
}

#[test]
fn a_word_that_is_on_no_list_makes_a_record_unreadable() {
    for (word, wrong) in [("xl", "zz"), ("Organic Search", "Organic_Search"), ("google", "goggle")] {
        let bytes = encoded(&[rich_hit()]);
        assert!(decoded(&bytes).is_ok());
        let at = bytes.windows(word.len()).rposition(|window| window == word.as_bytes()).unwrap();
        let mut changed = bytes;
        changed[at..at + word.len()].copy_from_slice(wrong.as_bytes());
        assert_eq!(decoded(&changed), Err(Unreadable), "{word}");
    }
}
