//! In: a site, days, and the collector. Out: what became of the mails of its campaigns. Forgets: nothing.

use std::collections::BTreeMap;

use crate::beacon::mail::{Act, Asker, MailKind};
use crate::cell::{Axis, Dimension};
use crate::collector::Collector;
use crate::page::MailLine;
use crate::report::Sums;
use crate::site::{Day, Site};
use crate::store::{Ask, Grain, StoreError};

/// A line for each campaign that is declared, and for each other name that something was counted under.
pub fn lines(site: &Site, first: Day, last: Day, collector: &Collector) -> Result<Vec<MailLine>, StoreError> {
    let counted = collector.mails(site.id, first, last)?;
    let mut lines: BTreeMap<String, MailLine> = BTreeMap::new();
    for (name, sent) in &site.settings.campaigns {
        lines.insert(name.clone(), MailLine { sent: *sent, ..MailLine::default() });
    }
    for ((campaign, kind), (count, people)) in counted {
        add(lines.entry(campaign).or_default(), kind, count, people);
    }
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let axis = Axis::Of(Dimension::UtmCampaign);
    let ask = Ask { site: site.id, axis, grain: Grain::Day, first: first.0, last: last.0, by_bucket: false };
    for row in collector.read(&[ask])?.into_iter().flatten() {
        if let Some(line) = lines.get_mut(&*row.value) {
            line.visited += row.tally.visits.max(0) as u64;
        }
    }
    Ok(lines.into_iter().map(|(campaign, line)| MailLine { campaign, ..line }).collect())
}

fn add(line: &mut MailLine, kind: MailKind, count: u64, people: u64) {
    match (kind.act, kind.asker) {
        (_, Asker::Scanner) => line.scanners += count,
        (Act::Opened, Asker::Relay) => line.relays += count,
        (Act::Opened, Asker::Reader | Asker::Proxy) => {
            line.opened += count;
            line.readers += people;
        }
        (Act::Clicked, _) => line.clicked += count,
    }
}
