//! In: a hit's page and event, its money as sent, and what the site watches. Out: the patterns and steps that the hit is, and
//! the amount. Forgets: how the amount was written.

use std::sync::Arc;

use crate::beacon::{Kind, Revenue};
use crate::limits;
use crate::site::{Site, Target};

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

impl Watched {
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
    use crate::site::{Domain, Funnel, Goal, Moment, Schedule, Settings, SiteId};

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
