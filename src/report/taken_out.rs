//! What is said in English where something was taken out of the sums, or older days are gone.

use crate::store::{TakenOut, TakenOutOf};

/// What was taken out, in a few words; nothing where nothing was.
pub fn told(marks: &[TakenOut]) -> Option<String> {
    let what = |mark: &TakenOut| {
        let of = match mark.of {
            TakenOutOf::Everything => "all that was counted".to_owned(),
            TakenOutOf::Of(dimension) => format!("values of {}", dimension.name()),
            TakenOutOf::Properties => "properties".to_owned(),
            TakenOutOf::Days => return None,
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
    Some(format!("Something was taken out of these figures for good: {shown}{rest}. Totals of other days are whole."))
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
