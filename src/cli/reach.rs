//! In: a server's folder, lock and socket. Out: the same, also after somebody has removed or replaced them. Forgets: those that are gone.
//!
//! Without its lock a second server could open the same database; without its socket no command finds the first.

use std::time::Duration;

use crate::collector::Collector;
use crate::control::folder::Folder;
use crate::control::socket::{self, CommandSocket};
use crate::limits;
use crate::meter::FailureKind;

/// How commands reach a server.
pub struct Reach<'a> {
    folder: &'a Folder,
    collector: Collector,
    base_url: String,
    commands: Option<CommandSocket>,
    /// What failed last, which is said once.
    told: String,
}

impl<'a> Reach<'a> {
    /// Listens to commands, if the folder has a place for them: one that can't be written to is no reason not to count.
    pub fn begin(folder: &'a Folder, collector: Collector, base_url: String) -> Reach<'a> {
        let (mut commands, mut told) = (None, String::new());
        match socket::listen(&folder.socket(), collector.clone(), base_url.clone()) {
            Ok(made) => commands = Some(made),
            Err(error) => {
                told = error.to_string();
                collector.meter().failed(FailureKind::Socket, "start", format!("it can't be made: {error}"));
            }
        }
        Reach { folder, collector, base_url, commands, told }
    }

    /// Looks after it for ever.
    pub async fn keep(&mut self) {
        let mut ticks = tokio::time::interval(Duration::from_secs(limits::TICK_S));
        loop {
            ticks.tick().await;
            match self.look() {
                Ok(()) => self.told.clear(),
                Err(error) => {
                    let error = format!("{error:#}");
                    if error != self.told {
                        tracing::error!("commands do not reach this server: {error}");
                        self.told = error;
                    }
                }
            }
        }
    }

    fn look(&mut self) -> anyhow::Result<()> {
        if !self.folder.is_there() {
            return Ok(());
        }
        if self.folder.hold()? {
            tracing::warn!("the data folder or its lock was replaced; this server has taken the lock again");
        }
        if !self.commands.as_ref().is_some_and(CommandSocket::is_in_place) {
            // It would take away what has its name.
            self.commands = None;
            self.commands = Some(socket::listen(&self.folder.socket(), self.collector.clone(), self.base_url.clone())?);
            tracing::warn!("the control socket was removed or replaced, and is made anew");
        }
        Ok(())
    }
}
