//! The arguments of `share`, and the commands that they stand for.

use clap::{ArgGroup, Subcommand};

use crate::control::share::ShareCommand;
use crate::secret::password::Password;

#[derive(Debug, Subcommand)]
pub enum ShareWork {
    /// Opens a site: as a public page, or by a secret link, which is printed once
    #[command(group = ArgGroup::new("kind").required(true).args(["public", "name"]))]
    Add {
        /// The domain of the site
        site: String,
        /// As a public page, at /share/DOMAIN
        #[arg(long)]
        public: bool,
        /// By a secret link of this name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// With a password, typed in twice unseen
        #[arg(long, conflicts_with = "public")]
        password: bool,
        /// With a password, read from the first line of standard input
        #[arg(long, conflicts_with_all = ["password", "public"])]
        password_stdin: bool,
        /// Until the end of a day like 2026-12-31, or for days like 30d
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
        /// A host in whose pages it may stand; may be given several times; *.example.com for all below it
        #[arg(long = "embed", value_name = "HOST")]
        embed: Vec<String>,
        /// A segment that a secret link shows alone, by name or number
        #[arg(long, value_name = "SEGMENT", conflicts_with = "public")]
        segment: Option<String>,
    },
    /// Lists what is open of a site; secret links themselves are not known here
    List {
        /// The domain of the site
        site: String,
    },
    /// Closes a page or a link
    Remove {
        /// The domain of the site
        site: String,
        /// The name of the link, or `public`
        name: String,
    },
}

impl ShareWork {
    /// Whether a password has to be read first, and whether it is on standard input.
    pub fn wants_password(&self) -> Option<bool> {
        match self {
            ShareWork::Add { password_stdin: true, .. } => Some(true),
            ShareWork::Add { password: true, .. } => Some(false),
            _ => None,
        }
    }

    /// The command for the collector.
    pub fn command(&self, password: Option<Password>) -> ShareCommand {
        match self {
            // Without a name it is the public page.
            ShareWork::Add { site, name, expires, embed, segment, .. } => ShareCommand::Add {
                site: site.clone(),
                name: name.clone(),
                password,
                expires: expires.clone(),
                embed: embed.clone(),
                segment: segment.clone(),
            },
            ShareWork::List { site } => ShareCommand::List { site: site.clone() },
            ShareWork::Remove { site, name } => ShareCommand::Remove { site: site.clone(), name: name.clone() },
        }
    }
}
