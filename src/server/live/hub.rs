//! In: sites that somebody watches. Out: what each of them is like every other second. Forgets: a site, when nobody watches it
//! any more.
//!
//! However many watch a site, it is looked at once for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::collector::Collector;
use crate::limits;
use crate::meter::FailureKind;
use crate::server::SharedApp;
use crate::server::failure::FailureCause;
use crate::site::{Site, SiteId};
use crate::store::StoreError;
use crate::view::live::Pulse;

/// Everybody who watches.
#[derive(Debug)]
pub struct Hub {
    seats: Arc<Semaphore>,
    /// Of each site that is watched; these receivers of the hub's own keep nobody looking.
    pulses: Mutex<HashMap<SiteId, watch::Receiver<Arc<Pulse>>>>,
    stop: watch::Sender<bool>,
}

impl Hub {
    /// Nobody watches yet.
    pub fn new() -> Arc<Hub> {
        let seats = Arc::new(Semaphore::new(limits::STREAMS_MAX));
        Arc::new(Hub { seats, pulses: Mutex::default(), stop: watch::channel(false).0 })
    }

    /// A seat for one who watches; nothing while all are taken.
    pub fn seat(&self) -> Option<OwnedSemaphorePermit> {
        self.seats.clone().try_acquire_owned().ok()
    }

    /// Ends all streams, now and from now on.
    pub fn close(&self) {
        self.stop.send_replace(true);
    }

    /// Resolves when streams are to end.
    pub async fn closed(&self) {
        let _ = self.stop.subscribe().wait_for(|is_closed| *is_closed).await;
    }

    /// The pulses of a site from now on. One that was taken before is not among them: whoever watches has a page that is newer.
    ///
    /// # Errors
    /// The site can't be looked at.
    pub async fn watch(
        self: &Arc<Hub>,
        site: &Arc<Site>,
        app: &SharedApp,
    ) -> Result<watch::Receiver<Arc<Pulse>>, FailureCause> {
        if let Some(watched) = self.watched(site.id) {
            return Ok(watched);
        }
        let first = look(site, app).await?;
        // Meanwhile somebody else may have begun.
        let mut pulses = self.pulses();
        if let Some(watched) = pulses.get(&site.id) {
            return Ok(watched.clone());
        }
        let (sender, mut receiver) = watch::channel(Arc::new(first));
        receiver.mark_changed();
        pulses.insert(site.id, receiver.clone());
        tokio::spawn(self.clone().keep_looking(site.id, app.clone(), sender));
        Ok(receiver)
    }

    fn watched(&self, site: SiteId) -> Option<watch::Receiver<Arc<Pulse>>> {
        let mut watched = self.pulses().get(&site).cloned()?;
        watched.mark_unchanged();
        Some(watched)
    }

    fn pulses(&self) -> MutexGuard<'_, HashMap<SiteId, watch::Receiver<Arc<Pulse>>>> {
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the pulse of a site until nobody watches it, the site is no more, or the server ends.
    async fn keep_looking(self: Arc<Hub>, site: SiteId, app: SharedApp, sender: watch::Sender<Arc<Pulse>>) {
        let mut pause = Duration::from_millis(limits::STREAM_PAUSE_MS);
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.closed() => break,
            }
            {
                let mut pulses = self.pulses();
                // The map's own is one.
                if sender.receiver_count() <= 1 {
                    pulses.remove(&site);
                    return;
                }
            }
            let known = app.collector.directory().get(site).cloned();
            let begun = Instant::now();
            let Some(known) = known else { break };
            match look(&known, &app).await {
                Ok(pulse) => _ = sender.send_replace(Arc::new(pulse)),
                // It is read next time.
                Err(cause) => app.collector.meter().failed(FailureKind::Live, "a look at a site", cause),
            }
            let least = Duration::from_millis(limits::STREAM_PAUSE_MS);
            pause = least.max(begun.elapsed() * limits::STREAM_PAUSE_PER_LOOK);
        }
        self.pulses().remove(&site);
    }
}

async fn look(site: &Arc<Site>, app: &SharedApp) -> Result<Pulse, FailureCause> {
    let site = site.clone();
    Ok(app.in_turn(move |collector| pulse(&site, collector)).await??)
}

/// The pulse of a site.
///
/// # Errors
/// [`StoreError`]
pub fn pulse(site: &Site, collector: &Collector) -> Result<Pulse, StoreError> {
    Pulse::of(site, collector.recent_activity(site.id)?, collector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_bounded_and_given_back() {
        let hub = Hub::new();
        let taken: Vec<_> = (0..limits::STREAMS_MAX).map(|_| hub.seat()).collect();
        assert!(taken.iter().all(Option::is_some) && hub.seat().is_none());
        drop(taken);
        assert!(hub.seat().is_some());
    }
}
