//! In: that the configuration is to be read again. Out: the parts of it in use that can change while the program runs. Forgets: those
//! that it is started with; the log names them.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::serve::reload_places;
use super::signals::Reloads;
use crate::beacon::address::Trust;
use crate::collector::Collector;
use crate::config::{Config, ConfigError};

/// Reads a configuration again.
pub type Reader = Box<dyn Fn() -> Result<Config, ConfigError> + Send>;

/// Reads the configuration and the file of places again whenever it is asked for.
pub async fn whenever_asked(
    mut asked: Reloads,
    (running, read): (Config, Reader),
    trust: Arc<ArcSwap<Trust>>,
    collector: Collector,
) {
    while asked.changed().await.is_ok() {
        match read() {
            Ok(config) => take(&running, config, &trust),
            Err(error) => tracing::error!(%error, "the configuration is wrong; the one before stays in use"),
        }
        reload_places(&collector, &mut String::new()).await;
    }
}

/// Has what can change act at once, and says what can't.
fn take(running: &Config, config: Config, trust: &ArcSwap<Trust>) {
    let waiting = waiting(running, &config).join(", ");
    let before = trust.swap(Arc::new(config.trust.clone()));
    tracing::info!(proxies_changed = *before != config.trust, "the configuration is read again and in use");
    if !waiting.is_empty() {
        tracing::warn!(keys = waiting, "these keys act when the program is started again");
    }
}

/// Keys that differ and act from a start on.
fn waiting(running: &Config, config: &Config) -> Vec<&'static str> {
    // Named one by one, so that a new one has to be thought of.
    let Config {
        listen,
        data,
        url,
        geo,
        place,
        trust: _,
        log,
        journal,
        journal_bytes_max,
        memory_bytes_max,
        spill,
        stop_timeout_s,
        migration_copy,
    } = config;
    let keys = [
        ("listen", *listen != running.listen),
        ("data", *data != running.data),
        ("url", *url != running.url),
        ("geo", *geo != running.geo),
        ("place", *place != running.place),
        ("log", *log != running.log),
        ("journal", *journal != running.journal),
        ("journal_max_mb", *journal_bytes_max != running.journal_bytes_max),
        ("memory_max", *memory_bytes_max != running.memory_bytes_max),
        ("spill", *spill != running.spill),
        ("stop_timeout", *stop_timeout_s != running.stop_timeout_s),
        ("migration_copy", *migration_copy != running.migration_copy),
    ];
    keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}
