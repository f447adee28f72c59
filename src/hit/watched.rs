//! In: a hit's page and event, its money as sent, and what the site watches. Out: the patterns and steps that the hit is, and
//! the amount. Forgets: how the amount was written.

use std::sync::Arc;

use super::Hit;
use crate::beacon::{Kind, Revenue};
use crate::cell::{Axis, Condition, DIMENSIONS, Dimension, NOT_SET, OTHER};
use crate::limits;
use crate::site::{NamedValues, Site, Target};

/// What of a hit is watched by the site's owner. Most hits have nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// The patterns among the site's goals that the page fits, each once.
    pub patterns: Vec<Arc<str>>,
    /// Funnels by number, and the steps of them that the hit is, one bit each.
    pub steps: Vec<(u32, u32)>,
    /// Whether the owner has named the page, as a goal or as a step of a funnel.
    pub is_declared_page: bool,
    /// The same of the event.
    pub is_declared_event: bool,
    /// The dimensions whose values are named by segments of the site, a bit for the number of each.
    pub named: u64,
    /// The properties whose keys they name, a bit for the place of each.
    pub named_keys: u32,
    /// Those of which they name the value too.
    pub named_props: u32,
    /// Money that the event brought.
    pub money: Option<Money>,
    /// The keys of the hit's properties that the owner has named, each once.
    pub properties: Vec<Arc<str>>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Thousandths of the currency's unit, which no currency divides further.
    pub thousandths: i64,
    /// ISO 4217, upper case.
    pub currency: String,
}

/// What of a hit is watched.
pub fn watched(
    site: &Site,
    (page, props): (&str, &[(String, String)]),
    kind: &Kind,
    revenue: Option<&Revenue>,
) -> Watched {
    let event = match kind {
        Kind::Pageview => None,
        Kind::Event { name, .. } => Some(name.as_str()),
        Kind::Engagement { .. } => return Watched::default(),
    };
    let mut watched = Watched { money: revenue.filter(|_| event.is_some()).and_then(money), ..Watched::default() };
    for goal in &site.settings.goals {
        watched.note_name(&goal.target, page, event);
        if let Target::Pattern(pattern) = &goal.target
            && goal.target.is(page, event)
            && !watched.patterns.iter().any(|known| **known == **pattern)
        {
            watched.patterns.push(Arc::from(pattern.as_str()));
        }
    }
    for funnel in &site.settings.funnels {
        funnel.steps.iter().for_each(|step| watched.note_name(step, page, event));
        let steps = funnel.steps_of(page, event);
        if steps != 0 {
            watched.steps.push((funnel.number, steps));
        }
    }
    for named in &site.settings.properties {
        let is_carried = props.iter().any(|(key, _)| *key == named.key);
        watched.properties.extend(is_carried.then(|| Arc::from(named.key.as_str())));
    }
    watched
}

/// The values that the segments of a site name. Parts of values name none: too many may have them.
fn named_values(site: &Site) -> NamedValues {
    let mut named = NamedValues::default();
    for segment in &site.settings.segments {
        let Ok(condition) = Condition::read(&segment.condition) else { continue };
        for filter in condition.tests() {
            let values = filter.test.named_either_way().unwrap_or_default();
            let values: Vec<String> =
                values.iter().filter(|value| ![NOT_SET, OTHER].contains(&value.as_str())).cloned().collect();
            match &filter.axis {
                Axis::Of(dimension) => named.add(dimension.named_by() as u8, &values),
                Axis::Prop { key, .. } => named.properties.entry(key.to_string()).or_default().extend(values),
                _ => {}
            }
        }
    }
    named
}

fn bit_of(dimension: u8) -> u64 {
    1_u64.checked_shl(dimension.into()).unwrap_or(0)
}

impl Hit {
    /// The same, which says what of it the segments of its site name.
    pub(super) fn noting_names(mut self, site: &Site) -> Hit {
        self.watched = std::mem::take(&mut self.watched).with_named(&self, site);
        self
    }
}

impl Watched {
    /// Takes note of what the segments of its site name of a hit.
    #[must_use]
    pub fn with_named(mut self, hit: &Hit, site: &Site) -> Watched {
        if site.settings.segments.is_empty() || matches!(hit.kind, Kind::Engagement { .. }) {
            return self;
        }
        let named = site.settings.named.get(|| named_values(site));
        for (number, values) in &named.dimensions {
            let row = DIMENSIONS.0.iter().find(|row| row.dimension as u8 == *number);
            if row.is_some_and(|row| values.contains(hit.value(row.dimension))) {
                self.named |= bit_of(*number);
            }
        }
        for (place, (key, value)) in (0..u32::BITS).zip(&hit.props) {
            if let Some(values) = named.properties.get(key) {
                self.named_keys |= 1 << place;
                self.named_props |= u32::from(values.contains(value)) << place;
            }
        }
        self
    }

    /// Whether the owner has named the hit's value of a dimension, in whichever way.
    pub fn names(&self, dimension: Dimension) -> bool {
        let is_target = match dimension {
            Dimension::Page => self.is_declared_page,
            Dimension::Event => self.is_declared_event,
            _ => false,
        };
        is_target || self.named & bit_of(dimension as u8) != 0
    }

