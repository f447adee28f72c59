//! What is counted and may not be in a snapshot of the store yet.

use std::collections::HashMap;

use super::SumsWriter;
use crate::collector::pending::{Pending, SnapshotScope};
use crate::collector::rejections::BookedRows;
use crate::counts::OpenDay;
use crate::site::SiteId;
use crate::store::Flush;

impl SumsWriter {
    /// What is in memory.
    pub(super) fn pending(&mut self, scope: &SnapshotScope) -> Pending {
        Pending {
            writing: self.flushing.writing().cloned(),
            next: self.unstored(scope),
            next_number: self.next_number.clone(),
            in_memory: self.in_memory(scope),
            visitors_now: if scope.counts_visitors { self.visitors_now(scope) } else { HashMap::new() },
        }
    }

    /// What the next flush would bring of some sites.
    fn unstored(&self, scope: &SnapshotScope) -> Flush {
        let BookedRows { mut rejected, mut bots } = self.rejections.peek();
        rejected.retain(|rejected| scope.has(rejected.site));
        bots.retain(|bot| scope.has(bot.site));
        let mails = self.mails.peek().into_iter().filter(|mail| scope.has(mail.site)).collect();
        let waiting = self.days.values().filter(|day| day.pending() > 0 && scope.has(day.site));
        let sums = |day: &OpenDay| match &scope.axes {
            Some(axes) => day.unstored().of_axes(axes.iter()),
            None => day.unstored().all(),
        };
        Flush {
            sums: waiting.map(|day| (day.site, day.day, sums(day))).collect(),
            rejected,
            bots,
            mails,
            ..Flush::default()
        }
    }

    fn visitors_now(&self, scope: &SnapshotScope) -> HashMap<SiteId, usize> {
        let now = self.clock.now();
        let mut visitors = HashMap::new();
        for day in self.days.values().filter(|day| scope.has(day.site)) {
            *visitors.entry(day.site).or_default() += day.snapshot().visitors_now(now);
        }
        visitors
    }
}
