//! What a page shows of a site beside sums by value, from the same state.

use std::collections::HashMap;

use super::Sums;
use crate::beacon::mail::MailKind;
use crate::rejection::Rejection;
use crate::site::{Day, SiteId};
use crate::store::{BotCount, StoreError};

/// By campaign and kind, how often something happened, and by how many people, those of each day added.
pub type MailSums = HashMap<(String, MailKind), (u64, u64)>;

/// Sums, and what else is recorded of sites.
pub trait Records: Sums {
    /// The rejections of a site from `first` to `last`, most frequent first.
    ///
    /// # Errors
    /// [`StoreError`]
    fn rejected(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<(Rejection, u64)>, StoreError>;

    /// The programs that came to a site from `first` to `last`, by day, in no order.
    ///
    /// # Errors
    /// [`StoreError`]
    fn bots(&self, site: SiteId, first: Day, last: Day) -> Result<Vec<BotCount>, StoreError>;

    /// What became of a site's mails from `first` to `last`: by campaign and kind, how often and by how many people a day.
    ///
    /// # Errors
    /// [`StoreError`]
    fn mails(&self, site: SiteId, first: Day, last: Day) -> Result<MailSums, StoreError>;

    /// Visitors of the last five minutes, of each site that has any.
    ///
    /// # Errors
    /// [`StoreError`]
    fn visitors_now(&self) -> Result<HashMap<SiteId, usize>, StoreError>;
}
