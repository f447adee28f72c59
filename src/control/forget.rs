//! `headcount site forget` and `site reset`: what was counted goes, of some values or days or all of a site. The site stays, and marks
//! say afterwards that something was taken out.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{CommandRefusal, Done, Reply, find, refuse, report};
use crate::cell::{Dimension, ForgottenAxis, ForgottenValue, ForgottenValues, JOINT};
use crate::collector::{Collector, NotForgotten};
use crate::config;
use crate::limits;
use crate::page::text::noun;
use crate::site::{Day, Site};
use crate::store::{Forgetting, RemovedCells};

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForgetCommand {
    /// The domain of the site.
    pub domain: String,
    /// Names of dimensions, or `prop`, each with a value or a pattern; none stand for everything.
    pub values: Vec<(String, String)>,
    /// A day, or FIRST..LAST; nothing for all days.
    pub days: Option<String>,
    /// Whether it is only told what would go.
    pub dry_run: bool,
}

/// What is said where neither values nor days are named.
pub const NOTHING_NAMED: &str =
    "say what is to be forgotten: values like --page /x, or days by --day; `headcount site reset` takes all";

impl ForgetCommand {
    /// Whether it names neither values nor days.
    pub fn names_nothing(&self) -> bool {
        self.values.is_empty() && self.days.is_none()
    }
}

/// Forgets some values, or some days, of a site.
pub(super) fn forget(collector: &Collector, command: &ForgetCommand) -> Done {
    if command.names_nothing() {
        return refuse(NOTHING_NAMED);
    }
    let site = find(collector, &command.domain)?;
    let values = command.values.iter().map(|(of, value)| named(of, value)).collect::<Result<Vec<_>, _>>()?;
    let values = Some(ForgottenValues(values)).filter(|values| !values.0.is_empty());
    let days = command.days.as_deref().map(|text| days(collector, &site, text)).transpose()?;
    let order = order(collector, &site, values, days);
    let reply = carry_out(collector, &site, &order, command.dry_run)?;
    match reply {
        Some(reply) => Ok(reply),
        None if order.values.is_none() => Ok(nothing(&site, command.dry_run)),
        None => {
            let domain = &site.domain;
            let hint = nearest(collector, &order, command)?.map(|flag| format!("; did you mean {flag}?"));
            refuse(format!("nothing of this is counted for {domain}{}", hint.unwrap_or_default()))
        }
    }
}

/// Forgets all that was counted for a site.
pub(super) fn reset(collector: &Collector, domain: &str, dry_run: bool) -> Done {
    let site = find(collector, domain)?;
    let reply = carry_out(collector, &site, &order(collector, &site, None, None), dry_run)?;
    Ok(reply.unwrap_or_else(|| nothing(&site, dry_run)))
}

fn nothing(site: &Site, dry_run: bool) -> Reply {
    let text = format!("Nothing of this is counted for {}.\n", site.domain);
    Reply::new(text, described(site, RemovedCells::default(), dry_run, false))
}

fn order(collector: &Collector, site: &Site, values: Option<ForgottenValues>, days: Option<(Day, Day)>) -> Forgetting {
    let today = site.schedule.locate(collector.clock().now()).day;
    Forgetting { site: site.id, values, days, today, marks: Vec::new() }
}

fn days(collector: &Collector, site: &Site, text: &str) -> Result<(Day, Day), CommandRefusal> {
    let range = if text.contains("..") { text.to_owned() } else { format!("{text}..{text}") };
    let span = report::range(collector, site, &range)?.span;
    Ok((span.first_day(), span.last_day()))
}

/// A value by the name of its dimension; of a property the key, or KEY=VALUE.
fn named(of: &str, value: &str) -> Result<ForgottenValue, CommandRefusal> {
    if value.is_empty() {
        return refuse(format!("--{of} needs a value or a pattern"));
    }
    if of == "prop" {
        let (key, pattern) = value.split_once('=').unwrap_or((value, "**"));
        return Ok(ForgottenValue { of: ForgottenAxis::Prop(key.to_owned()), pattern: pattern.to_owned() });
    }
    let Some(dimension) = Dimension::from_name(of).filter(|dimension| dimension.row().is_listed()) else {
        let names = crate::cell::DIMENSIONS.listed().map(|row| row.name).collect::<Vec<_>>();
        return refuse(format!("{of:?} is no dimension; write {:?}", config::nearest(of, &names)));
    };
    Ok(ForgottenValue { of: ForgottenAxis::Of(dimension), pattern: value.to_owned() })
}

/// Nothing where there was nothing. It is carried out all the same: one that was interrupted has left what is not counted.
fn carry_out(
    collector: &Collector,
    site: &Site,
    order: &Forgetting,
    dry_run: bool,
) -> Result<Option<Reply>, CommandRefusal> {
    let done = if dry_run { collector.count_forgotten(order) } else { collector.forget(order) };
    let removed = done.map_err(refused)?;
    if removed.is_empty() {
        return Ok(None);
    }
    let still_named = still_named(collector, site, order)?;
    let mut text = told(site, removed, dry_run);
    if still_named {
        text.push_str(
            "\nThe settings of the site still name some of it, as a goal, a funnel, a segment, a campaign, a rule, something set aside or an announced change; \
             `headcount site show` lists them.\n",
        );
    }
    if is_set_aside(site, order) {
        text.push_str(
            "\nWhat is set aside by a forgotten value is in totals again, as nothing tells any more how much it was; \
             `headcount set-aside undo` takes such an act back.\n",
        );
    }
    Ok(Some(Reply::new(text, described(site, removed, dry_run, still_named))))
}

