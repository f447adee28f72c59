//! Files of the first version, whose hours did not say who came first in them.

use serde::Deserialize;

use super::{Spill, SpillPart};
use crate::cell::{Cell, Tally};
use crate::counts::{Name, Sums};
use crate::secret::Digest;
use crate::site::{Day, Hour, SiteId};
use crate::store::sums::{BotCount, Imported, JournalPosition, MailSum, Rejected};

/// The numbers of a tally, without the first visitors.
type FirstTally = [i64; 10];

/// What is in a file.
#[derive(Deserialize)]
pub(super) struct FirstSpill {
    written_ms: i64,
    parts: Vec<FirstPart>,
}

/// One flush.
#[derive(Deserialize)]
struct FirstPart {
    number: u64,
    ids: Vec<Digest>,
    journal: Option<JournalPosition>,
    sums: Vec<(SiteId, Day, FirstSums)>,
    rejected: Vec<Rejected>,
    bots: Vec<BotCount>,
    unvisited: Vec<(SiteId, Day, u64)>,
    imported: Vec<Imported>,
    mails: Vec<MailSum>,
    batches: Vec<(Digest, Day)>,
}

#[derive(Deserialize)]
struct FirstSums {
    hours: Vec<(Cell<Name>, Hour, FirstTally)>,
    days: Vec<(Cell<Name>, FirstTally)>,
}

fn tally(first: FirstTally) -> Tally {
    let mut columns = Tally::ZERO.columns();
    columns[..first.len()].copy_from_slice(&first);
    Tally::from_columns(columns)
}

impl From<FirstSpill> for Spill {
    fn from(first: FirstSpill) -> Self {
        Spill { written_ms: first.written_ms, parts: first.parts.into_iter().map(SpillPart::from).collect() }
    }
}

impl From<FirstPart> for SpillPart {
    fn from(first: FirstPart) -> Self {
        let FirstPart { number, ids, journal, sums, rejected, bots, unvisited, imported, mails, batches } = first;
        let sums = sums.into_iter().map(|(site, day, sums)| (site, day, Sums::from(sums))).collect();
        SpillPart { number, ids, journal, sums, rejected, bots, unvisited, imported, mails, batches }
    }
}

impl From<FirstSums> for Sums {
    fn from(first: FirstSums) -> Self {
        Sums {
            hours: first.hours.into_iter().map(|(cell, hour, numbers)| (cell, hour, tally(numbers))).collect(),
            days: first.days.into_iter().map(|(cell, numbers)| (cell, tally(numbers))).collect(),
        }
    }
}
