//! The visits of a day at a made-up site, each with all its steps.

use super::dice::Dice;
use super::people::{BROWSERS, Home};
use super::sites::{Action, SiteShape, VisitOrigin};
use crate::hit::Kind;
use crate::limits;

/// A made-up visit.
#[derive(Debug, Clone)]
pub struct PlannedVisit {
    /// What tells its visitor from others of the day.
    pub who: u64,
    /// Place of the browser in [`BROWSERS`].
    pub browser: usize,
    /// Class of the window's width.
    pub screen: &'static str,
    /// Place of the home in [`SiteShape::homes`].
    pub home: usize,
    /// Place of the origin in [`SiteShape::origins`].
    pub origin: usize,
    /// When it begins, in milliseconds since the day began.
    pub start_ms: i64,
    /// What happens, in order.
    pub steps: Vec<PlannedStep>,
}

/// One beacon of a visit.
#[derive(Debug, Clone)]
pub struct PlannedStep {
    /// When, in milliseconds since the visit began.
    pub after_ms: i64,
    /// The page.
    pub page: &'static str,
    /// What is told.
    pub kind: Kind,
    /// The property, if there is one.
    pub prop: Option<(&'static str, &'static str)>,
    /// What it brings, in euros.
    pub euros: Option<&'static str>,
}

/// A day of a site, as far as it matters for who comes.
#[derive(Debug, Clone, Copy)]
pub struct Date {
    /// How many days before the last one it is.
    pub days_ago: i32,
    /// 0 for Monday.
    pub weekday: i32,
}

/// Most pageviews of a visit.
const PAGEVIEWS_MAX: usize = 14;
/// Of how many visitors of the day one comes again.
const COMES_AGAIN: f64 = 0.13;
/// Of how many pageviews the ping arrives: some browsers are closed too fast.
const PINGS: f64 = 0.82;
/// Of how many visits the page is one that no longer exists.
const LOST: f64 = 0.007;

/// How many visits a day has.
pub fn visits(shape: &SiteShape, date: Date, dice: &mut Dice) -> u64 {
    let grown = 1.0 - f64::from(date.days_ago.min(365)) / 365.0;
    let usual = shape.visits.0 + (shape.visits.1 - shape.visits.0) * grown;
    let weekend = if date.weekday >= 5 { shape.weekend } else { 1.0 };
    // Two slow waves that never meet, and what chance adds.
    let phase = f64::from(date.days_ago);
    let waves = 1.0 + 0.07 * (phase / 9.1).sin() + 0.05 * (phase / 31.0).cos();
    let noise = 0.92 + 0.16 * dice.unit();
    let beside: f64 = shape.origins.iter().map(|origin| surge(origin, date)).sum();
    (usual * weekend * waves * noise + beside).round() as u64
}

/// Visits that an origin brings beside the usual ones.
fn surge(origin: &VisitOrigin, date: Date) -> f64 {
    let Some((first, _)) = origin.days_ago.filter(|_| is_open(origin, date)) else { return 0.0 };
    origin.surge / 3_f64.powi(first - date.days_ago)
}

fn is_open(origin: &VisitOrigin, date: Date) -> bool {
    origin.days_ago.is_none_or(|(first, last)| (last..=first).contains(&date.days_ago))
}

/// All visits of a day, by their start.
pub fn day(shape: &SiteShape, date: Date, dice: &mut Dice) -> Vec<PlannedVisit> {
    let mut visits: Vec<PlannedVisit> = Vec::new();
    for _ in 0..self::visits(shape, date, dice) {
        let hour = dice.place(shape.hours.iter().copied()) as i64;
        let start_ms = hour * 3_600_000 + dice.below(3_600_000) as i64;
        let again = dice.chance(COMES_AGAIN).then(|| dice.below(visits.len() as u64) as usize);
        let mut visit = visit(shape, date, start_ms, dice);
        if let Some(before) = again.and_then(|place| visits.get(place)) {
            visit = PlannedVisit {
                who: before.who,
                browser: before.browser,
                screen: before.screen,
                home: before.home,
                ..visit
            };
        }
        visits.push(visit);
    }
    visits.sort_by_key(|visit| visit.start_ms);
    visits
}

