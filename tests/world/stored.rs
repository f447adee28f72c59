//! What the file of a world has, to be compared with what was acknowledged.

use crate::store::file::Database;

/// Programs by family, and rejections of programs, as the file has them.
pub fn programs(file: &Database) -> (i64, i64) {
    (
        file.number("SELECT coalesce(sum(count), 0) FROM bots"),
        file.number("SELECT coalesce(sum(count), 0) FROM rejections WHERE reason = 1"),
    )
}

/// Pageviews and events of all totals, and all rejections, as the file has them.
pub fn stored(file: &Database) -> (u64, u64) {
    let hits = file.number("SELECT coalesce(sum(pageviews + events), 0) FROM site_totals WHERE grain = 1");
    (hits as u64, file.number("SELECT coalesce(sum(count), 0) FROM rejections") as u64)
}
