//! `headcount funnel`: declares, lists, shows and removes the funnels of a site. The number of a removed one is never used again.

use serde_json::{Value, json};

use super::goal::{name, target, unknown};
use super::notice::announcing;
use super::{Command, CommandRefusal, Done, Reply, find, refuse, report};
use crate::collector::Collector;
use crate::limits;
use crate::page::text::watched::{self, funnel_described, moment, since};
use crate::report::goals;
use crate::site::{Funnel, Moment, Site};

/// Declares a funnel.
pub(super) fn add(collector: &Collector, site: &str, called: &str, steps: &[String]) -> Done {
    let (site, funnel) = planned(&find(collector, site)?, called, steps, collector.clock().now())?;
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let text = format!(
        "{:?} is a funnel of {} and counted from now on:\n\n{}",
        funnel.name,
        site.domain,
        watched::steps(&funnel)
    );
    Ok(Reply::new(text, funnel_described(&funnel)))
}

/// A site with one more funnel, which is not stored yet.
pub(super) fn planned(
    site: &Site,
    called: &str,
    steps: &[String],
    now: Moment,
) -> Result<(Site, Funnel), CommandRefusal> {
    let mut site = site.clone();
    let called = name(called)?;
    let steps = steps.iter().map(|step| target(step, &site)).collect::<Result<Vec<_>, _>>()?;
    if !(2..=limits::FUNNEL_STEPS_MAX).contains(&steps.len()) {
        return refuse(format!("a funnel has 2 to {} steps, each a page or an event", limits::FUNNEL_STEPS_MAX));
    }
    let settings = &mut site.settings;
    if settings.funnels.iter().any(|funnel| funnel.name == called) {
        return refuse(format!("{} has a funnel {called:?} already; give this one another name", site.domain));
    }
    if settings.funnels.len() >= limits::FUNNELS_MAX {
        return refuse(format!("a site has at most {} funnels; remove one first", limits::FUNNELS_MAX));
    }
    let number = settings.funnels.iter().map(|funnel| funnel.number).fold(settings.funnels_made, u32::max) + 1;
    settings.funnels_made = number;
    let funnel = Funnel { number, name: called, steps, since_ms: now.0 };
    settings.funnels.push(funnel.clone());
    Ok((site, funnel))
}

/// Lists the funnels of a site.
pub(super) fn list(collector: &Collector, site: &str) -> Done {
    let site = find(collector, site)?;
    let funnels = &site.settings.funnels;
    let example = format!("headcount funnel add {} Checkout /cart /checkout Purchase", site.domain);
    let none = format!("{} has no funnel yet; declare one with `{example}`.", site.domain);
    let block = |funnel: &Funnel| {
        format!("{}, counted since {}\n{}", funnel.name, since(funnel.since(), &site), watched::steps(funnel))
    };
    let blocks: Vec<String> = funnels.iter().map(block).collect();
    let waiting = announcing::waiting(collector, &site, |command| matches!(command, Command::FunnelAdd { .. }))?;
    let text = if blocks.is_empty() { none } else { blocks.join("\n\n") } + &waiting;
    Ok(Reply::new(text, Value::Array(funnels.iter().map(funnel_described).collect())))
}

/// Tells how far visits came.
pub(super) fn show(collector: &Collector, site: &str, name: &str, period: &str) -> Done {
    let site = find(collector, site)?;
    let funnel = &site.settings.funnels[place(&site, name)?];
    let range = report::range(collector, &site, period)?;
    let steps = goals::funnel(site.id, range.span, funnel, collector)?;
    let (first, last) = (range.span.first_day(), range.span.last_day());
    let begun = site.schedule.locate(funnel.since()).day;
    let mut text = format!("{}, {}, {first} to {last}\n\n{}", site.domain, funnel.name, watched::table(&steps));
    if begun >= first {
        text.push_str(&format!("\nCounted since {}.\n", since(funnel.since(), &site)));
    }
    if range.is_partial {
        text.push_str("\nToday is still running.\n");
    }
    let is_sure = steps.iter().all(|step| step.is_sure);
    if !is_sure {
        text.push_str(
            "\nAt most so many are there: something of these days is set aside, and which visits went on is not known by it.\n",
        );
    }
    let rows: Vec<Value> = steps.iter().enumerate().map(|(at, step)| watched::row(&steps, at, step)).collect();
    let answer = json!({
        "site": site.domain, "funnel": funnel.name, "from": first.to_string(), "to": last.to_string(),
        "counted_since": moment(funnel.since()), "steps": rows, "at_most": !is_sure,
    });
    Ok(Reply::new(text, answer))
}

/// Takes a funnel away.
pub(super) fn remove(collector: &Collector, site: &str, name: &str) -> Done {
    let mut site = find(collector, site)?;
    announcing::refuse_waiting(collector, &site, &format!("funnel {name:?}"))?;
    let place = place(&site, name)?;
    let funnel = site.settings.funnels.remove(place);
    site.settings.funnels_made = site.settings.funnels_made.max(funnel.number);
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let text =
        format!("The funnel {:?} of {} is removed; one declared anew begins from nothing.", funnel.name, site.domain);
    Ok(Reply::new(text, json!({"removed": funnel.name})))
}

fn place(site: &Site, name: &str) -> Result<usize, CommandRefusal> {
    let names: Vec<&str> = site.settings.funnels.iter().map(|funnel| funnel.name.as_str()).collect();
    match names.iter().position(|known| *known == name) {
        Some(place) => Ok(place),
        None => unknown("funnel", name, &names, site),
    }
}
