//! The arguments of `user`, and the commands that they stand for.

use clap::Subcommand;

use crate::control::Command;
use crate::control::user::{UserChange, UserCommand};

#[derive(Debug, Subcommand)]
pub enum UserWork {
    /// Adds a user and prints a link that signs in, once
    Add {
        /// The name, to sign in with and to be seen by others
        name: String,
        /// What the user may do: owner (change everything) or analyst (read) [default: analyst]
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// The only site an analyst reads; may be given several times; all sites if left out
        #[arg(long = "site", value_name = "DOMAIN")]
        sites: Vec<String>,
    },
    /// Lists all users: role, sites, last day of signing in, whether a password is set
    List,
    /// Changes a user; what is not named stays as it is
    Set {
        /// The name
        name: String,
        /// Another name
        #[arg(long = "name", value_name = "NAME")]
        new_name: Option<String>,
        /// What the user may do: owner or analyst
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// The only site an analyst reads; may be given several times; `all` for all sites
        #[arg(long = "site", value_name = "DOMAIN")]
        sites: Vec<String>,
    },
    /// Removes a user and signs all of its browsers out
    Remove {
        /// The name
        name: String,
    },
    /// Prints a link that signs a browser in, once, within 15 minutes
    Link {
        /// The name; the first owner if left out
        name: Option<String>,
    },
    /// Sets a password, typed in twice unseen; signs all browsers of the user out
    Password {
        /// The name
        name: String,
        /// Read the password from the first line of standard input
        #[arg(long, conflicts_with = "none")]
        password_stdin: bool,
        /// Take the password away, so that only links sign in
        #[arg(long)]
        none: bool,
    },
    /// Lists the browsers in which a user is signed in
    Browsers {
        /// The name
        name: String,
    },
    /// Signs browsers of a user out, and makes links that were not used worthless
    SignOut {
        /// The name
        name: String,
        /// The only browser, by its number in `headcount user browsers`
        #[arg(long, value_name = "N")]
        browser: Option<i64>,
    },
}

impl UserWork {
    /// The command for the collector; nothing where a password has to be read first.
    pub fn command(&self) -> Option<Command> {
        Some(Command::User(match self {
            UserWork::Add { name, role, sites } => {
                UserCommand::Add { name: name.clone(), role: role.clone(), sites: sites.clone() }
            }
            UserWork::List => UserCommand::List,
            UserWork::Set { name, new_name, role, sites } => {
                let sites = match sites.as_slice() {
                    [] => None,
                    [all] if all == "all" => Some(Vec::new()),
                    sites => Some(sites.to_vec()),
                };
                let change = UserChange { name: new_name.clone(), role: role.clone(), sites };
                UserCommand::Set { name: name.clone(), change }
            }
            UserWork::Remove { name } => UserCommand::Remove { name: name.clone() },
            UserWork::Link { name: None } => return Some(Command::UserLink),
            UserWork::Link { name: Some(name) } => UserCommand::Link { name: name.clone() },
            UserWork::Password { name, none: true, .. } => UserCommand::Password { name: name.clone(), password: None },
            UserWork::Password { .. } => return None,
            UserWork::Browsers { name } => UserCommand::Browsers { name: name.clone() },
            UserWork::SignOut { name, browser } => UserCommand::SignOut { name: name.clone(), browser: *browser },
        }))
    }
}
