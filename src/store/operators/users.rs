//! In: what an owner declares of users. Out: the users, and what they may see and change. Forgets: with a user, all of its
//! sign-ins and links; passwords never reach this module, only their digests.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::logins::sign_out;
use super::{Operators, StoreError};
use crate::operator::{Role, User, UserId};
use crate::secret::password::PasswordDigest;
use crate::site::{Day, Moment, SiteId};

/// Why a change of the users was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// The name is taken.
    #[error("there is a user {0:?} already; take another name, or change that user with `headcount user set`")]
    Exists(String),
    /// Nobody could change anything any more.
    #[error("{0:?} is the only owner; make another one first with `headcount user add NAME --role owner`")]
    LastOwner(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for UserError {
    fn from(error: rusqlite::Error) -> Self {
        UserError::Store(error.into())
    }
}

/// What is read of a user; the sites as one text.
pub(super) const COLUMNS: &str = "u.id, u.name, u.role, u.all_sites, u.password IS NOT NULL, u.added_ms, u.last_day, \
     (SELECT group_concat(s.site) FROM users_sites s WHERE s.user = u.id)";

impl Operators {
    /// All users, in the order in which they were made.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn users(&self) -> Result<Vec<User>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("SELECT {COLUMNS} FROM users u ORDER BY u.id"))?;
        let users = statement.query_map([], |row| Ok(user(row)))?;
        users.map(|user| user?).collect()
    }

    /// The user with a name, in whatever letters.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("SELECT {COLUMNS} FROM users u WHERE u.folded = ?"))?;
        let found = statement.query_row([folded(name)], |row| Ok(user(row))).optional()?;
        found.transpose()
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`UserError::Exists`] or a failure of the store.
    pub fn add_user(&self, name: &str, role: Role, sites: Option<&[SiteId]>, now: Moment) -> Result<UserId, UserError> {
        let mut writer = self.writer()?;
        let transaction = writer.transaction()?;
        let sql =
            "INSERT INTO users (name, folded, role, all_sites, added_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
        let added = transaction.execute(sql, params![name, folded(name), role.name(), sites.is_none(), now.0])?;
        if added == 0 {
            return Err(UserError::Exists(name.to_owned()));
        }
        let id = UserId(transaction.last_insert_rowid());
        set_sites(&transaction, id, sites)?;
        transaction.commit()?;
        Ok(id)
    }

    /// Stores the name, the role and the sites of a user as they now are.
    ///
    /// # Errors
    /// [`UserError`]; nothing is changed then.
    pub fn set_user(&self, user: &User) -> Result<(), UserError> {
        let mut writer = self.writer()?;
        let transaction = writer.transaction()?;
        let taken = "SELECT 1 FROM users WHERE folded = ? AND id <> ?";
        if transaction.prepare_cached(taken)?.exists(params![folded(&user.name), user.id.0])? {
            return Err(UserError::Exists(user.name.clone()));
        }
        let sql = "UPDATE users SET name = ?, folded = ?, role = ?, all_sites = ? WHERE id = ?";
        let all_sites = user.sites.is_none();
        let row = params![user.name, folded(&user.name), user.role.name(), all_sites, user.id.0];
        transaction.execute(sql, row)?;
        set_sites(&transaction, user.id, user.sites.as_deref())?;
        must_have_owner(&transaction, &user.name)?;
        transaction.commit()?;
        Ok(())
    }

    /// Removes a user with all its sign-ins and links.
    ///
    /// # Errors
    /// [`UserError::LastOwner`] or a failure of the store; nothing is removed then.
    pub fn remove_user(&self, user: &User) -> Result<(), UserError> {
        let mut writer = self.writer()?;
        let transaction = writer.transaction()?;
        transaction.execute("DELETE FROM users WHERE id = ?", [user.id.0])?;
        must_have_owner(&transaction, &user.name)?;
        transaction.commit()?;
        Ok(())
    }

    /// Keeps the digest of a user's password, or takes it away, and signs out all browsers: whoever knew the old one must not
    /// stay. Tells how many browsers there were.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is changed then.
    pub fn set_password(&self, user: UserId, password: Option<&PasswordDigest>) -> Result<usize, StoreError> {
        let mut writer = self.writer()?;
        let transaction = writer.transaction()?;
        let row = params![password.map(PasswordDigest::as_str), user.0];
        transaction.execute("UPDATE users SET password = ? WHERE id = ?", row)?;
        let ended = sign_out(&transaction, user, None)?;
        transaction.commit()?;
        Ok(ended)
    }

    /// The digest of a user's password, if one is set.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn password(&self, user: UserId) -> Result<Option<PasswordDigest>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT password FROM users WHERE id = ?")?;
        let found: Option<Option<String>> = statement.query_row([user.0], |row| row.get(0)).optional()?;
        Ok(found.flatten().map(PasswordDigest::stored))
    }
}

/// The form in which names are compared: nobody shall look like another by capitals alone.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn set_sites(connection: &Connection, user: UserId, sites: Option<&[SiteId]>) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM users_sites WHERE user = ?", [user.0])?;
    for site in sites.unwrap_or_default() {
        connection.execute("INSERT OR IGNORE INTO users_sites VALUES (?, ?)", params![user.0, site.0])?;
    }
    Ok(())
}

fn must_have_owner(connection: &Connection, name: &str) -> Result<(), UserError> {
    match connection.prepare_cached("SELECT 1 FROM users WHERE role = ?")?.exists([Role::Owner.name()])? {
        true => Ok(()),
        false => Err(UserError::LastOwner(name.to_owned())),
    }
}

/// A user from a row of [`COLUMNS`].
pub(super) fn user(row: &Row) -> Result<User, StoreError> {
    let role: String = row.get(2)?;
    let listed = match row.get(7)? {
        Value::Text(text) => text,
        Value::Integer(number) => number.to_string(),
        _ => String::new(),
    };
    let listed = listed.split(',').filter(|number| !number.is_empty());
    let listed: Result<Vec<SiteId>, _> = listed.map(|number| number.parse().map(SiteId)).collect();
    let listed = listed.map_err(|_| StoreError::Corrupt)?;
    Ok(User {
        id: UserId(row.get(0)?),
        name: row.get(1)?,
        role: Role::from_name(&role).ok_or(StoreError::Corrupt)?,
        sites: (!row.get::<_, bool>(3)?).then_some(listed),
        has_password: row.get(4)?,
        added: Moment(row.get(5)?),
        last_day: row.get::<_, Option<i32>>(6)?.map(Day),
    })
}
