//! In: orders to forget. Out: the same for the next flush. Forgets: what is meant of running days, under the lock that hits are
//! counted under, so that what comes later is untouched.

use super::{Running, Waiter};
use crate::journal::Record;
use crate::site::SiteId;
use crate::store::Forgetting;

impl Running {
    /// Has an order carried out by a flush of its own.
    pub(in crate::collector) fn forget(&mut self, order: Forgetting, waiter: Waiter) {
        self.forgetting.push((order, waiter));
        self.wants_tick();
    }

    /// Lets go of what orders are about, just before all that is counted is handed out. A day of which everything goes ends now:
    /// whoever is there still counts as somebody new.
    pub(super) fn take_forgetting(&mut self) -> Vec<Forgetting> {
        let (orders, waiters): (Vec<_>, Vec<_>) = std::mem::take(&mut self.forgetting).into_iter().unzip();
        self.waiters.extend(waiters);
        for order in &orders {
            match &order.values {
                None => self.end_days(order),
                Some(_) => self.forget_values(order),
            }
            self.forget_mails(order);
            self.journal.forget();
        }
        orders
    }

    fn forget_values(&mut self, order: &Forgetting) {
        let Some(values) = &order.values else { return };
        let meant = |(site, day): &(SiteId, _)| *site == order.site && order.has_day(*day);
        for ((site, day), open) in self.days.iter_mut().filter(|(key, _)| meant(key)) {
            let names = open.forget_values(values);
            if !names.is_empty() {
                self.journal.later(|| Record::Displaced { site: *site, day: *day, names: names.rows() });
            }
        }
    }

    fn end_days(&mut self, order: &Forgetting) {
        let meant = |(site, day): &(SiteId, _)| *site == order.site && order.has_day(*day);
        let open: Vec<_> = self.days.keys().copied().chain(self.salts.days()).filter(|key| meant(key)).collect();
        for key in open {
            self.close_day(key);
            self.salts.forget(key.0, key.1);
        }
        self.repeats.forget_days(|key| meant(key));
        self.repeating.retain(|site, day| !meant(&(*site, *day)));
        if meant(&(order.site, order.today)) {
            self.minutes.forget_site(order.site);
        }
    }

    fn forget_mails(&mut self, order: &Forgetting) {
        self.mails.forget_where(|(site, day, campaign, _)| {
            let meant = *site == order.site && order.has_day(*day);
            let takes =
                |values: &crate::cell::ForgottenValues| values.takes(crate::cell::Dimension::UtmCampaign, campaign);
            meant && order.values.as_ref().is_none_or(takes)
        });
    }

    /// Whether days of a site that ended wait for the store.
    pub(in crate::collector) fn has_closing(&self, site: SiteId) -> bool {
        self.closing.iter().any(|state| state.site == site)
    }

    /// Whether the journal still holds what is to be forgotten. Has it looked at soon.
    pub(in crate::collector) fn is_journal_forgetting(&mut self) -> bool {
        self.wants_tick();
        self.journal.is_forgetting()
    }
}
