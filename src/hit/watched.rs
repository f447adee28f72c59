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
    /// Money that the event brought.
    pub money: Option<Money>,
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
pub fn watched(site: &Site, page: &str, kind: &Kind, revenue: Option<&Revenue>) -> Watched {
    let event = match kind {
        Kind::Pageview => None,
        Kind::Event { name, .. } => Some(name.as_str()),
        Kind::Engagement { .. } => return Watched::default(),
    };
    let mut patterns: Vec<Arc<str>> = Vec::new();
    for goal in &site.settings.goals {
        if let Target::Pattern(pattern) = &goal.target
            && goal.target.is(page, event)
            && !patterns.iter().any(|known| **known == **pattern)
        {
            patterns.push(Arc::from(pattern.as_str()));
        }
    }
    let steps = site.settings.funnels.iter().map(|funnel| (funnel.number, funnel.steps_of(page, event)));
    let money = revenue.filter(|_| event.is_some()).and_then(money);
    Watched { patterns, steps: steps.filter(|(_, steps)| *steps != 0).collect(), money }
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
        let found = watched(&site(), "/blog/a", &Kind::Pageview, None);
        assert_eq!(found.patterns, ["/blog/**".into(), "/blog/*".into()] as [Arc<str>; 2]);
        assert_eq!(watched(&site(), "/", &Kind::Pageview, None).steps, [(3, 0b01)]);
        let signup = Kind::Event { name: "Signup".into(), interactive: true };
        assert_eq!(watched(&site(), "/blog/a", &signup, None).steps, [(3, 0b10)]);
        assert_eq!(watched(&site(), "/", &Kind::Engagement { ms: 1, scroll: None }, None), Watched::default());
    }

    #[test]
    fn amounts_are_thousandths() {
        let signup = Kind::Event { name: "Signup".into(), interactive: true };
        let read = |amount: &str, kind: &Kind| {
            let revenue = Revenue { amount: amount.into(), currency: "EUR".into() };
            watched(&site(), "/", kind, Some(&revenue)).money.map(|money| money.thousandths)
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
