//! Visits that are made up, the same at each run: a plain stream, in which nothing depends on anything, and one as sites have it.
//!
//! Plain: 2.4 pageviews a visit, by Zipf's law of 2,000 pages, 300 sources, 120 countries and 5,000 cities; a tenth comes by
//! campaigns, a fiftieth sends an event. As sites have it: the page that a visit begins with depends on its source and country, the next
//! on the one before, the source on the country, the campaign on the source, the language on the country, the screen on the device, time
//! on the page; six of seven pageviews tell visible time and scroll depth; events have properties and bring money.

use std::sync::Arc;

use headcount::beacon::{Kind, NO_HINTS};
use headcount::counts::{OpenDay, Room};
use headcount::hit::agent::{Agent, Agents, Verdict};
use headcount::hit::place::Place;
use headcount::hit::token::{Network, Token};
use headcount::hit::{Hit, Money, Watched, path, source};
use headcount::site::{Budget, Day, HostRelation, Moment, Schedule, SiteId};

/// 2026-01-01.
pub const FIRST: Day = Day(20_454);
pub const DAY_MS: i64 = 86_400_000;

const SCREENS: [&str; 6] = ["xs", "sm", "md", "lg", "xl", "xxl"];

/// Numbers that look random and are the same at each run (xorshift*).
struct Numbers(u64);

