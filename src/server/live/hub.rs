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
use crate::server::apart;
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
    pub async fn watch(
        self: &Arc<Hub>,
        site: &Arc<Site>,
        collector: &Collector,
    ) -> Option<watch::Receiver<Arc<Pulse>>> {
        if let Some(watched) = self.watched(site.id) {
            return Some(watched);
        }
        let first = look(site, collector).await?;
        // Meanwhile somebody else may have begun.
        let mut pulses = self.pulses();
        if let Some(watched) = pulses.get(&site.id) {
            return Some(watched.clone());
        }
        let (sender, mut receiver) = watch::channel(Arc::new(first));
        receiver.mark_changed();
        pulses.insert(site.id, receiver.clone());
        tokio::spawn(self.clone().keep_looking(site.id, collector.clone(), sender));
        Some(receiver)
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
    async fn keep_looking(self: Arc<Hub>, site: SiteId, collector: Collector, sender: watch::Sender<Arc<Pulse>>) {
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
            let known = collector.directory().get(site).cloned();
            let begun = Instant::now();
            let Some(known) = known else { break };
            // What can't be read now is read next time.
            if let Some(pulse) = look(&known, &collector).await {
                sender.send_replace(Arc::new(pulse));
            }
            let least = Duration::from_millis(limits::STREAM_PAUSE_MS);
            pause = least.max(begun.elapsed() * limits::STREAM_PAUSE_PER_LOOK);
        }
        self.pulses().remove(&site);
    }
}

async fn look(site: &Arc<Site>, collector: &Collector) -> Option<Pulse> {
    let (site, collector) = (site.clone(), collector.clone());
    apart(move || pulse(&site, &collector)).await?.ok()?
}

/// The pulse of a site; nothing once the collector has ended.
///
/// # Errors
/// [`StoreError`]
pub fn pulse(site: &Site, collector: &Collector) -> Result<Option<Pulse>, StoreError> {
    collector.lately(site.id).map(|recent| Pulse::of(site, recent, collector)).transpose()
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
