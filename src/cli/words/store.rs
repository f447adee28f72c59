//! The arguments of `store`, and the commands that they stand for.

use clap::Subcommand;

use crate::control::store::StoreCommand;

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum StoreWork {
    /// Goes on with the database that is at its path now; what waits in memory is added to it
    Adopt,
    /// Goes on with the one that is open, and writes it back to its path; what lies there is kept under another name
    Keep,
}

impl StoreWork {
    pub fn command(self) -> StoreCommand {
        match self {
            StoreWork::Adopt => StoreCommand::Adopt,
            StoreWork::Keep => StoreCommand::Keep,
        }
    }
}
