//! Looks how much memory the program has taken, and says what gives way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::SharedApp;
use super::failure::blocking;
use crate::journal;
use crate::limits;
use crate::memory as own_memory;
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
    if pressure >= Pressure::WaitingConnections {
        app.connections.relieve(taken.saturating_sub(Pressure::WaitingConnections.begins_at(most)).max(1));
    }
    if pressure >= Pressure::KeptAnswers {
        let collector = app.collector.clone();
        let _ = blocking(move || collector.release()).await;
    }
    if pressure >= Pressure::DearQuestions {
        give_back_freed().await;
    }
}

/// Has the threads that serve connections give back what they have freed: nobody else can, and they may have nothing else to do. Gives
/// how many did.
async fn give_back_freed() -> usize {
    let threads = Handle::current().metrics().num_workers();
    let done: Arc<Mutex<HashSet<ThreadId>>> = Arc::default();
    let each: Vec<_> = (0..threads).map(|_| tokio::spawn(give_back_here(done.clone(), threads))).collect();
    for one in each {
        let _ = one.await;
    }
    done.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// Does so on each thread that the task comes to, until it was done on so many.
async fn give_back_here(done: Arc<Mutex<HashSet<ThreadId>>>, threads: usize) {
    for _ in 0..limits::GIVE_BACK_TRIES {
        let is_first = done.lock().unwrap_or_else(PoisonError::into_inner).insert(thread::current().id());
        if is_first {
            own_memory::give_back(journal::memory_may_swap);
        }
        if done.lock().unwrap_or_else(PoisonError::into_inner).len() >= threads {
            return;
        }
        tokio::time::sleep(Duration::from_millis(limits::GIVE_BACK_WAIT_MS)).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_gives_back_what_it_has_freed() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
        // A machine that is busy may need another look, as it has one in a moment.
        runtime.block_on(async { while give_back_freed().await < 3 {} });
    }
}
