//! The arguments of `site`, and the commands that they stand for.

use clap::Subcommand;

use super::change::ChangeFlags;
use super::forget::{ForgetManner, ForgetWords};
use crate::control::Command;

#[derive(Debug, Subcommand)]
pub enum SiteWork {
    /// Adds a site and prints the line to paste into its pages
    Add {
        /// Its domain, like example.com
        domain: String,
        #[command(flatten)]
        change: ChangeFlags,
    },
    /// Lists all sites
    List,
    /// Shows everything that is set for a site
    Show {
        /// Its domain
        domain: String,
    },
    /// Changes a site; what is not named stays as it is
    Set {
        /// Its domain
        domain: String,
        #[command(flatten)]
        change: ChangeFlags,
    },
    /// Forgets what was counted of some values or days, in all figures and for good
    Forget(Box<ForgetWords>),
    /// Forgets all that was counted for a site; the site, its settings and its users stay
    Reset {
        /// Its domain
        domain: String,
        #[command(flatten)]
        manner: ForgetManner,
    },
    /// Removes a site and all its figures
    Remove {
        /// Its domain
        domain: String,
        #[command(flatten)]
        manner: ForgetManner,
    },
}

impl SiteWork {
    /// The command for the collector.
    pub fn command(&self) -> Command {
        match self {
            SiteWork::Add { domain, change } => Command::SiteAdd { domain: domain.clone(), change: change.named() },
            SiteWork::List => Command::SiteList,
            SiteWork::Show { domain } => Command::SiteShow { domain: domain.clone() },
            SiteWork::Set { domain, change } => Command::SiteSet { domain: domain.clone(), change: change.named() },
            SiteWork::Forget(words) => Command::SiteForget(words.order()),
            SiteWork::Reset { domain, manner } => {
                Command::SiteReset { domain: domain.clone(), dry_run: manner.dry_run }
            }
            SiteWork::Remove { domain, .. } => Command::SiteRemove { domain: domain.clone() },
        }
    }
}
