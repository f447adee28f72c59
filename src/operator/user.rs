//! In: what owners say of users. Out: users, what they may do, and the browsers in which they are signed in. Forgets: passwords and
//! secrets, which have no field here.

use crate::site::{Day, Moment, SiteId};

/// Number of a user in this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserId(pub i64);

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Read and change everything.
    Owner,
    /// Read figures.
    Analyst,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 2] = [Role::Owner, Role::Analyst];

    /// The name on the command line and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Analyst => "analyst",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The number.
    pub id: UserId,
    /// The name, as it was given.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The only sites whose figures it may read; nothing for all.
    pub sites: Option<Vec<SiteId>>,
    /// Whether a password is set.
    pub has_password: bool,
    /// When it was made.
    pub added: Moment,
    /// The day of its last sign-in, in UTC.
    pub last_day: Option<Day>,
}

impl User {
    /// Whether it may read figures of a site.
    pub fn may_read(&self, site: SiteId) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.contains(&site))
    }

    /// Whether it may change everything.
    pub fn is_owner(&self) -> bool {
        self.role == Role::Owner
    }
}

/// A browser that is signed in. Which one it is nobody has written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its number, to end it by.
    pub id: i64,
    /// The day on which it was signed in, in UTC.
    pub since: Day,
    /// When it ends by itself.
    pub until: Moment,
    /// Whether it is the one that asks.
    pub is_this: bool,
}
