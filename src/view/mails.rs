//! What became of the mails of a site's campaigns.

use std::collections::BTreeMap;

use crate::beacon::mail::{Act, Asker, MailKind};
use crate::cell::{Axis, Dimension, Metric};
use crate::page::MailLine;
use crate::report::{self, Question, Records, Span};
use crate::site::{Day, Site};
use crate::store::StoreError;

/// A line for each campaign that is declared, and for each other name that something was counted under.
pub fn lines(site: &Site, first: Day, last: Day, records: &dyn Records) -> Result<Vec<MailLine>, StoreError> {
    let counted = records.mails(site.id, first, last)?;
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
    let span = Span::of_days(first, last);
    let question = Question::new(site.id, span, Axis::Of(Dimension::UtmCampaign), None, &[Metric::Visits]);
    for row in report::answers(&[question], records)?.into_iter().flatten() {
        if let (Some(line), Some(visits)) = (lines.get_mut(&*row.value), row.metrics[0]) {
            line.visited += visits as u64;
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
            line.proxied += if kind.asker == Asker::Proxy { count } else { 0 };
            line.readers += people;
        }
        (Act::Clicked, _) => line.clicked += count,
    }
}
