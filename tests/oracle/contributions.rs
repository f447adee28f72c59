//! What hits book one by one is what those who sent them count for; and names that give way leave figures as if they had been
//! `(other)` from the start.

use std::sync::Arc;

use headcount::cell::{Axis, Cell, Dimension, GoneName, NOT_SET, OTHER, Tally, Use};
use headcount::counts::{Name, OpenDay};
use headcount::hit::{Hit, Kind};
use headcount::site::Hour;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::streams::{Stream, config, play, stream};
use super::{Table, joined, watched};
use crate::scenario::depth1::{OpenDays, hits};

/// Numbers of a day by hour, and over the day.
type OfDay = Table<(Option<Hour>, Cell<Name>), Tally>;

/// What those who are remembered count for.
fn contributed(day: &OpenDay) -> OfDay {
    let sums = day.contributions();
    let hours = sums.hours.into_iter().map(|(cell, hour, tally)| ((Some(hour), cell), tally));
    hours.chain(sums.days.into_iter().map(|(cell, tally)| ((None, cell), tally))).collect()
}

/// What a day has handed out, money aside.
fn booked(days: &OpenDays, day: &OpenDay) -> OfDay {
    let is_here = |site, of| (site, of) == (day.site, day.day);
    let hours = days.hours.iter().filter(|((site, of, ..), _)| is_here(*site, *of));
    let hours = hours.map(|((_, _, hour, cell), tally)| ((Some(*hour), cell.clone()), *tally));
    let over_day = days.days.iter().filter(|((site, of, _), _)| is_here(*site, *of));
    let over_day = over_day.map(|((.., cell), tally)| ((None, cell.clone()), *tally));
    let is_left = |((_, cell), tally): &((Option<Hour>, Cell<Name>), Tally)| {
        !matches!(cell.axis, Axis::Revenue { .. }) && !tally.is_zero()
    };
    hours.chain(over_day).filter(is_left).collect()
}

fn same(counted: &OfDay, expected: &OfDay) -> Result<(), TestCaseError> {
    for key in counted.keys().chain(expected.keys()) {
        let [found, wanted] = [counted, expected].map(|table| table.get(key).copied().unwrap_or_default().columns());
        prop_assert_eq!(found, wanted, "counted, expected of {:?}", key);
    }
    Ok(())
}

fn marked(stream: &Stream) -> Vec<Hit> {
    let mut hits = hits(&stream.scenario);
    let from = hits.len() / 4;
    watched::mark(&mut hits, from);
    // What a page's time is cut to depends on the other times of its name; these are never cut.
    for hit in &mut hits {
        if let Kind::Engagement { ms, .. } = &mut hit.kind {
            *ms %= 5_000;
        }
    }
    hits
}

#[test]
fn what_hits_book_is_what_their_senders_count_for() {
    let compare = |stream: Stream| {
        let mut hits = hits(&stream.scenario);
        let from = hits.len() / 4;
        watched::mark(&mut hits, from);
        let (_, days) = play(&stream, &hits);
        days.all().try_for_each(|day| same(&booked(&days, day), &contributed(day)))
    };
    TestRunner::new(config(64)).run(&stream(), compare).unwrap_or_else(|error| panic!("{error}"));
}

/// A name that is to give way, as text.
#[derive(Debug, Clone)]
enum GoneText {
    Value(Dimension, String),
    Key(String),
    Property(String, String),
}

impl GoneText {
    /// One of the names of these hits.
    fn among(hits: &[Hit], pick: usize) -> GoneText {
        let hit = &hits[pick % hits.len()];
        if let (Some((key, value)), true) = (hit.props.first(), pick.is_multiple_of(3)) {
            let is_key = pick.is_multiple_of(2);
            return if is_key { GoneText::Key(key.clone()) } else { GoneText::Property(key.clone(), value.clone()) };
        }
        let dimension = Dimension::COUNTED[pick / 3 % Dimension::COUNTED.len()];
        let value = match dimension {
            Dimension::Pattern => watched::PATTERNS[pick % 2].to_owned(),
            Dimension::ChannelAndSource => joined(hit).to_owned(),
            dimension => hit.value(dimension).to_owned(),
        };
        GoneText::Value(dimension, value)
    }

    /// It in a day, if it was met there. What is missing, and pageviews, are always counted by name.
    fn of(&self, day: &OpenDay) -> Option<GoneName> {
        Some(match self {
            GoneText::Value(Dimension::Event, value) if value == "pageview" || value == "engagement" => return None,
            GoneText::Value(_, value) if value == NOT_SET => return None,
            GoneText::Value(dimension, value) => GoneName::In(Use::Value(*dimension), day.name(value)?),
            GoneText::Key(key) => GoneName::In(Use::Key, day.name(key)?),
            GoneText::Property(key, value) => GoneName::Property { key: day.name(key)?, value: day.name(value)? },
        })
    }

    /// Puts `(other)` in its place.
    fn replace_in(&self, hit: &mut Hit) {
        let other = || OTHER.to_owned();
        match self {
            GoneText::Value(dimension, value) if hit.value(*dimension) == value && value != NOT_SET => {
                replace(hit, *dimension);
            }
            GoneText::Value(Dimension::Pattern, value) => {
                let patterns = hit.watched.patterns.iter_mut().filter(|pattern| ***pattern == **value);
                patterns.for_each(|pattern| *pattern = OTHER.into());
            }
            GoneText::Value(..) => {}
            GoneText::Key(key) => {
                hit.props.iter_mut().filter(|prop| prop.0 == *key).for_each(|prop| *prop = (other(), other()));
            }
            GoneText::Property(key, value) => {
                let props = hit.props.iter_mut().filter(|prop| (&prop.0, &prop.1) == (key, value));
                props.for_each(|prop| prop.1 = other());
            }
        }
    }
}

