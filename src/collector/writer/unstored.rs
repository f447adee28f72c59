//! In: sums that wait for the store. Out: those that a snapshot of the store may not hold yet. Forgets: nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::SumsWriter;
use crate::collector::pending::{Pending, SnapshotScope};
use crate::collector::rejections::BookedRows;
use crate::counts::OpenDay;
use crate::site::SiteId;
use crate::store::Flush;

impl SumsWriter {
    /// What is in memory.
    pub(super) fn pending(&mut self, scope: &SnapshotScope) -> Pending {
        let next = Arc::new(self.next_flush(scope));
        Pending {
            flushes: self.flushing.writing().cloned().into_iter().chain([next]).collect(),
            in_memory: self.in_memory(scope),
            visitors_now: if scope.counts_visitors { self.visitors_now(scope) } else { HashMap::new() },
        }
    }

    /// What the next flush would bring of some sites.
    fn next_flush(&self, scope: &SnapshotScope) -> Flush {
        let BookedRows { rejected, bots } = self.rejections.peek();
        let waiting = self.days.values().filter(|day| day.pending() > 0 && scope.sites.contains(&day.site));
        let sums = |day: &OpenDay| match &scope.axes {
            Some(axes) => day.peek(axes.iter()),
            None => day.peek_all(),
        };
        Flush {
            number: self.flushing.next_number(),
            sums: waiting.map(|day| (day.site, day.day, sums(day))).collect(),
            rejected,
            bots,
            mails: self.mails.peek(),
            ..Flush::default()
        }
    }

    fn visitors_now(&self, scope: &SnapshotScope) -> HashMap<SiteId, usize> {
        let now = self.clock.now();
        let mut visitors = HashMap::new();
        for day in self.days.values().filter(|day| scope.sites.contains(&day.site)) {
            *visitors.entry(day.site).or_default() += day.visitors_now(now);
        }
        visitors
    }
}
