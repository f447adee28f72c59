//! What is counted and may not be in a snapshot of the store yet.

use super::Running;
use crate::collector::pending::{Pending, SnapshotScope};
use crate::collector::rejections::BookedRows;
use crate::counts::{SessionSnapshot, UnstoredSums};
use crate::site::{Day, SiteId};
use crate::store::Flush;

impl Running {
    /// What is in memory.
    pub(in crate::collector) fn pending(&mut self, scope: &SnapshotScope) -> Pending {
        Pending {
            writing: self.flushing.writing().into_iter().chain(self.flushing.queued()).cloned().collect(),
            next: self.unstored(scope),
            next_sums: self.unstored_sums(scope),
            next_number: self.next_number.clone(),
            in_memory: self.in_memory(scope),
            days_now: if scope.counts_visitors { self.days_now(scope) } else { Vec::new() },
        }
    }

    /// What the next flush would bring of some sites.
    fn unstored(&self, scope: &SnapshotScope) -> Flush {
        let BookedRows { mut rejected, mut bots, mut unvisited } = self.rejections.rows();
        rejected.retain(|rejected| scope.has(rejected.site));
        bots.retain(|bot| scope.has(bot.site));
        unvisited.retain(|(site, ..)| scope.has(*site));
        let mails = self.mails.rows().into_iter().filter(|mail| scope.has(mail.site)).collect();
        Flush { rejected, bots, unvisited, mails, ..Flush::default() }
    }

    fn unstored_sums(&self, scope: &SnapshotScope) -> Vec<(SiteId, Day, UnstoredSums)> {
        let waiting = self.days.values().filter(|day| day.pending() > 0 && scope.has(day.site));
        waiting.map(|day| (day.site, day.day, day.unstored())).collect()
    }

    fn days_now(&self, scope: &SnapshotScope) -> Vec<(SiteId, SessionSnapshot)> {
        let days = self.days.values().filter(|day| scope.has(day.site) && day.visitors() > 0);
        days.map(|day| (day.site, day.snapshot())).collect()
    }
}
