//! Reads the text of a story into a [`Scenario`].
//!
//! A line that can't be read ends the test with the line in the message.

use std::collections::HashMap;

use super::{End, Scenario, Scene, Step, Wall, What};

impl Scenario {
    /// Reads a story.
    pub fn parse(text: &str) -> Scenario {
        let mut scenario = Scenario::empty();
        let mut last_pages = HashMap::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
            let read =
                words.is_empty() || scenario.scene(&words).or_else(|| scenario.step(&words, &mut last_pages)).is_some();
            assert!(read, "the scenario language has no line like this: {line}");
        }
        scenario
    }

    fn empty() -> Scenario {
        let scene = Scene { domain: "example.com".into(), zone: "Etc/UTC".into(), then: None };
        Scenario {
            date: "2026-06-01".parse().expect("a date"),
            sites: vec![scene],
            steps: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Reads a line that sets the scene, or ends the program.
    fn scene(&mut self, words: &[&str]) -> Option<()> {
        let then = |words: &[&str]| match words {
            [] => Some(None),
            ["then", zone] => Some(Some((*zone).to_owned())),
            _ => None,
        };
        match words {
            ["date", date] => self.date = date.parse().ok()?,
            ["zone", zone, rest @ ..] => {
                let domain = self.sites[0].domain.clone();
                self.sites[0] = Scene { domain, zone: (*zone).to_owned(), then: then(rest)? };
            }
            ["site", domain, zone, rest @ ..] => {
                let (domain, zone) = ((*domain).to_owned(), (*zone).to_owned());
                self.sites.push(Scene { domain, zone, then: then(rest)? });
            }
            ["restart"] => self.ends.push((self.steps.len(), End::Stop)),
            ["kill"] => self.ends.push((self.steps.len(), End::Kill)),
            _ => return None,
        }
        Some(())
    }

    /// Reads a line that is a hit. `last_pages` has the page that each person saw last.
    fn step(&mut self, words: &[&str], last_pages: &mut HashMap<Option<String>, String>) -> Option<()> {
        let (day, words) = match words {
            [day, rest @ ..] if day.starts_with(['+', '-']) => (day.parse().ok()?, rest),
            _ => (0, words),
        };
        let [time, who, words @ ..] = words else { return None };
        let who = (*who != "someone").then(|| (*who).to_owned());
        let mut step = Step { at: Wall::read(day, time)?, who, ..Step::default() };
        step.page = last_pages.get(&step.who).cloned().unwrap_or_else(|| "/".to_owned());
        let options = step.what(words)?;
        self.options(&mut step, options)?;
        if step.what == What::Pageview {
            last_pages.insert(step.who.clone(), step.page.clone());
        }
        self.steps.push(step);
        Some(())
    }

    fn options(&self, step: &mut Step, words: &[&str]) -> Option<()> {
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if let Some(prop) = pair(word) {
                step.props.push(prop);
                continue;
            }
            let value = words.next()?.to_owned();
            match word {
                "on" if value.starts_with('/') => step.page = value,
                "on" => step.host = Some(value),
                "from" => step.from = Some(value),
                "utm" => step.utm.push(pair(&value)?),
                "in" => step.place = value.split('/').map(str::to_owned).collect(),
                "with" => step.browser = Some(value),
                "screen" => step.screen = Some(value),
                "speaks" => step.language = Some(value),
                "at" => step.site = self.sites.iter().position(|scene| scene.domain == value)?,
                _ => return None,
            }
        }
        Some(())
    }
}

impl Step {
    /// Reads what is done, and hands back the words after that.
    fn what<'a>(&mut self, words: &'a [&'a str]) -> Option<&'a [&'a str]> {
        match words {
            [page, rest @ ..] if page.starts_with('/') => {
                self.page = (*page).to_owned();
                Some(rest)
            }
            ["event", name, rest @ ..] => {
                let passive = rest.first() == Some(&"passive");
                self.what = What::Event { name: (*name).to_owned(), interactive: !passive };
                Some(&rest[usize::from(passive)..])
            }
            ["engages", rest @ ..] => {
                let time = rest.first().and_then(|word| milliseconds(word));
                let rest = &rest[usize::from(time.is_some())..];
                let scroll = rest.first().and_then(|word| word.strip_suffix('%')?.parse().ok());
                self.what = What::Engagement { ms: time.unwrap_or(0), scroll };
                Some(&rest[usize::from(scroll.is_some())..])
            }
            _ => None,
        }
    }
}

fn pair(word: &str) -> Option<(String, String)> {
    word.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
}

fn milliseconds(word: &str) -> Option<u64> {
    match word.strip_suffix("ms") {
        Some(ms) => ms.parse().ok(),
        None => word.strip_suffix('s')?.parse().ok().map(|seconds: u64| seconds * 1_000),
    }
}
