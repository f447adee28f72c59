//! Goals, funnels and how far visits came, and segments, for the terminal and as JSON.

use serde_json::{Value, json};

use super::table::aligned;
use crate::report::goals::{self, Step};
use crate::site::{Funnel, Goal, Moment, Segment, Site, Target};

/// A goal in a line.
pub fn goal_line(goal: &Goal, site: &Site) -> String {
    let from = match goal.target {
        Target::Pattern(_) => format!("since {}", since(goal.since(), site)),
        Target::Event(_) | Target::Page(_) => "all days".to_owned(),
    };
    format!("{}  {} {}  {from}", goal.name, kind(&goal.target), goal.target.text())
}

/// When something was declared, on the site's clock.
pub fn since(moment: Moment, site: &Site) -> String {
    let local = site.schedule.locate(moment);
    format!("{} {:02}:00", local.day, local.hour.0)
}

/// What kind of target it is, in a word.
pub fn kind(target: &Target) -> &'static str {
    match target {
        Target::Event(_) => "event",
        Target::Page(_) => "page",
        Target::Pattern(_) => "pattern",
    }
}

/// A goal for scripts.
pub fn goal_described(goal: &Goal) -> Value {
    let mut described = json!({"name": goal.name, "kind": kind(&goal.target), "target": goal.target.text(), "declared": moment(goal.since())});
    if matches!(goal.target, Target::Pattern(_)) {
        described["counted_since"] = moment(goal.since()).into();
    }
    described
}

/// A moment as JSON has it, in UTC.
pub fn moment(moment: Moment) -> String {
    moment.timestamp().to_string()
}

/// The steps of a funnel, a line each.
pub fn steps(funnel: &Funnel) -> String {
    let steps = funnel.steps.iter().zip(1..);
    let lines: Vec<String> = steps.map(|(step, at)| format!("  {at}. {} {}", kind(step), step.text())).collect();
    lines.join("\n")
}

/// A funnel for scripts.
pub fn funnel_described(funnel: &Funnel) -> Value {
    let step = |target: &Target| json!({"kind": kind(target), "target": target.text()});
    let steps: Vec<Value> = funnel.steps.iter().map(step).collect();
    json!({"name": funnel.name, "steps": steps, "counted_since": moment(funnel.since())})
}

/// A segment in a line.
pub fn segment_line(segment: &Segment, site: &Site) -> String {
    let Segment { number, name, condition, .. } = segment;
    format!("{number}  {name}  {condition}  since {}", segment.first_day(site))
}

/// A segment for scripts.
pub fn segment_described(segment: &Segment, site: &Site) -> Value {
    let Segment { number, name, condition, .. } = segment;
    json!({"id": number, "name": name, "condition": condition, "counted_since": segment.first_day(site).to_string()})
}

/// A step of a funnel, with how far visits came, for scripts.
pub fn row(steps: &[Step], at: usize, step: &Step) -> Value {
    json!({
        "step": at + 1, "kind": kind(&step.target), "target": step.target.text(),
        "visits": step.visits, "visitors": step.visitors, "drop_off": lost(steps, at),
    })
}

/// How many of a hundred visits of the step before did not come here; nothing for the first step, and where none came.
fn lost(steps: &[Step], at: usize) -> Option<f64> {
    let before = steps.get(at.checked_sub(1)?)?.visits;
    goals::drop_off(before, steps.get(at)?.visits)
}

/// How far visits came, as a table.
pub fn table(steps: &[Step]) -> String {
    let mut rows = vec![["step", "visits", "visitors", "drop-off"].map(str::to_owned).to_vec()];
    for (at, step) in steps.iter().enumerate() {
        let lost = lost(steps, at).map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"));
        let label = format!("{}. {}", at + 1, step.target.text());
        rows.push(vec![label, step.visits.to_string(), step.visitors.to_string(), lost]);
    }
    aligned(&rows)
}
