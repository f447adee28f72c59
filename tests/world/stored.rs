//! What the file of a world has, to be compared with what was acknowledged.

use crate::store::file::Database;

/// Programs by family, and rejections of programs, as the file has them.
pub fn programs(file: &Database) -> (i64, i64) {
    (
        file.number("SELECT coalesce(sum(count), 0) FROM bots"),
        file.number("SELECT coalesce(sum(count), 0) FROM rejections WHERE reason = 1"),
    )
}

/// Days whose visitors are not those who came first in each of their hours.
pub fn days_without_first_visitors(file: &Database) -> i64 {
    file.number(
        "SELECT count(*) FROM site_totals d WHERE grain = 1 AND visitors <> (
           SELECT coalesce(sum(first_visitors), 0) FROM site_totals h
           WHERE h.site = d.site AND h.grain = 0 AND h.bucket BETWEEN d.bucket * 24 AND d.bucket * 24 + 23)",
    )
}

/// Pageviews and events of all totals, and all rejections, as the file has them.
pub fn stored(file: &Database) -> (u64, u64) {
    let hits = file.number("SELECT coalesce(sum(pageviews + events), 0) FROM site_totals WHERE grain = 1");
    (hits as u64, file.number("SELECT coalesce(sum(count), 0) FROM rejections") as u64)
}
