//! In: what an owner declares of a site. Out: the sites. Forgets: with a site, what was declared of it.

use jiff::tz::TimeZone;
use rusqlite::{Connection, Row, params};

use super::{Operators, StoreError};
use crate::site::{Domain, Moment, Schedule, Settings, Site, SiteId};

/// Why a change of the sites was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// The domain is taken.
    #[error("the site {0} exists already; change it with `headcount site set {0}`")]
    Exists(Domain),
    /// No site has the domain.
    #[error("there is no site {0}; `headcount site list` shows all")]
    Unknown(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for SiteError {
    fn from(error: rusqlite::Error) -> Self {
        SiteError::Store(error.into())
    }
}

impl Operators {
    /// All sites.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn sites(&self) -> Result<Vec<Site>, StoreError> {
        sites_of(&self.reader())
    }

    /// Adds a site.
    ///
    /// # Errors
    /// [`SiteError::Exists`] or a failure of the store.
    pub fn add_site(
        &self,
        domain: &Domain,
        schedule: &Schedule,
        settings: &Settings,
        now: Moment,
    ) -> Result<SiteId, SiteError> {
        let writer = self.writer()?;
        let sql = "INSERT INTO sites (domain, timezone, settings, added_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
        let added = writer.execute(sql, params![domain.as_str(), schedule.name(), settings_json(settings), now.0])?;
        match added {
            0 => Err(SiteError::Exists(domain.clone())),
            _ => Ok(SiteId(writer.last_insert_rowid() as u32)),
        }
    }

    /// Stores a site as it now is: its time zones and its settings.
    ///
    /// # Errors
    /// [`SiteError::Unknown`] or a failure of the store.
    pub fn set_site(&self, site: &Site) -> Result<(), SiteError> {
        let next = site.schedule.next();
        let (next_from, next_zone) = (next.map(|(from, _)| from.0), next.map(|(_, zone)| zone));
        let sql = "UPDATE sites SET timezone = ?, next_timezone = ?, next_from_ms = ?, settings = ? WHERE id = ?";
        let row = params![site.schedule.name(), next_zone, next_from, settings_json(&site.settings), site.id.0];
        match self.writer()?.execute(sql, row)? {
            0 => Err(SiteError::Unknown(site.domain.to_string())),
            _ => {
                self.note_change(site.id);
                Ok(())
            }
        }
    }

    /// Removes a site, with its notices and shares, and with the tokens that are of it alone. What kept them from being erased at once,
    /// if anything, is given back.
    ///
    /// # Errors
    /// A failure of the store; nothing is removed then.
    pub fn remove_site(&self, id: SiteId) -> Result<Option<StoreError>, SiteError> {
        self.writer()?.execute("DELETE FROM sites WHERE id = ?", [id.0])?;
        self.note_change(id);
        let written = self.file.rewrite(["sites", "notices", "announced_changes", "shares"], |_, _| Ok(()));
        Ok(written.and_then(|()| self.file.settle_between()).err())
    }
}

/// All sites, as a connection reads them.
///
/// # Errors
/// [`StoreError`]
pub fn sites_of(reader: &Connection) -> Result<Vec<Site>, StoreError> {
    let mut statement = reader.prepare_cached("SELECT * FROM sites ORDER BY domain")?;
    let sites = statement.query_map([], |row| Ok(site(row)))?;
    sites.map(|site| site?).collect()
}

fn settings_json(settings: &Settings) -> String {
    serde_json::to_string(settings).unwrap_or_else(|_| "{}".into())
}

fn site(row: &Row) -> Result<Site, StoreError> {
    let damaged = |_| StoreError::Corrupt;
    let domain: String = row.get("domain")?;
    let zone: String = row.get("timezone")?;
    let next: Option<(i64, String)> = match row.get::<_, Option<String>>("next_timezone")? {
        Some(zone) => Some((row.get("next_from_ms")?, zone)),
        None => None,
    };
    let mut schedule = Schedule::named(&zone).map_err(|_| StoreError::Corrupt)?;
    if let Some((from, zone)) = next {
        let zone = TimeZone::get(&zone).map_err(|_| StoreError::Corrupt)?;
        schedule = schedule.then_from(Moment(from), zone);
    }
    let settings: Settings = serde_json::from_str(&row.get::<_, String>("settings")?).map_err(damaged)?;
    Ok(Site {
        id: SiteId(row.get("id")?),
        domain: Domain::parse(&domain).map_err(|_| StoreError::Corrupt)?,
        schedule,
        settings,
        added: Moment(row.get("added_ms")?),
    })
}