impl Numbers {
    /// Those that a visitor of a day brings.
    fn of_visitor(day: Day, who: u64) -> Numbers {
        let mut numbers = Numbers((who + 1).wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (day.0 as u64) << 40 | 1);
        numbers.next();
        numbers
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // Without this, small numbers come together.
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// How long a page stays open.
    fn stay_ms(&mut self) -> i64 {
        (self.share().powi(2) * 240_000.0) as i64 + 3_000
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A rank below `count`; rank k comes with a probability of about 1/k.
    fn rank(&mut self, count: usize) -> usize {
        rank(self.share(), count)
    }
}

fn rank(share: f64, count: usize) -> usize {
    (((count as f64 + 1.0).ln() * share).exp() as usize).clamp(1, count) - 1
}

/// What one thing leads to, always the same: the one with this number among those that it may lead to.
fn led_to(from: usize, number: usize, count: usize) -> usize {
    rank(Numbers((from as u64) << 20 | (number as u64) << 1 | 1).share_of_both(), count)
}

impl Numbers {
    fn share_of_both(mut self) -> f64 {
        self.next();
        self.share()
    }
}

/// What a stream is like.
#[derive(Debug, Clone, Copy)]
pub struct Traffic {
    pub pages: usize,
    pub sources: usize,
    /// Whether pageviews tell visible time and scroll depth.
    pub is_engaged: bool,
    /// Of how many milliseconds visible time is a multiple: some trackers tell whole seconds, ours and others all of it.
    pub time_unit_ms: u64,
    /// Whether it is as sites have it: what a visit is depends on what else it is.
    pub is_dependent: bool,
}

/// A stream of which nothing depends on anything.
pub const PLAIN: Traffic =
    Traffic { pages: 2_000, sources: 300, is_engaged: false, time_unit_ms: 1_000, is_dependent: false };
/// The same with visible time and scroll depth of every pageview.
pub const ENGAGED: Traffic = Traffic { is_engaged: true, ..PLAIN };
/// The same by trackers that tell milliseconds, as ours does.
pub const ENGAGED_MS: Traffic = Traffic { time_unit_ms: 1, ..ENGAGED };
/// A stream as sites have it.
pub const DEPENDENT: Traffic = Traffic { is_dependent: true, ..ENGAGED };
/// The same of a large site.
pub const LARGE: Traffic = Traffic { pages: 20_000, sources: 2_000, ..DEPENDENT };

/// What visits are made of.
pub struct Maker {
    traffic: Traffic,
    agents: Vec<Arc<Agent>>,
    places: Vec<Arc<Place>>,
    origins: Vec<source::Origin>,
    pub pages: Vec<String>,
    /// Whether the owner has named two properties of events.
    pub names_properties: bool,
}

fn agents() -> Vec<Arc<Agent>> {
    let known = Agents::new();
    let systems = ["Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"];
    let desktop = (0..3).flat_map(|system| {
        (0..14).map(move |version| {
            let version = 140 - version * (1 + version / 5);
            format!(
                "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36",
                systems[system]
            )
        })
    });
    let phone = (0..20).map(|version| format!(
        "Mozilla/5.0 (iPhone; CPU iPhone OS {}_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{}.0 Mobile/15E148 Safari/604.1",
        18 - version / 4, version % 4, 18 - version / 4,
    ));
    let android = (0..20).map(|version| format!(
        "Mozilla/5.0 (Linux; Android {}; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Mobile Safari/537.36",
        15 - version / 4, 140 - version
    ));
    let firefox = (0..10).map(|version| {
        format!("Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0", v = 141 - version)
    });
    let all = phone.chain(android).chain(desktop).chain(firefox);
    let agent = |text: String| match known.classify(&text, &NO_HINTS, false) {
        Verdict::Person(agent) => Some(agent),
        _ => None,
    };
    all.filter_map(agent).collect()
}

/// The country of a city.
fn country(city: usize) -> usize {
    (city * 7_919) % 120 * (city % 3 + 1) / 3
}

impl Maker {
    pub fn of(traffic: Traffic) -> Maker {
        let place = |city: usize| {
            let country = country(city);
            let code = format!("{}{}", (b'A' + (country / 26) as u8) as char, (b'A' + (country % 26) as u8) as char);
            let region = format!("{code}-{}", city % 12);
            Place { city: format!("City {city}, {region}").into(), region: region.into(), country: code.into() }
        };
        let origin = |rank: usize| {
            let known =
                ["", "https://www.google.com/", "https://duckduckgo.com/", "https://t.co/a", "https://www.bing.com/"];
            let referrer =
                known.get(rank).map_or_else(|| format!("https://reader-{rank}.example.org/"), |r| (*r).to_owned());
            source::origin(&path::Campaign::default(), &referrer, |_| HostRelation::Stranger).expect("no spam")
        };
        let page = |page: usize| format!("/blog/{}/storage-that-lasts-{page}/", 2016 + page % 10);
        Maker {
            traffic,
            agents: agents(),
            places: (0..5_000).map(place).map(Arc::new).collect(),
            origins: (0..=traffic.sources).map(origin).collect(),
            pages: (0..traffic.pages).map(page).collect(),
            names_properties: false,
        }
    }

    /// A day of so many visits, a tenth of them by people who were there before.
    pub fn day(&self, day: Day, visits: usize, budget: Budget) -> OpenDay {
        let mut open = OpenDay::new(SiteId(1), day, budget);
        self.visits(day, visits, &mut |hit| {
            let hit = if self.names_properties { with_named(hit) } else { hit };
            let _ = open.take(&hit, || Room::Visitor);
        });
        open
    }

    pub fn visits(&self, day: Day, visits: usize, take: &mut dyn FnMut(Hit)) {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ (day.0 as u64) << 20 | 1);
        let mut starts: Vec<i64> = (0..visits).map(|_| (numbers.share() * 0.97 * DAY_MS as f64) as i64).collect();
        starts.sort_unstable();
        for (number, start) in starts.into_iter().enumerate() {
            let who = if numbers.share() < 0.1 { numbers.next() % (number as u64 + 1) } else { number as u64 };
            self.visit(day, start, who, &mut numbers, take);
        }
    }

    fn visit(&self, day: Day, start: i64, who: u64, numbers: &mut Numbers, take: &mut dyn FnMut(Hit)) {
        let first = self.first_hit(day, who, numbers);
        let views = 1 + (0..7).filter(|_| numbers.share() < 0.2).count();
        let mut at = Moment(i64::from(day.0) * DAY_MS + start);
        let mut page = self.entry(&first, numbers);
        for view in 0..views {
            if view > 0 {
                page = self.next_page(page, numbers);
            }
            let hit = |kind: Kind, at: Moment| first.hit(self, who, page, kind, at);
            let is_event = view > 0 && numbers.share() < 0.02;
            if at.0 >= i64::from(day.0 + 1) * DAY_MS {
                return;
            }
            match is_event {
                true => take(self.event(hit(signup(), at), numbers)),
                false => take(hit(Kind::Pageview, at)),
            }
            let stay = self.stay_ms(page, numbers);
            at = at.plus(stay);
            if self.traffic.is_engaged
                && let Some(ping) = self.engagement(stay, numbers)
            {
                take(hit(ping, at.plus(-1)));
            }
        }
    }

    fn first_hit(&self, day: Day, who: u64, numbers: &mut Numbers) -> FirstHit {
        let mut of_who = Numbers::of_visitor(day, who);
        let counts = [self.agents.len(), self.places.len(), 40, 6];
        let [agent, place, mut language, mut screen] = counts.map(|count| of_who.rank(count));
        if self.traffic.is_dependent {
            if of_who.share() < 0.8 {
                language = country(place) * 7 % 40;
            }
            let share = of_who.share().powi(2);
            screen =
                if self.agents[agent].device == "mobile" { (share * 3.0) as usize } else { 5 - (share * 4.0) as usize };
        }
        let mut origin = if numbers.share() < 0.45 { 0 } else { 1 + numbers.rank(self.traffic.sources) };
        if self.traffic.is_dependent && origin > 0 && numbers.share() < 0.4 {
            origin = 1 + led_to(country(place), numbers.rank(40), self.traffic.sources);
        }
        let campaign = self.campaign(origin, numbers);
        FirstHit { agent, place, language, screen, origin, campaign }
    }

    /// The page that a visit begins with.
    fn entry(&self, first: &FirstHit, numbers: &mut Numbers) -> usize {
        let pages = self.pages.len();
        match self.traffic.is_dependent.then(|| numbers.share()) {
            Some(share) if share < 0.6 => led_to(first.origin, numbers.rank(30 + pages / 100), pages),
            Some(share) if share < 0.8 => led_to(10_000 + country(first.place), numbers.rank(50), pages),
            _ => numbers.rank(pages),
        }
    }

    /// The page that is read after another.
    fn next_page(&self, page: usize, numbers: &mut Numbers) -> usize {
        match self.traffic.is_dependent && numbers.share() < 0.7 {
            true => led_to(20_000 + page, numbers.rank(12), self.pages.len()),
            false => numbers.rank(self.pages.len()),
        }
    }

    /// How long a page stays open; one is longer than the other.
    fn stay_ms(&self, page: usize, numbers: &mut Numbers) -> i64 {
        let stay = numbers.stay_ms();
        if self.traffic.is_dependent { stay * (50 + page as i64 * 37 % 100) / 100 } else { stay }
    }

    fn engagement(&self, stay_ms: i64, numbers: &mut Numbers) -> Option<Kind> {
        let seen = if self.traffic.is_dependent { 0.3 + 0.7 * numbers.share() } else { 0.8 };
        let scroll = Some((numbers.next() % 101) as u8);
        let is_told = !self.traffic.is_dependent || numbers.share() < 6.0 / 7.0;
        let unit = self.traffic.time_unit_ms;
        is_told.then_some(Kind::Engagement { ms: (stay_ms as f64 * seen) as u64 / unit * unit, scroll })
    }

    /// An event as sites send it: each other one has a property, some of these bring money.
    fn event(&self, hit: Hit, numbers: &mut Numbers) -> Hit {
        if !self.traffic.is_dependent || numbers.share() < 0.5 {
            return hit;
        }
        let plan = numbers.rank(20);
        let props = vec![("plan".to_owned(), format!("plan-{plan}"))];
        let money = Money { thousandths: 9_990 + 5_000 * plan as i64, currency: "EUR".to_owned() };
        let money = (numbers.share() < 0.3).then_some(money);
        Hit { props, watched: Watched { money, ..Watched::default() }, ..hit }
    }

    fn campaign(&self, origin: usize, numbers: &mut Numbers) -> path::Campaign {
        if numbers.share() > 0.1 {
            return path::Campaign::default();
        }
        let campaign = if self.traffic.is_dependent { (origin * 13 + numbers.rank(3)) % 30 } else { numbers.rank(30) };
        path::campaign(&format!(
            "utm_source=s{}&utm_medium=m{}&utm_campaign=c{campaign}&utm_content=v{}&utm_term=t{}",
            campaign % 8,
            campaign % 4,
            campaign * 2 + numbers.rank(2),
            numbers.rank(20)
        ))
    }
}

/// What the first hit of a visit fixes.
struct FirstHit {
    agent: usize,
    place: usize,
    language: usize,
    screen: usize,
    origin: usize,
    campaign: path::Campaign,
}

impl FirstHit {
    fn hit(&self, maker: &Maker, who: u64, page: usize, kind: Kind, at: Moment) -> Hit {
        Hit {
            site: SiteId(1),
            at,
            local: Schedule::utc().locate(at),
            token: Some(Token::from_bits(who.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
            network: Some(Network::from_bits(who as u32)),
            kind,
            page: maker.pages[page].clone(),
            hostname: "example.com".into(),
            props: Vec::new(),
            agent: maker.agents[self.agent].clone(),
            place: maker.places[self.place].clone(),
            origin: maker.origins[self.origin].clone(),
            campaign: self.campaign.clone(),
            language: format!("l{}", self.language),
            screen: Some(SCREENS[self.screen]),
            watched: Watched::default(),
            collected: Default::default(),
        }
    }
}

fn signup() -> Kind {
    Kind::Event { name: "Signup".into(), interactive: true }
}

/// A hit whose owner has named its properties; one that has some gets a second one.
fn with_named(mut hit: Hit) -> Hit {
    if let Some((_, plan)) = hit.props.first() {
        let size = format!("size-{}", plan.len() + hit.page.len() % 8);
        hit.props.push(("size".to_owned(), size));
    }
    hit.watched.properties = hit.props.iter().map(|(key, _)| key.as_str().into()).collect();
    hit
}