    /// Whether a segment names the key, and the value, of the hit's property at a place.
    pub fn names_prop(&self, place: usize) -> (bool, bool) {
        let bit = u32::try_from(place).ok().and_then(|place| 1_u32.checked_shl(place)).unwrap_or(0);
        (self.named_keys & bit != 0, self.named_props & bit != 0)
    }

    /// Takes note if the owner has named the page or the event of a hit.
    fn note_name(&mut self, target: &Target, page: &str, event: Option<&str>) {
        match target {
            Target::Page(_) => self.is_declared_page |= target.is(page, event),
            Target::Event(_) => self.is_declared_event |= target.is(page, event),
            Target::Pattern(_) => {}
        }
    }
}

/// An amount as sent, a decimal number, rounded half up to thousandths; nothing if it is no number or out of all bounds.
fn money(revenue: &Revenue) -> Option<Money> {
    let amount: f64 = revenue.amount.parse().ok()?;
    let is_usual = amount.is_finite() && amount.abs() <= limits::AMOUNT_MAX;
    is_usual.then(|| Money {
        // Bounded above, so that it fits; below 2^53, so that halves are exact.
        thousandths: (amount * 1_000.0).round() as i64,
        currency: revenue.currency.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Domain, Funnel, Goal, Moment, Schedule, Segment, Settings, SiteId};

    fn site() -> Site {
        let goal = |text: &str| Goal { name: text.into(), target: Target::read(text), since_ms: 0 };
        let steps = vec![Target::read("/"), Target::read("Signup")];
        let funnels = vec![Funnel { number: 3, name: "Join".into(), steps, since_ms: 0 }];
        let goals = ["/blog/**", "/blog/*", "/", "Signup"].map(goal).to_vec();
        Site {
            id: SiteId(1),
            domain: Domain::parse("example.com").unwrap(),
            schedule: Schedule::utc(),
            settings: Settings { goals, funnels, ..Settings::default() },
            added: Moment(0),
        }
    }

    #[test]
    fn a_page_fits_patterns_and_steps() {
        let found = watched(&site(), ("/blog/a", &[]), &Kind::Pageview, None);
        assert_eq!(found.patterns, ["/blog/**".into(), "/blog/*".into()] as [Arc<str>; 2]);
        assert_eq!(watched(&site(), ("/", &[]), &Kind::Pageview, None).steps, [(3, 0b01)]);
        let signup = Kind::Event { name: "Signup".into(), interactive: true };
        assert_eq!(watched(&site(), ("/blog/a", &[]), &signup, None).steps, [(3, 0b10)]);
        assert_eq!(watched(&site(), ("/", &[]), &Kind::Engagement { ms: 1, scroll: None }, None), Watched::default());
        let declared = |page: &str, kind| {
            let watched = watched(&site(), (page, &[]), kind, None);
            (watched.is_declared_page, watched.is_declared_event)
        };
        assert_eq!(declared("/", &Kind::Pageview), (true, false));
        assert_eq!(declared("/blog/a", &Kind::Pageview), (false, false), "a pattern names no page");
        assert_eq!(declared("/blog/a", &signup), (false, true));
    }

    #[test]
    fn what_segments_name_is_found_by_bits() {
        let mut site = site();
        let condition = "country!=DE or entry_page=/a and page~/b or has_done prop:plan=pro or device=\"(not set)\"";
        let segment = |number| Segment { number, name: "S".into(), condition: condition.into(), since_ms: 0 };
        site.settings.segments = vec![segment(1)];
        let named = named_values(&site);
        let of = |dimension: Dimension| {
            let found = named.dimensions.iter().find(|(number, _)| *number == dimension as u8);
            found.map_or(Vec::new(), |(_, values)| values.iter().cloned().collect::<Vec<_>>())
        };
        assert_eq!((of(Dimension::Country), of(Dimension::Page)), (vec!["DE".to_owned()], vec!["/a".to_owned()]));
        assert_eq!((of(Dimension::Device), named.properties["plan"].len()), (Vec::new(), 1), "a part names nothing");
        let bits = Watched {
            named: bit_of(Dimension::Country as u8),
            named_keys: 0b11,
            named_props: 0b10,
            ..Watched::default()
        };
        assert!(bits.names(Dimension::Country) && !bits.names(Dimension::Page));
        assert_eq!(
            [0, 1, 2, 40].map(|place| bits.names_prop(place)),
            [(true, false), (true, true), (false, false), (false, false)]
        );
    }

    #[test]
    fn amounts_are_thousandths() {
        let signup = Kind::Event { name: "Signup".into(), interactive: true };
        let read = |amount: &str, kind: &Kind| {
            let revenue = Revenue { amount: amount.into(), currency: "EUR".into() };
            watched(&site(), ("/", &[]), kind, Some(&revenue)).money.map(|money| money.thousandths)
        };
        for (amount, expected) in [
            ("29.99", Some(29_990)),
            ("-5", Some(-5_000)),
            ("0.0005", Some(1)),
            ("1e3", Some(1_000_000)),
            ("1e300", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(read(amount, &signup), expected, "{amount}");
        }
        assert_eq!(read("1", &Kind::Pageview), None);
    }
}
