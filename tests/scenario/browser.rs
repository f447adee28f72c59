//! What a browser sends of a step: agent, address of the page, referrer.

use headcount::site::Moment;
use url::Url;
use url::form_urlencoded::Serializer;

use super::{Scenario, Step};

/// The browser of steps that name none.
pub const USUAL: &str = "Chrome";

/// The browsers of stories and what they call themselves. `{}` is a number that no label keeps, so that each person has
/// an agent of their own.
const BROWSERS: [(&str, &str); 3] = [
    (
        USUAL,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.{}.0 Safari/537.36",
    ),
    ("Firefox", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:131.0) Gecko/{} Firefox/131.0"),
    (
        "Safari",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 \
         Mobile/15E148 Safari/604.{}",
    ),
];

impl Step {
    /// The browser's name.
    pub fn browser(&self) -> &str {
        self.browser.as_deref().unwrap_or(USUAL)
    }

    /// The browser's agent; people differ by `build`.
    pub fn agent(&self, build: u32) -> String {
        let name = self.browser();
        let known = BROWSERS.iter().find(|(known, _)| *known == name);
        known.unwrap_or_else(|| panic!("no story has {name}")).1.replace("{}", &build.to_string())
    }

    /// The host of the page.
    pub fn hostname<'a>(&'a self, scenario: &'a Scenario) -> &'a str {
        self.host.as_deref().unwrap_or(&scenario.sites[self.site].domain)
    }

    /// The page's query: its campaign.
    pub fn query(&self) -> String {
        let keys = self.utm.iter().map(|(key, value)| (format!("utm_{key}"), value));
        Serializer::new(String::new()).extend_pairs(keys).finish()
    }

    /// The page's whole address.
    pub fn url(&self, scenario: &Scenario) -> String {
        let mut url = Url::parse(&format!("https://{}", self.hostname(scenario))).expect("a host of a story");
        url.set_path(&self.page);
        url.set_query(Some(self.query()).as_deref().filter(|query| !query.is_empty()));
        url.into()
    }

    /// The referrer; empty when there is none.
    pub fn referrer(&self) -> String {
        self.from.as_ref().map(|host| format!("https://{host}/")).unwrap_or_default()
    }
}

impl Scenario {
    /// The first moment at which something happens; noon of the day +0 in UTC if nothing does.
    pub fn first_moment(&self) -> Moment {
        let noon = self.date.at(12, 0, 0, 0).in_tz("Etc/UTC").expect("a date within the calendar");
        self.moments().into_iter().min().unwrap_or(Moment(noon.timestamp().as_millisecond()))
    }
}

#[test]
fn a_step_is_sent_as_a_browser_would() {
    let story = Scenario::parse("09:00 ana /a from google.com utm source=x utm term=a&b on docs.example.com");
    let step = &story.steps[0];
    assert_eq!(step.url(&story), "https://docs.example.com/a?utm_source=x&utm_term=a%26b");
    assert_eq!(step.referrer(), "https://google.com/");
    let plain = Scenario::parse("09:00 ana /");
    assert_eq!((plain.steps[0].url(&plain), plain.steps[0].referrer()), ("https://example.com/".into(), String::new()));
    assert_ne!(step.agent(1_234_567), step.agent(1_234_568));
}
