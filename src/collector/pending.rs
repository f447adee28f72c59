//! In: sums that wait for the store. Out: those that an answer of the store does not hold yet. Forgets: nothing.

use std::sync::Arc;

use crate::counts::SessionSnapshot;
use crate::site::Day;
use crate::store::{BotCount, InMemory, MailSum, Rejected, SumRow};

/// Sums that are not in the store yet, as far as they were asked for.
#[derive(Debug, Default)]
pub struct Pending {
    /// What waits, by flush.
    pub memtables: Vec<Memtable>,
    /// Days whose pairs are in memory.
    pub running: Vec<(InMemory, Arc<SessionSnapshot>)>,
}

/// Sums that go into one flush.
#[derive(Debug, Default)]
pub struct Memtable {
    /// Number of that flush.
    pub number: u64,
    /// For each question its rows.
    pub rows: Vec<Vec<SumRow>>,
    /// All rejections.
    pub rejected: Vec<Rejected>,
    /// What became of mails.
    pub mails: Vec<MailSum>,
    /// All programs.
    pub bots: Vec<BotCount>,
    /// The first day of the site with sums in it.
    pub first_day: Option<Day>,
}

impl Pending {
    /// Those that a store has not seen that holds all flushes up to number `flush`.
    pub fn after(&self, flush: u64) -> impl Iterator<Item = &Memtable> {
        self.memtables.iter().filter(move |memtable| memtable.number > flush)
    }
}