/// Whether values of a dimension are forgotten of which some are set aside.
fn is_set_aside(site: &Site, order: &Forgetting) -> bool {
    let forgotten = order.values.iter().flat_map(|values| &values.0);
    let mut names = forgotten.filter_map(|value| match &value.of {
        ForgottenAxis::Of(dimension) => Some(dimension.name()),
        ForgottenAxis::Prop(_) => None,
    });
    names.any(|name| site.settings.set_aside.acts.iter().any(|act| act.key == name))
}

fn described(site: &Site, removed: RemovedCells, dry_run: bool, still_named: bool) -> Value {
    let rows: Map<String, Value> =
        removed.rows().into_iter().map(|(name, count)| (name.replace(' ', "_"), count.into())).collect();
    json!({"site": site.domain, "dry_run": dry_run, "removed": rows, "settings_name_it": still_named})
}

/// A flag whose value is counted, and most like one that is not.
fn nearest(
    collector: &Collector,
    order: &Forgetting,
    command: &ForgetCommand,
) -> Result<Option<String>, CommandRefusal> {
    let names = collector.sums().names_with("")?;
    let own = || names.iter().filter(|(site, name)| *site == order.site && !name.contains(JOINT)).map(|(_, name)| name);
    for (of, given) in command.values.iter().filter(|(_, given)| !given.contains('*')) {
        let (key, text) = given.split_once('=').filter(|_| of == "prop").unzip();
        let text = as_counted(of, text.unwrap_or(given)).to_lowercase();
        let likeness = |name: &String| (strsim::jaro_winkler(&text, &name.to_lowercase()) * 100.0) as u32;
        let mut alike: Vec<_> = own().map(|name| (likeness(name), name)).collect();
        alike.retain(|(likeness, _)| *likeness >= limits::LIKENESS_PERCENT_MIN);
        alike.sort_unstable_by(|a, b| b.cmp(a));
        for (_, name) in alike.into_iter().take(limits::ALIKE_TRIED) {
            let value = key.map_or_else(|| name.clone(), |key| format!("{key}={name}"));
            let values = Some(ForgottenValues(vec![named(of, &value)?]));
            let counted = collector.count_forgotten(&Forgetting { values, ..order.clone() }).map_err(refused)?;
            if !counted.is_empty() {
                return Ok(Some(format!("--{} {value:?}", of.replace('_', "-"))));
            }
        }
    }
    Ok(None)
}

/// What a page is counted as that was given as an address, or without its slash.
fn as_counted(of: &str, given: &str) -> String {
    let is_page = matches!(of, "page" | "entry_page" | "exit_page");
    let path = given.split_once("://").map(|(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    match path {
        _ if !is_page => given.to_owned(),
        Some(path) => format!("/{}", path.split(['?', '#']).next().unwrap_or(path)),
        None if given.starts_with('/') => given.to_owned(),
        None => format!("/{given}"),
    }
}

fn refused(error: NotForgotten) -> CommandRefusal {
    match error {
        NotForgotten::Store(error) => error.into(),
        other => other.into(),
    }
}

fn told(site: &Site, removed: RemovedCells, dry_run: bool) -> String {
    let domain = &site.domain;
    let mut text = match dry_run {
        true => format!("This would go from the figures of {domain}, for good:\n\n"),
        false => format!("This is gone from the figures of {domain}:\n\n"),
    };
    for (name, count) in removed.rows().into_iter().filter(|(_, count)| *count > 0) {
        text.push_str(&format!("{count:>12}  {}\n", noun(count, name)));
    }
    text.push_str("\nBackups keep what they had, until you remove them.\n");
    text
}

/// Whether what the owner has declared holds a value that is forgotten.
fn still_named(collector: &Collector, site: &Site, order: &Forgetting) -> Result<bool, CommandRefusal> {
    let Some(values) = &order.values else { return Ok(false) };
    let announced = collector.operators().announced(site.id)?.into_iter().map(|change| change.command);
    let declared: Vec<String> = announced.chain([serde_json::to_string(&site.settings)?]).collect();
    // Of a pattern its longest text, wherever it stands: in a goal, a note, a way through the site.
    let text = |pattern: &str| {
        let longest = pattern.split('*').max_by_key(|part| part.len()).unwrap_or_default();
        serde_json::to_string(longest).map(|text| text.trim_matches('"').to_owned()).unwrap_or_default()
    };
    let is_named = |text: String| text.len() > 1 && declared.iter().any(|declared| declared.contains(&text));
    Ok(values.0.iter().map(|value| text(&value.pattern)).any(is_named))
}
