//! In: an operator's word about the clock. Out: what is believed of it. Forgets: nothing.

use serde_json::json;

use super::{Done, Reply, refuse};
use crate::clock::ClockBelief;
use crate::collector::Collector;
use crate::meter::FailureKind;

/// Tells what the clock says, and what of it is believed.
pub(super) fn show(collector: &Collector) -> Reply {
    let (wall, reading) = (collector.clock().wall().timestamp(), collector.clock().reading());
    let now = reading.now.timestamp();
    let keeps = collector.meter().failures.lasts(FailureKind::Clock);
    let text = match reading.belief {
        ClockBelief::Believed if keeps => {
            format!(
                "The clock says {wall}. Hits count by it, and nothing is removed for its age until it has lasted. `headcount clock confirm` says that it is right."
            )
        }
        ClockBelief::Believed => format!("The clock says {wall}, and is believed."),
        ClockBelief::Doubted => {
            format!(
                "The clock says {wall}. It is doubted; hits count as of {now}. `headcount clock confirm` says that it is right."
            )
        }
        ClockBelief::Unset => {
            format!("The clock says {wall}, before this program was made. No hit is taken until it is set.")
        }
    };
    let belief = if keeps { ClockBelief::Doubted } else { reading.belief };
    let json = json!({ "clock": belief.name(), "says": wall.to_string(), "time": now.to_string() });
    Reply::new(text, json)
}

/// Believes the clock of a running server.
pub(super) fn confirm(collector: &Collector) -> Done {
    if !collector.counts() {
        return refuse("no server runs on this folder; a clock is doubted and confirmed while one does");
    }
    if !collector.confirm_clock()? {
        return refuse("the clock is before this program was made; set it");
    }
    collector.meter().failures.clear(FailureKind::Clock);
    Ok(show(collector))
}
