//! The arguments of `token`, and the commands that they stand for.

use clap::Subcommand;

use crate::control::Command;

#[derive(Debug, Subcommand)]
pub enum TokenWork {
    /// Makes a token and prints it, once
    Create {
        /// The only site it is good for; all sites if left out
        #[arg(long, value_name = "DOMAIN")]
        site: Option<String>,
        /// What it may do: read, ingest, annotate or admin
        #[arg(long, value_name = "SCOPE")]
        scope: String,
    },
    /// Lists all tokens, without their secrets
    List,
    /// Revokes a token
    Revoke {
        /// Its number in `headcount token list`
        id: i64,
    },
}

impl TokenWork {
    /// The command for the collector.
    pub fn command(&self) -> Command {
        match self {
            TokenWork::Create { site, scope } => Command::TokenCreate { site: site.clone(), scope: scope.clone() },
            TokenWork::List => Command::TokenList,
            TokenWork::Revoke { id } => Command::TokenRevoke { id: *id },
        }
    }
}
