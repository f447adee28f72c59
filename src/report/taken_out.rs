//! What is said in English where something was taken out of the sums, or older days are gone.

use crate::store::{TakenOut, TakenOutOf};

/// What was taken out, in a few words; nothing where nothing was.
pub fn told(marks: &[TakenOut]) -> Option<String> {
    let what = |mark: &TakenOut| {
        let of = match mark.of {
            TakenOutOf::Everything => "all that was counted".to_owned(),
            TakenOutOf::Of(dimension) => format!("values of {}", dimension.name()),
            TakenOutOf::Properties => "properties".to_owned(),
            TakenOutOf::Days | TakenOutOf::Damaged | TakenOutOf::SetAside(_) => return None,
        };
        let (first, last) = (mark.first, mark.last);
        Some(if first == last { format!("{of} on {first}") } else { format!("{of} from {first} to {last}") })
    };
    let told: Vec<String> = marks.iter().filter_map(what).collect();
    let more = told.len().saturating_sub(crate::limits::MARKS_TOLD);
    if told.is_empty() {
        return None;
    }
    let shown = told[..told.len() - more].join(", ");
    let rest = if more > 0 { format!(", and {more} more times") } else { String::new() };
    let has_everything = marks.iter().any(|mark| mark.of == TakenOutOf::Everything);
    let whole = if has_everything { "Totals of other days are whole" } else { "Totals are whole" };
    Some(format!("Something was taken out of these figures for good: {shown}{rest}. {whole}."))
}

/// All that is said of what is missing in figures.
pub fn all_told(marks: &[TakenOut]) -> Vec<String> {
    [told(marks), days_gone(marks), damaged(marks), set_aside(marks)].into_iter().flatten().collect()
}

/// Whether values may be part of `(other)` though there was room for them: because they were small when their day was over, or because
/// something of their visits was forgotten.
pub fn may_be_other(keeps_small: bool, marks: &[TakenOut]) -> bool {
    let is_of_values = |mark: &TakenOut| matches!(mark.of, TakenOutOf::Of(_) | TakenOutOf::Properties);
    !keeps_small || marks.iter().any(is_of_values)
}

/// Why values are counted together as `(other)`, where more than a budget may be the reason.
pub const OTHER_REASONS: &str = "Some values are counted together as `(other)`: they were past the site's budget for a day \
     (`headcount site set DOMAIN --values-max` or `--pair-cells-max`), had too few visitors to be kept by name (`--k-at-rest`), or are \
     of visits of which something was forgotten. Totals are exact.";

/// What is said where a filter may let pass some of them.
pub const BEHIND_FILTER: &str = "Some values of what is filtered by are counted together as `(other)`. What is asked for may be among them, \
     and is not in the figures then.";

/// That cells of some days are damaged, so that figures by value are without them.
pub fn damaged(marks: &[TakenOut]) -> Option<String> {
    let days = marks.iter().filter(|mark| mark.of == TakenOutOf::Damaged).map(|mark| match mark.first == mark.last {
        true => mark.first.to_string(),
        false => format!("{} to {}", mark.first, mark.last),
    });
    let days: Vec<String> = days.take(crate::limits::MARKS_TOLD).collect();
    let told = days.join(", ");
    (!days.is_empty()).then(|| {
        format!("Some figures of these days are damaged in the database, and left out: {told}. `headcount check --full` says which.")
    })
}

/// That older days are kept by whole months alone.
pub fn days_gone(marks: &[TakenOut]) -> Option<String> {
    let mark = marks.iter().find(|mark| mark.of == TakenOutOf::Days)?;
    Some(format!(
        "Days up to {} are no longer kept, only their months. What this range has of such a month in part, and by day, is not in \
         these figures; ask for whole months.",
        mark.last
    ))
}

/// What is set aside of these days, and so in no figure.
pub fn set_aside(marks: &[TakenOut]) -> Option<String> {
    let what = |mark: &TakenOut| {
        let TakenOutOf::SetAside(dimension) = mark.of else { return None };
        let (first, last) = (mark.first, mark.last);
        let days = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
        Some(format!("{} {days}", dimension.map_or("programs".to_owned(), |of| format!("values of {}", of.name()))))
    };
    let told: Vec<String> = marks.iter().filter_map(what).take(crate::limits::MARKS_TOLD).collect();
    (!told.is_empty()).then(|| {
        format!(
            "These figures are without what the owner has set aside: {}. Who came otherwise too is known of some days only; of others \
             visitors are bounded. `headcount set-aside list` says what it is.",
            told.join(", ")
        )
    })
}
