//! The columns of a chunk. Numbers that are alike have one of their own, because a number's token is short where it is usual.

/// How far each first number is from the last one.
pub(super) const GAPS: usize = 0;
/// How many cells have it.
pub(super) const RUNS: usize = 1;
/// How far the second number of its first cell is from that of the first number before.
pub(super) const FIRSTS: usize = 2;
/// The steps of the second number from then on, by how many cells there are.
pub(super) const STEPS: usize = 3;
/// The lower bits of the last two.
pub(super) const STEP_BITS: usize = 8;
/// The codes of tallies.
pub(super) const CODES: usize = 9;
/// Seconds of cells that have a visit which is no bounce, by how many visits and pageviews there are.
pub(super) const SECONDS: usize = 10;
/// Numbers of tallies without a code, each with a column of its own.
pub(super) const WRITTEN_OUT: usize = 15;
/// Numbers of such a tally.
pub(super) const WRITTEN_NUMBERS: usize = 6;
/// Whether there is engagement, and how many visits have none.
pub(super) const ENGAGED: usize = 21;
/// Engagement that is not as it should be.
pub(super) const ENGAGED_WRITTEN_OUT: usize = 22;
/// Whole seconds of visible time, by how many visits have any.
pub(super) const ENGAGED_SECONDS: usize = 23;
/// The milliseconds that are left.
pub(super) const ENGAGED_MS: usize = 26;
/// Depth of scrolling, by how many visits have any.
pub(super) const SCROLL: usize = 27;
/// The lower bits of tallies.
pub(super) const TALLY_BITS: usize = 30;
/// Money.
pub(super) const REVENUE: usize = 31;
/// Visitors who came first in an hour: none, or 1 and how many of the hour's visitors did not.
pub(super) const FIRST_VISITORS: usize = 32;
/// How many there are.
pub(super) const ALL: usize = 33;

/// In [`ENGAGED`]: there is none; it stands in [`ENGAGED_WRITTEN_OUT`]; this and higher: how many visits have none.
pub(super) const ENGAGED_NONE: u8 = 0;
pub(super) const ENGAGED_ODD: u8 = 1;
pub(super) const ENGAGED_USUAL: u8 = 2;

/// How many columns there are by how many visits have engagement. In the last, numbers are guessed.
pub(super) const ENGAGED_CLASSES: usize = 3;

/// Which of the columns of steps has those of a first number with so many cells: where there are many, steps are short.
pub(super) fn steps(run: u64) -> usize {
    STEPS
        + match run {
            ..=1 => 0,
            2..=4 => 1,
            5..=16 => 2,
            17..=100 => 3,
            _ => 4,
        }
}

/// Which of the columns of engagement has that of so many visits.
pub(super) fn engaged_class(visits: i64) -> usize {
    match visits {
        ..=1 => 0,
        2..=4 => 1,
        _ => 2,
    }
}
