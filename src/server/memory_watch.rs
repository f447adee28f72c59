//! Looks how much memory the program has taken, and says what gives way.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::SharedApp;
use super::failure::blocking;
use crate::limits;
use crate::meter::{FailureKind, Pressure, memory};
use crate::rejection::Rejection;

/// Looks again and again, until the task is ended.
pub fn look_again(app: SharedApp) -> JoinHandle<()> {
    tokio::spawn(async move {
        if app.memory_bytes_max == u64::MAX {
            return;
        }
        let mut ticks = tokio::time::interval(Duration::from_millis(limits::MEMORY_LOOK_MS));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            look(&app).await;
        }
    })
}

/// Looks once.
async fn look(app: &SharedApp) {
    let Some(taken) = memory::taken_bytes() else { return };
    let (meter, most) = (app.collector.meter(), app.memory_bytes_max);
    meter.memory_bytes.set(i64::try_from(taken).unwrap_or(i64::MAX));
    let pressure = Pressure::of(taken, most);
    let before = meter.pressure.set(pressure);
    if pressure > before && pressure >= Pressure::DearQuestions {
        let reason = format!("{} of {} MiB are taken; {} give way", taken >> 20, most >> 20, pressure.label());
        let kind = if pressure >= Pressure::HeavySenders { FailureKind::Overload } else { FailureKind::Busy };
        meter.failed(kind, "memory", reason);
    }
    if pressure >= Pressure::KeptAnswers {
        let collector = app.collector.clone();
        let _ = blocking(move || collector.release()).await;
    }
}

/// What `/health` says of it.
pub fn health(app: &SharedApp) -> Value {
    let (meter, taken) = (app.collector.meter(), memory::taken_bytes().unwrap_or_default());
    let (gives_way, turned_away) = (meter.pressure.now().label(), meter.rejected_for(Rejection::Overloaded));
    json!({
        "gives_way": gives_way,
        "taken_mb": taken >> 20,
        "max_mb": app.memory_bytes_max >> 20,
        "turned_away": turned_away,
    })
}
