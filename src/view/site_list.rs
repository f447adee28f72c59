//! The list of a reader's sites, those with the most visitors first.

use std::cmp::Reverse;
use std::sync::Arc;

use super::arrivals::recently_unclaimed;
use crate::cell::Tally;
use crate::limits;
use crate::page::words::Words;
use crate::page::{Account, LinkTo, NotCounted, SiteLine, SitesPage};
use crate::rejection::Rejection;
use crate::report::Records;
use crate::report::overview::{Glance, glances};
use crate::site::{AddressMode, Moment, Site};
use crate::store::StoreError;

/// The periods of the list, in days; the second unless another is asked for.
const PERIODS: [i32; 3] = [7, 30, 91];

/// What a reader wants to see of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteListParams {
    /// How many days, with today.
    days: i32,
    /// What the domains contain.
    search: Option<String>,
    /// Which part of the list, counted from 0.
    part: usize,
}

impl SiteListParams {
    /// Reads the keys `period`, `search` and `page` of a query. What names nothing of the list is as if it were not there: the page
    /// says which days it shows.
    pub fn read(query: &[(String, String)]) -> SiteListParams {
        let of = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.trim());
        let days = of("period").and_then(|key| PERIODS.into_iter().find(|days| key == format!("{days}d")));
        let search = of("search").filter(|text| !text.is_empty());
        SiteListParams {
            days: days.unwrap_or(PERIODS[1]),
            search: search.map(|text| text.chars().take(limits::SEARCH_CHARS_MAX).collect()),
            part: of("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).saturating_sub(1),
        }
    }

    fn finds(&self, site: &Site) -> bool {
        let Some(search) = self.search.as_deref() else { return true };
        let folded = crate::site::fold(search);
        [search, &folded].iter().any(|text| site.domain.as_str().contains(text))
    }

    fn address(&self, days: i32, part: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("period", &format!("{days}d"));
        self.search.iter().for_each(|search| {
            query.append_pair("search", search);
        });
        if part > 0 {
            query.append_pair("page", &(part + 1).to_string());
        }
        format!("/?{}", query.finish())
    }
}

/// The list of these sites.
///
/// # Errors
/// [`StoreError`]
pub fn site_list(
    sites: &[Arc<Site>],
    params: &SiteListParams,
    words: &'static Words,
    account: Account,
    now: Moment,
    records: &dyn Records,
) -> Result<SitesPage, StoreError> {
    let found: Vec<&Arc<Site>> = sites.iter().filter(|site| params.finds(site)).collect();
    let mut lines = lines(&found, params.days, now, records)?;
    lines.sort_by(|a, b| {
        let rank = |line: &SiteLine| (Reverse(line.is_measured), Reverse(line.sum as u64));
        (rank(a), &a.domain).cmp(&(rank(b), &b.domain))
    });
    let parts = found.len().div_ceil(limits::OVERVIEW_SITES).max(1);
    let part = params.part.min(parts - 1);
    let at = |part: usize| params.address(params.days, part);
    let period = |days: i32| LinkTo {
        label: words.one(words.period_days, days),
        href: params.address(days, 0),
        is_current: days == params.days,
    };
    Ok(SitesPage {
        words,
        is_owner: account.is_owner,
        periods: PERIODS.map(period).into(),
        period_key: format!("{}d", params.days),
        period_name: words.one(words.period_days, params.days),
        sites: lines.into_iter().skip(part * limits::OVERVIEW_SITES).take(limits::OVERVIEW_SITES).collect(),
        search: params.search.clone(),
        counts: (sites.len(), found.len()),
        around: [part.checked_sub(1).map(at), (part + 1 < parts).then(|| at(part + 1))],
        unclaimed: if account.is_owner { unclaimed(now, records)? } else { Vec::new() },
        account: Some(account),
    })
}

/// Messages of the last days that name a site which is none here. What else belongs to none comes from programs mostly.
fn unclaimed(now: Moment, records: &dyn Records) -> Result<Vec<NotCounted>, StoreError> {
    let mut lines = recently_unclaimed(now, records)?;
    lines.retain(|line| line.reason == Rejection::UnknownSite);
    Ok(lines)
}

fn lines(sites: &[&Arc<Site>], days: i32, now: Moment, records: &dyn Records) -> Result<Vec<SiteLine>, StoreError> {
    let today: Vec<_> = sites.iter().map(|site| (site.id, site.schedule.locate(now).day)).collect();
    let glances = glances(&today, days, records)?;
    let here = records.visitors_now()?;
    let line = |(site, glance): (&&Arc<Site>, Glance)| {
        let is_measured = site.settings.address != AddressMode::None;
        let shown = |tally: Tally| (if is_measured { tally.visitors } else { tally.pageviews }) as f64;
        SiteLine {
            domain: site.domain.to_string(),
            now: is_measured.then(|| here.get(&site.id).copied().unwrap_or(0) as f64),
            is_measured,
            days: glance.days.iter().copied().map(shown).collect(),
            sum: shown(glance.sum),
            before: glance.before.map(shown),
        }
    };
    Ok(sites.iter().zip(glances).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> SiteListParams {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        SiteListParams::read(&pairs)
    }

    #[test]
    fn an_address_leads_back_to_what_was_wanted() {
        assert_eq!(params(""), SiteListParams { days: 30, search: None, part: 0 });
        assert_eq!(params("period=12y&page=-1&search=+"), params(""));
        let found = params("period=7d&search=%3Cscript%3E%26%22+b%C3%BCcher&page=3");
        let address = found.address(found.days, found.part);
        assert!(address.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"'".contains(&b)), "{address}");
        assert_eq!(params(address.trim_start_matches("/?")), found);
        assert_eq!(
            params(&format!("search={}", "x".repeat(9_999))).search.map(|text| text.len()),
            Some(limits::SEARCH_CHARS_MAX)
        );
    }
}
