//! The goals and funnels of a site, and whether a page or an event is one of them.

use serde::{Deserialize, Serialize};

use super::{Day, Moment, Site};

/// A page or an event that an owner watches.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A named event.
    Event(String),
    /// One page.
    Page(String),
    /// Pages by a pattern: `*` stands for anything but a slash, `**` for anything.
    Pattern(String),
}

/// A goal of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// What readers call it.
    pub name: String,
    /// What reaches it.
    pub target: Target,
    /// When it was declared. Patterns are counted from then on; pages and events were counted before.
    pub since_ms: i64,
}

/// A funnel of a site: a list of pages or events that visits reach one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// Its number at the site, never used twice.
    pub number: u32,
    /// What readers call it.
    pub name: String,
    /// Its steps in order.
    pub steps: Vec<Target>,
    /// When it was declared; it is counted from then on.
    pub since_ms: i64,
}

impl Goal {
    /// When it was declared.
    pub fn since(&self) -> Moment {
        Moment(self.since_ms)
    }

    /// The first day of its site that is counted as a whole, if it is not counted from the beginning.
    pub fn first_day(&self, site: &Site) -> Option<Day> {
        let is_pattern = matches!(self.target, Target::Pattern(_));
        is_pattern.then(|| Day(site.schedule.locate(self.since()).day.0 + 1))
    }
}

impl Funnel {
    /// When it was declared.
    pub fn since(&self) -> Moment {
        Moment(self.since_ms)
    }

    /// The steps that a hit is, one bit each. `event` is nothing for a pageview.
    pub fn steps_of(&self, page: &str, event: Option<&str>) -> u32 {
        let is_step = |(at, target): (usize, &Target)| u32::from(target.is(page, event)) << (at % 32);
        self.steps.iter().enumerate().map(is_step).fold(0, |all, step| all | step)
    }
}

impl Target {
    /// Reads a target as owners write it: a path is a page, a path with `*` a pattern, anything else an event.
    pub fn read(text: &str) -> Target {
        let text = text.trim();
        match text.starts_with('/') {
            true if text.contains('*') => Target::Pattern(text.to_owned()),
            true => Target::Page(text.to_owned()),
            false => Target::Event(text.to_owned()),
        }
    }

    /// What it was read from.
    pub fn text(&self) -> &str {
        match self {
            Target::Event(text) | Target::Page(text) | Target::Pattern(text) => text,
        }
    }

    /// What readers call it if it is given no other name, as Plausible does.
    pub fn usual_name(&self) -> String {
        match self {
            Target::Event(name) => name.clone(),
            Target::Page(page) | Target::Pattern(page) => format!("Visit {page}"),
        }
    }

    /// Whether a hit is it. `event` is nothing for a pageview.
    pub fn is(&self, page: &str, event: Option<&str>) -> bool {
        match self {
            Target::Event(name) => event == Some(name),
            Target::Page(wanted) => event.is_none() && page == wanted,
            Target::Pattern(pattern) => event.is_none() && matches(pattern.as_bytes(), page.as_bytes()),
        }
    }
}

/// Whether a pattern fits a whole text: `*` stands for anything but a slash, `**` for anything. In time of their lengths'
/// product at the most.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // Where the pattern may go on after each byte of it, as positions in the text.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while let Some(byte) = pattern.get(at) {
        let is_double = *byte == b'*' && pattern.get(at + 1) == Some(&b'*');
        reached = match byte {
            b'*' => spread(&reached, text, is_double),
            _ => (0..=text.len()).map(|end| end > 0 && reached[end - 1] && text[end - 1] == *byte).collect(),
        };
        at += 1 + usize::from(is_double);
    }
    reached[text.len()]
}

/// The positions that a star reaches from those given.
fn spread(reached: &[bool], text: &[u8], over_slashes: bool) -> Vec<bool> {
    let mut is_open = false;
    let mut spread = Vec::with_capacity(reached.len());
    for (at, is_reached) in reached.iter().enumerate() {
        let stops = at > 0 && text[at - 1] == b'/' && !over_slashes;
        is_open = *is_reached || is_open && !stops;
        spread.push(is_open);
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_parts_of_paths() {
        for (pattern, text, expected) in [
            ("/blog/**", "/blog/", true),
            ("/blog/**", "/blog/2026/a", true),
            ("/blog/**", "/blog", false),
            ("/blog/*", "/blog/a", true),
            ("/blog/*", "/blog/a/b", false),
            ("/*/end", "/a/end", true),
            ("/*/end", "/a/b/end", false),
            ("/**/end", "/a/b/end", true),
            ("**", "", true),
            ("/a*b*c", "/axbxxbc", true),
            ("/a*b*c", "/axbxxb", false),
            ("/ü*", "/über", true),
            ("/a", "/a", true),
            ("/a", "/ab", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
        // No pattern takes for ever.
        let (stars, long) = ("*a".repeat(500), "a".repeat(1_999) + "b");
        assert!(!matches(stars.as_bytes(), long.as_bytes()));
    }

    #[test]
    fn a_target_is_read_as_it_is_written() {
        assert_eq!(Target::read(" Signup "), Target::Event("Signup".into()));
        assert_eq!(Target::read("/pricing"), Target::Page("/pricing".into()));
        assert_eq!(Target::read("/blog/**").usual_name(), "Visit /blog/**");
        assert!(Target::read("Signup").is("/", Some("Signup")) && !Target::read("Signup").is("/", None));
        assert!(Target::read("/a").is("/a", None) && !Target::read("/a").is("/a", Some("Signup")));
    }

    #[test]
    fn a_hit_may_be_several_steps() {
        let steps = ["/", "/**", "Signup"].map(Target::read).to_vec();
        let funnel = Funnel { number: 1, name: "All".into(), steps, since_ms: 0 };
        assert_eq!(funnel.steps_of("/", None), 0b011);
        assert_eq!(funnel.steps_of("/x", None), 0b010);
        assert_eq!(funnel.steps_of("/", Some("Signup")), 0b100);
    }
}
