//! Writes a [`Scenario`] as text that reads back to it.

use std::fmt;

use super::{End, Scenario, Scene, Step, What};

/// The story, so that a test that fails on made-up steps can show them.
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "date {}", self.date)?;
        for (index, scene) in self.sites.iter().enumerate() {
            let Scene { domain, zone, then } = scene;
            let then = then.as_ref().map(|then| format!(" then {then}")).unwrap_or_default();
            match index {
                0 => writeln!(f, "zone {zone}{then}")?,
                _ => writeln!(f, "site {domain} {zone}{then}")?,
            }
        }
        for (place, step) in self.steps.iter().enumerate() {
            self.write_ends(place, f)?;
            self.write_step(step, f)?;
        }
        self.write_ends(self.steps.len(), f)
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl Scenario {
    fn write_ends(&self, place: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ends_before(place).try_for_each(|how| match how {
            End::Stop => writeln!(f, "restart"),
            End::Kill => writeln!(f, "kill"),
        })
    }

    fn write_step(&self, step: &Step, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", step.at, step.who.as_deref().unwrap_or("someone"), step.deed())?;
        let mut option = |word: &str, value: &str| write!(f, " {word} {value}");
        let singles = [
            ("on", &step.host),
            ("from", &step.from),
            ("with", &step.browser),
            ("screen", &step.screen),
            ("speaks", &step.language),
        ];
        for (word, value) in singles {
            value.iter().try_for_each(|value| option(word, value))?;
        }
        if !step.place.is_empty() {
            option("in", &step.place.join("/"))?;
        }
        step.utm.iter().try_for_each(|(key, value)| option("utm", &format!("{key}={value}")))?;
        if step.site != 0 {
            option("at", &self.sites[step.site].domain)?;
        }
        step.props.iter().try_for_each(|(key, value)| write!(f, " {key}={value}"))?;
        writeln!(f)
    }
}

impl Step {
    fn deed(&self) -> String {
        let page = &self.page;
        match &self.what {
            What::Pageview => page.clone(),
            What::Event { name, interactive: true } => format!("event {name} on {page}"),
            What::Event { name, interactive: false } => format!("event {name} passive on {page}"),
            What::Engagement { ms, scroll } => {
                let time = if ms.is_multiple_of(1_000) { format!("{}s", ms / 1_000) } else { format!("{ms}ms") };
                let scroll = scroll.map(|percent| format!(" {percent}%")).unwrap_or_default();
                format!("engages {time}{scroll} on {page}")
            }
        }
    }
}
