//! In: nothing. Out: the keys of the dashboard and what each does, for its sheet and for the links that they stand for. Forgets:
//! nothing.

use crate::report::period::Period;

/// Each key, as `aria-keyshortcuts` has it, and what it does, in the order of the sheet.
pub const ALL: [(&str, &str); 21] = [
    (TODAY, "Today"),
    (YESTERDAY, "Yesterday"),
    (WEEK, "Last 7 days"),
    ("2", "Last 28 days"),
    ("3", "Last 30 days"),
    ("9", "Last 91 days"),
    ("m", "Month to date"),
    ("p", "Last month"),
    ("r", "Year to date"),
    ("1", "Last 12 months"),
    ("a", "All time"),
    (CUSTOM, "Choose dates"),
    (EARLIER, "Period before"),
    (LATER, "Period after"),
    (COMPARE, "Compare"),
    (SEARCH, "Search or filter"),
    (CLEAR, "Remove all filters"),
    (LIVE, "Live"),
    (SITES, "All sites"),
    ("?", "This sheet"),
    ("Escape", "Close"),
];