/// One visit that begins at `start_ms`.
pub fn visit(shape: &SiteShape, date: Date, start_ms: i64, dice: &mut Dice) -> PlannedVisit {
    let browser = dice.place(BROWSERS.iter().map(|(weight, _)| *weight));
    let screen = *dice.pick(BROWSERS[browser].1.screens);
    let home = dice.place(shape.homes.iter().map(|(weight, _): &(u32, Home)| *weight));
    let origin = origin(shape, date, dice);
    let steps = steps(shape, &shape.origins[origin], dice);
    PlannedVisit { who: dice.bits(), browser, screen, home, origin, start_ms, steps }
}

/// An origin of the day. Those that surge weigh what they bring, against all usual ones together.
fn origin(shape: &SiteShape, date: Date, dice: &mut Dice) -> usize {
    let usual: u32 = shape.origins.iter().filter(|origin| is_open(origin, date)).map(|origin| origin.weight).sum();
    let visits = (shape.visits.0 + shape.visits.1) / 2.0;
    let weight = |origin: &VisitOrigin| match is_open(origin, date) {
        false => 0,
        true => origin.weight + (surge(origin, date) / visits * f64::from(usual)) as u32,
    };
    dice.place(shape.origins.iter().map(weight))
}

fn steps(shape: &SiteShape, origin: &VisitOrigin, dice: &mut Dice) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    let mut at_ms = 0;
    let mut page = if origin.page.is_empty() { first_page(shape, origin, dice) } else { origin.page };
    let views = match dice.chance(f64::from(origin.bounces) / 100.0) {
        true => 1,
        false => 2 + (dice.about(1.6) as usize).min(PAGEVIEWS_MAX - 2),
    };
    let is_lost = dice.chance(LOST);
    if is_lost {
        page = *dice.pick::<&str>(shape.lost);
    }
    for _ in 0..views {
        at_ms += look(shape, page, at_ms, &mut steps, dice);
        page = next_page(shape, page, dice);
    }
    if is_lost {
        steps.insert(1, not_found(steps[0].page));
    }
    steps
}

/// Visits that nobody sent begin at home more often.
fn first_page(shape: &SiteShape, origin: &VisitOrigin, dice: &mut Dice) -> &'static str {
    let goes_home = if origin.referrer.is_empty() { 0.35 } else { 0.06 };
    let at_checkout = |page: &str| page.starts_with("/checkout") || page == "/cart";
    match dice.pick(shape.pages) {
        page if dice.chance(goes_home) || at_checkout(page) => shape.pages.first().map_or(*page, |(_, home)| *home),
        page => page,
    }
}

/// What leads on is more likely than anything else.
fn next_page(shape: &SiteShape, page: &str, dice: &mut Dice) -> &'static str {
    let leads = match page {
        "/cart" => Some("/checkout"),
        "/checkout" => Some("/checkout/done"),
        _ => None,
    };
    let guess = *dice.pick(shape.pages);
    let is_ahead = leads.is_none() && guess.starts_with("/checkout");
    leads.filter(|_| dice.chance(0.6)).unwrap_or(if is_ahead { "/cart" } else { guess })
}

fn not_found(page: &'static str) -> PlannedStep {
    let kind = Kind::Event { name: "404".into(), interactive: false };
    PlannedStep { after_ms: 40, page, kind, prop: Some(("path", page)), euros: None }
}

/// One pageview with what follows on it; gives the milliseconds until the next.
fn look(shape: &SiteShape, page: &'static str, at_ms: i64, steps: &mut Vec<PlannedStep>, dice: &mut Dice) -> i64 {
    steps.push(PlannedStep { after_ms: at_ms, page, kind: Kind::Pageview, prop: None, euros: None });
    let middle_s = if page.starts_with("/posts/") { 95.0 } else { 32.0 };
    let ms = (dice.about(middle_s) * 1_000.0) as i64;
    for action in shape.actions.iter().filter(|action| page.starts_with(action.on)) {
        if dice.chance(f64::from(action.per_mille) / 1_000.0) {
            steps.push(act(action, page, at_ms + ms * 2 / 3, dice));
        }
    }
    // The last pings of two pages are never further apart than a visit may be silent.
    let ms = ms.min(limits::VISIT_GAP_MS / 2);
    if dice.chance(PINGS) {
        let scroll = Some((20 + dice.below(50) + dice.below(31)) as u8);
        let kind = Kind::Engagement { ms: ms as u64, scroll };
        steps.push(PlannedStep { after_ms: at_ms + ms, page, kind, prop: None, euros: None });
    }
    ms + dice.below(4_000) as i64 + 400
}