fn replace(hit: &mut Hit, dimension: Dimension) {
    let other = || Some(OTHER.to_owned());
    let (agent, place) = (Arc::make_mut(&mut hit.agent), Arc::make_mut(&mut hit.place));
    match dimension {
        Dimension::Source => hit.origin.source = OTHER.into(),
        Dimension::Referrer => hit.origin.referrer = OTHER.into(),
        Dimension::Channel => hit.origin.channel = OTHER,
        Dimension::UtmSource => hit.campaign.utm_source = other(),
        Dimension::UtmMedium => hit.campaign.medium = other(),
        Dimension::UtmCampaign => hit.campaign.campaign = other(),
        Dimension::UtmContent => hit.campaign.content = other(),
        Dimension::UtmTerm => hit.campaign.term = other(),
        Dimension::Country => place.country = OTHER.into(),
        Dimension::Region => place.region = OTHER.into(),
        Dimension::City => place.city = OTHER.into(),
        Dimension::Browser => agent.browser = OTHER.into(),
        Dimension::BrowserVersion => agent.browser_version = OTHER.into(),
        Dimension::Os => agent.os = OTHER.into(),
        Dimension::OsVersion => agent.os_version = OTHER.into(),
        Dimension::Device => agent.device = OTHER,
        Dimension::Screen => hit.screen = Some(OTHER),
        Dimension::Language => hit.language = OTHER.to_owned(),
        Dimension::Page => hit.page = OTHER.to_owned(),
        Dimension::Hostname => hit.hostname = OTHER.to_owned(),
        Dimension::Event => {
            if let Kind::Event { name, .. } = &mut hit.kind {
                *name = OTHER.to_owned();
            }
        }
        _ => {}
    }
}

/// Plays the hits that count; at `cut` names give way.
fn displaced(stream: &Stream, counting: &[bool], cut: usize, gone: &[GoneText]) -> Result<OpenDays, TestCaseError> {
    let mut days = OpenDays::default();
    for (place, hit) in marked(stream).iter().enumerate() {
        if place == cut {
            days.all_mut().try_for_each(|day| displace(day, gone))?;
        }
        if stream.drains[place] {
            days.drain();
        }
        if counting[place] {
            days.take(hit).unwrap();
        }
    }
    days.drain();
    Ok(days)
}

fn displace(day: &mut OpenDay, gone: &[GoneText]) -> Result<(), TestCaseError> {
    let names: Vec<GoneName> = gone.iter().filter_map(|name| name.of(day)).collect();
    day.displace(&names);
    for name in &names {
        let is_gone = |cell: &Cell<Name>| match (name, &cell.axis) {
            (GoneName::In(Use::Value(of), value), Axis::Of(axis)) => {
                of == axis && day.name(&cell.value) == Some(*value)
            }
            (GoneName::In(Use::Key, gone), Axis::Prop { key, .. }) => day.name(key) == Some(*gone),
            (GoneName::Property { key: of, value }, Axis::Prop { key, .. }) => {
                (day.name(key), day.name(&cell.value)) == (Some(*of), Some(*value))
            }
            _ => false,
        };
        prop_assert!(!contributed(day).keys().any(|(_, cell)| is_gone(cell)), "{:?} is left", name);
    }
    Ok(())
}

/// The same where the names were `(other)` until then.
fn replaced(stream: &Stream, counting: &[bool], cut: usize, gone: &[GoneText]) -> OpenDays {
    let mut hits = marked(stream);
    for hit in &mut hits[..cut] {
        gone.iter().for_each(|name| name.replace_in(hit));
    }
    let mut days = OpenDays::default();
    hits.iter().zip(counting).filter(|(_, counts)| **counts).for_each(|(hit, _)| days.take(hit).unwrap());
    days
}

#[test]
fn names_that_give_way_might_have_been_other_from_the_start() {
    let compare = |(stream, cut, picks): (Stream, prop::sample::Index, Vec<usize>)| {
        let hits = marked(&stream);
        let (counting, _) = play(&stream, &hits);
        let gone: Vec<GoneText> = picks.into_iter().map(|pick| GoneText::among(&hits, pick)).collect();
        // Of one hit at most one key gives way: two would be one property from the start.
        let is_key = |name: &&GoneText| matches!(name, GoneText::Key(_));
        let keys = gone.iter().filter(is_key).count();
        let gone: Vec<GoneText> = gone.into_iter().filter(|name| keys <= 1 || !is_key(&name)).collect();
        let cut = cut.index(hits.len());
        let (counted, expected) =
            (displaced(&stream, &counting, cut, &gone)?, replaced(&stream, &counting, cut, &gone));
        for (day, expected) in counted.all().zip(expected.all()) {
            same(&booked(&counted, day), &contributed(day))?;
            let (mut counted, mut expected) = (contributed(day), contributed(expected));
            // No hit can say that its channel and source are others in one alone.
            let is_joined = |name: &GoneText| matches!(name, GoneText::Value(Dimension::ChannelAndSource, _));
            for table in [&mut counted, &mut expected] {
                let axis = Axis::Of(Dimension::ChannelAndSource);
                table.retain(|(_, cell), _| cell.axis != axis || !gone.iter().any(is_joined));
            }
            same(&counted, &expected)?;
        }
        Ok(())
    };
    let case = (stream(), any::<prop::sample::Index>(), prop::collection::vec(0..10_000_usize, 1..5));
    TestRunner::new(config(128)).run(&case, compare).unwrap_or_else(|error| panic!("{error}"));
}
