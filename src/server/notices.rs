//! Looks, while the server runs, whether an announced change is due and whether a notice says something else by now.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::SharedApp;
use super::failure::blocking;
use crate::control::notice::keeping;
use crate::limits;
use crate::meter::FailureKind;

/// Looks once, and waits until it is done.
pub async fn look_once(app: &SharedApp) {
    let looks = app.clone();
    let looked = blocking(move || keeping::look(&looks.collector, &looks.base_url)).await;
    let failed = |why: &dyn std::fmt::Display| {
        app.collector.meter().failed(FailureKind::Command, "a look at the notices", why);
    };
    match looked {
        Ok(Ok(())) => {}
        Ok(Err(error)) => failed(&error),
        Err(cause) => failed(&cause),
    }
}

/// Looks again and again, until the task is ended.
pub fn look_again(app: SharedApp) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(limits::NOTICE_LOOK_S));
        // The first comes at once, and that look is made.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            look_once(&app).await;
        }
    })
}
