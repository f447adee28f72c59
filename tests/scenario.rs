//! The scenario language, in which tests tell stories of visitors.
//!
//! One line is one hit, in order of arrival; `#` begins a comment:
//!
//! ```text
//! 09:00 ana /pricing from google.com         # a pageview
//! 09:01 ana event Signup plan=pro            # an interactive event, on the page that ana saw last, with a property
//! 09:01:30.250 ana event Autoplay passive    # an event that does not count against a bounce
//! 09:02 ana engages 12s 80% on /pricing      # an engagement ping: claimed time (`s` or `ms`), deepest scroll, or both
//! +1 00:05 ana /                             # the next day; `-1` is the day before
//! 02:30B ana /                               # the second 02:30 of an autumn night
//! 09:05 someone /                            # a sender of whom no token is kept
//! ```
//!
//! Options follow in any order: `KEY=VALUE` a property, `from HOST` the referrer, `utm campaign=spring` (again for each
//! key: source medium campaign content term), `in DE` or `in DE/DE-BY/Munich`, `on /page`, `on docs.example.com`, `with
//! Firefox` (Chrome unless told; see [`browser`]), `screen sm`, `speaks de`, `at shop.test`.
//!
//! Lines before the first hit set the scene; what is not set is as here:
//!
//! ```text
//! date 2026-06-01                            # the day +0, a Monday
//! zone Etc/UTC                               # of the first site, example.com; `zone Etc/UTC then Asia/Tokyo` changes it
//!                                            # at the end of that day
//! site shop.test Asia/Kolkata                # a further site
//! ```
//!
//! Two lines are no hits:
//!
//! ```text
//! restart                                    # the program is stopped here, and started again
//! kill                                       # the same, and nothing that waits to be stored is
//! ```
//!
//! Times are those of the site's wall clock. A time before the one above is a hit that arrives late.
//!
//! [`check`] plays a story at three depths: open days alone ([`depth1`]), which know of no ends; the collector and its store, with
//! some sums stored and some not ([`depth2`]); a server that is sent requests and asked by its API ([`depth3`]). The second it
//! plays again with an end before every step.

pub mod browser;
pub mod depth1;
pub mod depth2;
pub mod depth3;
pub mod expected;
mod read;
pub mod wall;
mod write;

use headcount::site::{Moment, Schedule, SiteId};
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use expected::check;
pub use wall::Wall;

/// A story: where and when it plays, and what happens.
#[derive(Clone, PartialEq)]
pub struct Scenario {
    /// The day that steps call +0.
    pub date: Date,
    /// The sites; the first is the one that steps mean when they name none.
    pub sites: Vec<Scene>,
    /// What arrives, in order.
    pub steps: Vec<Step>,
    /// How the program ends, and before which step; it is started again at once.
    pub ends: Vec<(usize, End)>,
}

/// How the program ends in the middle of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As a service manager ends it: what waits is stored.
    Stop,
    /// As a crash ends it.
    Kill,
}

/// A site of a story.
#[derive(Clone, PartialEq)]
pub struct Scene {
    /// Its name.
    pub domain: String,
    /// The IANA name of its time zone.
    pub zone: String,
    /// The zone that takes over at the end of the day +0.
    pub then: Option<String>,
}

/// One hit of a story.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// When it happens, on the site's wall clock.
    pub at: Wall,
    /// Where: an index into [`Scenario::sites`].
    pub site: usize,
    /// Who does it; nothing stands for a sender of whom no token is kept.
    pub who: Option<String>,
    /// What is done.
    pub what: What,
    /// On which page.
    pub page: String,
    /// On which host; nothing means the site's domain.
    pub host: Option<String>,
    /// The host of the referrer.
    pub from: Option<String>,
    /// The short campaign keys (`source medium campaign content term`) and their values.
    pub utm: Vec<(String, String)>,
    /// Country, and perhaps region and city.
    pub place: Vec<String>,
    /// The browser.
    pub browser: Option<String>,
    /// The class of the viewport's width.
    pub screen: Option<String>,
    /// The primary language.
    pub language: Option<String>,
    /// Properties.
    pub props: Vec<(String, String)>,
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum What {
    /// Looks at a page.
    #[default]
    Pageview,
    /// Does something that has a name.
    Event { name: String, interactive: bool },
    /// Has looked for some time, and scrolled to some percent.
    Engagement { ms: u64, scroll: Option<u8> },
}

impl Scenario {
    /// The number of the site at `index` of [`Scenario::sites`].
    pub fn site_id(index: usize) -> SiteId {
        SiteId(index as u32 + 1)
    }

    /// The schedule of the site at `index` of [`Scenario::sites`].
    pub fn schedule(&self, index: usize) -> Schedule {
        let scene = &self.sites[index];
        let schedule = Schedule::named(&scene.zone).expect("a zone of a story");
        let Some(then) = &scene.then else { return schedule };
        let noon = Wall { day: 0, ms: 12 * 3_600_000, turn: 0 }.moment(self.date, &schedule);
        schedule.then(TimeZone::get(then).expect("a zone of a story"), noon)
    }

    /// The same story with an end before every step, and one after the last.
    pub fn ended_everywhere(&self, how: End) -> Scenario {
        Scenario { ends: (0..=self.steps.len()).map(|place| (place, how)).collect(), ..self.clone() }
    }

    /// How the program ends before the step at `place`.
    pub fn ends_before(&self, place: usize) -> impl Iterator<Item = End> {
        self.ends.iter().filter(move |(before, _)| *before == place).map(|(_, how)| *how)
    }

    /// The moment of each step.
    pub fn moments(&self) -> Vec<Moment> {
        let schedules: Vec<_> = (0..self.sites.len()).map(|index| self.schedule(index)).collect();
        self.steps.iter().map(|step| step.at.moment(self.date, &schedules[step.site])).collect()
    }
}

#[test]
fn what_is_read_is_written_again() {
    let story = "
        date 2026-10-25
        zone Europe/Berlin then Asia/Tokyo
        site shop.test Asia/Kolkata
        09:00 ana /pricing from google.com utm campaign=spring utm term=x in DE/DE-BY/Munich   # hello
        02:30:00.250B ana event Signup plan=pro at shop.test with Firefox screen sm speaks de
        +1 00:05 someone event Autoplay passive on /a on docs.example.com
        kill
        restart
        -1 23:59:59 bob engages 1500ms 80%
        bob 09:00";
    let (story, wrong) = story.rsplit_once('\n').unwrap();
    let scenario = Scenario::parse(story);
    let written = scenario.to_string();
    assert_eq!(Scenario::parse(&written).to_string(), written);
    assert!(Scenario::parse(&written) == scenario, "{written}");
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(
        lines[4],
        "02:30:00.250B ana event Signup on /pricing with Firefox screen sm speaks de at shop.test plan=pro"
    );
    assert_eq!(lines[6..], ["kill", "restart", "-1 23:59:59 bob engages 1500ms 80% on /"]);
    assert_eq!(scenario.ends, [(3, End::Kill), (3, End::Stop)]);
    assert!(std::panic::catch_unwind(|| Scenario::parse(wrong)).is_err());
}
