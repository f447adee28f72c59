//! The one byte that stands for a usual tally. Seconds, engagement and revenue have columns of their own.
//!
//! Nine of ten cells of two dimensions hold one visit or a few, each by a visitor of its own and without named events.

use super::columns::SECONDS;
use crate::cell::Tally;

/// Stands for a tally that has no code.
pub(super) const WRITTEN_OUT: u8 = 255;

/// Most visits of a cell with a code, if it has no named events.
const VISITS_MAX: i64 = 4;
/// How many counts of pageviews have a code, for each number of visits and bounces.
const PAGEVIEWS: i64 = 16;
/// The first code of one visit with named events: 1 or 2 of them, with 0 to 7 pageviews, and no bounce.
const WITH_EVENTS: u8 = 224;

/// The first code of so many visits. Each has a block for every number of bounces.
const fn first(visits: i64) -> i64 {
    // Blocks before: 2 + 3 + ... + visits.
    (visits * (visits + 1) / 2 - 1) * PAGEVIEWS
}

/// The code of a tally.
pub(super) fn coded(tally: Tally) -> Option<u8> {
    let Tally { visitors, visits, pageviews, events, bounces, seconds, .. } = tally;
    let seconds_fit = if visits > bounces { seconds >= 0 } else { seconds == 0 };
    if visitors != visits || !(0..=visits).contains(&bounces) || !seconds_fit {
        return None;
    }
    if visits == 1 && bounces == 0 && (1..=2).contains(&events) && (0..8).contains(&pageviews) {
        return u8::try_from(i64::from(WITH_EVENTS) + (events - 1) * 8 + pageviews).ok();
    }
    // A visit has a pageview, so that few visits with few pageviews have the first codes.
    let more = pageviews - (visits - 1);
    if events != 0 || !(1..=VISITS_MAX).contains(&visits) || !(0..PAGEVIEWS).contains(&more) {
        return None;
    }
    u8::try_from(first(visits) + bounces * PAGEVIEWS + more).ok()
}

/// Visits, pageviews, events and bounces of each code.
static DECODED: [[u8; 4]; 256] = {
    let mut table = [[0; 4]; 256];
    let mut code = 0;
    while code < WRITTEN_OUT {
        let Tally { visits, pageviews, events, bounces, .. } = computed(code);
        table[code as usize] = [visits as u8, pageviews as u8, events as u8, bounces as u8];
        code += 1;
    }
    table
};

/// The tally of a code, seconds aside.
pub(super) fn decoded(code: u8) -> Tally {
    let [visits, pageviews, events, bounces] = DECODED[usize::from(code)].map(i64::from);
    Tally { visitors: visits, visits, pageviews, events, bounces, ..Tally::ZERO }
}

const fn computed(code: u8) -> Tally {
    if code >= WITH_EVENTS {
        let (events, pageviews) = (((code - WITH_EVENTS) / 8 + 1) as i64, ((code - WITH_EVENTS) % 8) as i64);
        return Tally { visitors: 1, visits: 1, pageviews, events, ..Tally::ZERO };
    }
    let code = code as i64;
    let mut visits = VISITS_MAX;
    while visits > 1 && code < first(visits) {
        visits -= 1;
    }
    let (bounces, more) = ((code - first(visits)) / PAGEVIEWS, (code - first(visits)) % PAGEVIEWS);
    Tally { visitors: visits, visits, pageviews: more + visits - 1, bounces, ..Tally::ZERO }
}

/// Whether the seconds of a tally with this code are in a column of seconds: those of visits that are no bounce.
#[inline]
pub(super) fn has_seconds(code: u8) -> bool {
    SECONDS_COLUMNS[usize::from(code)] != NO_COLUMN
}

/// The column of the seconds of a tally with this code, if they are in one.
pub(super) fn seconds_column(code: u8) -> Option<usize> {
    let column = SECONDS_COLUMNS[usize::from(code)];
    (column != NO_COLUMN).then_some(usize::from(column))
}

const NO_COLUMN: u8 = u8::MAX;

static SECONDS_COLUMNS: [u8; 256] = {
    let mut table = [NO_COLUMN; 256];
    let mut code = 0;
    while code < WRITTEN_OUT {
        let tally = computed(code);
        let class = match (tally.visits - tally.bounces, tally.pageviews - tally.bounces) {
            (..1, _) => None,
            (1, 2) => Some(0),
            (1, 3) => Some(1),
            (1, _) => Some(2),
            (2, _) => Some(3),
            _ => Some(4),
        };
        if let Some(class) = class {
            table[code as usize] = SECONDS as u8 + class;
        }
        code += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_that_of_its_tally() {
        let given = (0..WITH_EVENTS + 16).map(|code| (code, decoded(code)));
        for (code, tally) in given {
            assert_eq!(coded(tally), Some(code), "{tally:?}");
        }
        assert_eq!(first(VISITS_MAX + 1), i64::from(WITH_EVENTS));
    }
}
