//! In: what owners say of tokens. Out: what the holder of a token may do, and where. Forgets: the token itself, which has no
//! field here.

use crate::site::{Moment, SiteId};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenScope {
    /// Read figures.
    Read,
    /// Send hits whose time and address are believed.
    Ingest,
    /// Note on the chart what happened.
    Annotate,
    /// Everything.
    Admin,
}

impl TokenScope {
    /// All scopes.
    pub const ALL: [TokenScope; 4] = [TokenScope::Read, TokenScope::Ingest, TokenScope::Annotate, TokenScope::Admin];

    /// The name on the command line and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            TokenScope::Read => "read",
            TokenScope::Ingest => "ingest",
            TokenScope::Annotate => "annotate",
            TokenScope::Admin => "admin",
        }
    }

    /// The scope with this name.
    pub fn from_name(name: &str) -> Option<TokenScope> {
        TokenScope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// What the holder of a token may do, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The only site, or nothing for all sites.
    pub site: Option<SiteId>,
    /// What.
    pub scope: TokenScope,
}

impl Access {
    /// Whether figures of a site may be read.
    pub fn may_read(self, site: SiteId) -> bool {
        matches!(self.scope, TokenScope::Read | TokenScope::Admin) && self.site.is_none_or(|own| own == site)
    }

    /// Whether its holder may note something on the chart of a site.
    pub fn may_annotate(self, site: SiteId) -> bool {
        matches!(self.scope, TokenScope::Annotate | TokenScope::Admin) && self.site.is_none_or(|own| own == site)
    }

    /// Whether time, address and agent that its holder claims for hits of a site are believed.
    pub fn may_ingest(self, site: SiteId) -> bool {
        matches!(self.scope, TokenScope::Ingest | TokenScope::Admin) && self.site.is_none_or(|own| own == site)
    }
}

/// A token as it can be listed; the secret itself is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// Its number, to revoke it by.
    pub id: i64,
    /// What it may do.
    pub access: Access,
    /// When it was made.
    pub added: Moment,
}