fn act(action: &Action, page: &'static str, after_ms: i64, dice: &mut Dice) -> PlannedStep {
    let kind = Kind::Event { name: action.name.into(), interactive: true };
    let prop = Some((action.prop.0, *dice.pick::<&str>(action.prop.1)));
    let euros = action.euros.get(dice.below(action.euros.len().max(1) as u64) as usize).copied();
    PlannedStep { after_ms, page, kind, prop, euros }
}

#[cfg(test)]
mod tests {
    use super::super::sites::SHAPES;
    use super::*;

    fn dice() -> Dice {
        Dice::new(5, [1, 1])
    }

    fn visits_on(shape: &SiteShape, days_ago: i32, weekday: i32) -> u64 {
        visits(shape, Date { days_ago, weekday }, &mut dice())
    }

    #[test]
    fn sites_grow_and_have_their_weekends_and_their_days_of_fame() {
        let [shop, blog] = &SHAPES;
        assert!(visits_on(shop, 1, 1) > visits_on(shop, 360, 1) * 3 / 2);
        assert!(visits_on(shop, 30, 6) > visits_on(shop, 30, 1), "people drink coffee on Sundays");
        assert!(visits_on(blog, 30, 6) < visits_on(blog, 30, 1), "and read less about servers");
        assert!(visits_on(blog, 17, 3) > visits_on(blog, 18, 3) * 4);
        assert!(visits_on(blog, 14, 3) < visits_on(blog, 17, 3) / 3);
    }

    #[test]
    fn a_day_of_fame_has_its_cause() {
        let blog = &SHAPES[1];
        let from_hacker_news = |days_ago| {
            let visits = day(blog, Date { days_ago, weekday: 1 }, &mut dice());
            let sent = visits.iter().filter(|v| blog.origins[v.origin].referrer.contains("ycombinator")).count();
            sent * 100 / visits.len()
        };
        assert!(from_hacker_news(17) > 70 && from_hacker_news(40) < 10);
    }

    #[test]
    fn visits_are_ordered_end_in_time_and_open_with_a_page() {
        for shape in &SHAPES {
            let visits = day(shape, Date { days_ago: 3, weekday: 2 }, &mut dice());
            assert!(visits.len() > 300 && visits.is_sorted_by_key(|visit| visit.start_ms));
            for visit in &visits {
                assert!((0..86_400_000).contains(&visit.start_ms) && !visit.steps.is_empty());
                assert!(visit.steps.iter().any(|step| step.kind == Kind::Pageview));
                let gaps = visit.steps.windows(2).map(|pair| pair[1].after_ms - pair[0].after_ms);
                assert!(gaps.max().unwrap_or(0) < limits::VISIT_GAP_MS);
            }
            let again = visits.iter().filter(|visit| visits.iter().filter(|other| other.who == visit.who).count() > 1);
            assert!(again.count() > visits.len() / 20, "some come again on the same day");
        }
    }

    #[test]
    fn nobody_is_done_at_the_checkout_before_the_cart() {
        let visits = day(&SHAPES[0], Date { days_ago: 3, weekday: 2 }, &mut dice());
        let views = |visit: &PlannedVisit| {
            let views = visit.steps.iter().filter(|step| step.kind == Kind::Pageview);
            views.map(|step| step.page).collect::<Vec<_>>()
        };
        for pages in visits.iter().map(views) {
            let place = |page: &str| pages.iter().position(|other| *other == page);
            assert!(place("/checkout/done") < Some(0) || place("/checkout") < place("/checkout/done"), "{pages:?}");
            assert!(place("/checkout") < Some(0) || place("/cart") < place("/checkout"), "{pages:?}");
        }
    }
}
