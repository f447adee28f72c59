//! In: rejections, from any request, and the programs among them; hits that found no room for a visitor. Out: their sums,
//! for the next flush. Forgets: everything but site, day and reason, and of programs their family and a group of paths.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::counts::Name;
use crate::hit::BotHit;
use crate::limits::{BOT_ROWS_OF_FAMILY, BOT_ROWS_PER_DAY_MAX};
use crate::rejection::Rejection;
use crate::site::{Day, SiteId};
use crate::store::{BotCount, OTHER_PAGES, Rejected};

/// Rejections that are not stored yet, by key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RejectionSums {
    rejected: CountBy<(SiteId, Day, Rejection)>,
    bots: HashMap<(SiteId, Day), BotRows>,
    unvisited: CountBy<(SiteId, Day)>,
}

/// The programs of a site's day.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct BotRows {
    rows: CountBy<(Cow<'static, str>, String)>,
    /// How many rows each family has.
    families: HashMap<Cow<'static, str>, usize, foldhash::fast::RandomState>,
}

type CountBy<K> = HashMap<K, u64, foldhash::fast::RandomState>;

/// What is booked, as rows.
#[derive(Debug, Default)]
pub struct BookedRows {
    /// Rejections.
    pub rejected: Vec<Rejected>,
    /// The programs among them.
    pub bots: Vec<BotCount>,
    /// Hits without a visitor, by site and day.
    pub unvisited: Vec<(SiteId, Day, u64)>,
}

impl RejectionSums {
    /// Adds a rejection, and the program that was rejected. Past [`BOT_ROWS_PER_DAY_MAX`] rows the paths of programs are no
    /// longer told apart, but for the first of each family; the store holds the same bound over the whole day.
    pub fn add(&mut self, site: SiteId, day: Day, reason: Rejection, bot: Option<BotHit>) {
        *self.rejected.entry((site, day, reason)).or_default() += 1;
        let Some(BotHit { bot, pages }) = bot else { return };
        let BotRows { rows, families } = self.bots.entry((site, day)).or_default();
        let key = (Cow::Borrowed(bot.family), pages);
        if let Some(count) = rows.get_mut(&key) {
            *count += 1;
            return;
        }
        let of_family = families.entry(Cow::Borrowed(bot.family)).or_default();
        let has_room = rows.len() < BOT_ROWS_PER_DAY_MAX || *of_family < BOT_ROWS_OF_FAMILY;
        *of_family += usize::from(has_room);
        *rows.entry(if has_room { key } else { (key.0, OTHER_PAGES.to_owned()) }).or_default() += 1;
    }

    /// Adds a hit that was counted, but without a visitor, because there was no room for one.
    pub fn add_unvisited(&mut self, site: SiteId, day: Day) {
        *self.unvisited.entry((site, day)).or_default() += 1;
    }

    /// What is booked, as rows in order.
    pub fn rows(&self) -> BookedRows {
        let rejected =
            |(&(site, day, reason), &count): (&(SiteId, Day, Rejection), &u64)| Rejected { site, day, reason, count };
        let bots = self.bots.iter().flat_map(|(&(site, day), rows)| {
            rows.rows.iter().map(move |((family, pages), count)| BotCount {
                site,
                day,
                family: Name::from(&**family),
                pages: Name::from(pages.as_str()),
                count: *count,
            })
        });
        let mut unvisited: Vec<_> = self.unvisited.iter().map(|(&(site, day), &count)| (site, day, count)).collect();
        let (mut rejected, mut bots): (Vec<_>, Vec<_>) = (self.rejected.iter().map(rejected).collect(), bots.collect());
        rejected.sort_unstable_by_key(|row| (row.site, row.day, row.reason));
        bots.sort_unstable_by(|a, b| (a.site, a.day, &a.family, &a.pages).cmp(&(b.site, b.day, &b.family, &b.pages)));
        unvisited.sort_unstable();
        BookedRows { rejected, bots, unvisited }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hit::agent::AUTOMATED;

    #[test]
    fn random_paths_of_programs_fill_no_memory() {
        let mut sums = RejectionSums::default();
        let (site, day) = (SiteId(1), Day(20_000));
        let total = BOT_ROWS_PER_DAY_MAX + 500;
        for number in 0..total {
            let bot = Some(BotHit { bot: AUTOMATED, pages: format!("/{number}") });
            sums.add(site, day, Rejection::Bot, bot);
        }
        let booked = sums.rows();
        assert_eq!(booked.bots.len(), BOT_ROWS_PER_DAY_MAX + 1);
        assert_eq!(booked.bots.iter().map(|row| row.count).sum::<u64>(), total as u64);
        let rest = booked.bots.iter().find(|row| &*row.pages == OTHER_PAGES).map(|row| row.count);
        assert_eq!((rest, booked.rejected[0].count), (Some(500), total as u64));
    }

    #[test]
    fn one_program_leaves_others_their_rows() {
        let mut sums = RejectionSums::default();
        let (site, day) = (SiteId(1), Day(20_000));
        for number in 0..BOT_ROWS_PER_DAY_MAX + 500 {
            let bot = Some(BotHit { bot: AUTOMATED, pages: format!("/{number}") });
            sums.add(site, day, Rejection::Bot, bot);
        }
        let other = crate::hit::agent::Bot { family: "Other bot", ..AUTOMATED };
        for number in 0..BOT_ROWS_OF_FAMILY + 2 {
            sums.add(site, day, Rejection::Bot, Some(BotHit { bot: other, pages: format!("/{number}") }));
        }
        let booked = sums.rows();
        let of_other = booked.bots.iter().filter(|row| &*row.family == "Other bot");
        assert_eq!(of_other.clone().filter(|row| &*row.pages != OTHER_PAGES).count(), BOT_ROWS_OF_FAMILY);
        assert_eq!(of_other.map(|row| row.count).sum::<u64>(), BOT_ROWS_OF_FAMILY as u64 + 2);
    }
}
