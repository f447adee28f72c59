//! In: digests of one-time links and of browsers' secrets. Out: whose they are. Forgets: what has expired; secrets never reach
//! this module.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{Operators, StoreError, users};
use crate::limits;
use crate::operator::{Login, User, UserId};
use crate::secret::Digest;
use crate::site::{Day, Moment, Schedule};

impl Operators {
    /// Keeps a one-time link of a user for a while, and drops those that have expired.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn add_link(&self, user: UserId, link: Digest, now: Moment) -> Result<(), StoreError> {
        let writer = self.writer()?;
        writer.execute("DELETE FROM sign_in_links WHERE until_ms <= ?", [now.0])?;
        let until = now.plus(limits::SIGN_IN_LINK_MS);
        writer.execute("INSERT OR REPLACE INTO sign_in_links VALUES (?, ?, ?)", params![link.0, user.0, until.0])?;
        Ok(())
    }

    /// Whom a one-time link signs in, if it holds.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn holder_of_link(&self, link: Digest, now: Moment) -> Result<Option<User>, StoreError> {
        self.user_by("sign_in_links", link, now)
    }

    /// Uses up a one-time link; tells whose it was if it held until now.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn use_link(&self, link: Digest, now: Moment) -> Result<Option<UserId>, StoreError> {
        // Anybody may send anything for a link: what is none writes nothing.
        if self.holder_of_link(link, now)?.is_none() {
            return Ok(None);
        }
        let sql = "DELETE FROM sign_in_links WHERE hash = ? RETURNING user, until_ms";
        let found: Option<(i64, i64)> =
            self.writer()?.query_row(sql, [link.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        Ok(found.filter(|(_, until)| *until > now.0).map(|(user, _)| UserId(user)))
    }

    /// Keeps the sign-in of a browser for a while, and drops those that have expired or are too many for one user.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn add_login(&self, user: UserId, login: Digest, now: Moment) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        let transaction = writer.transaction()?;
        transaction.execute("DELETE FROM logins WHERE until_ms <= ?", [now.0])?;
        let (day, until) = (Schedule::utc().locate(now).day, now.plus(limits::LOGIN_MS));
        let sql = "INSERT INTO logins (hash, user, day, until_ms) VALUES (?, ?, ?, ?)";
        transaction.execute(sql, params![login.0, user.0, day.0, until.0])?;
        let sql = "DELETE FROM logins WHERE user = ?1 AND id NOT IN (SELECT id FROM logins WHERE user = ?1 ORDER BY id DESC LIMIT ?2)";
        transaction.execute(sql, params![user.0, limits::LOGINS_PER_USER_MAX as i64])?;
        transaction.execute("UPDATE users SET last_day = ? WHERE id = ?", params![day.0, user.0])?;
        transaction.commit()?;
        Ok(())
    }

    /// Whose browser it is, if its sign-in holds.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn signed_in(&self, login: Digest, now: Moment) -> Result<Option<User>, StoreError> {
        self.user_by("logins", login, now)
    }

    /// Whose the row of a table is that has this digest, until its end.
    fn user_by(&self, table: &str, digest: Digest, now: Moment) -> Result<Option<User>, StoreError> {
        let columns = users::COLUMNS;
        let sql = format!(
            "SELECT {columns} FROM {table} l JOIN users u ON u.id = l.user WHERE l.hash = ? AND l.until_ms > ?"
        );
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&sql)?;
        let found = statement.query_row(params![digest.0, now.0], |row| Ok(users::user(row))).optional()?;
        found.transpose()
    }

    /// The browsers that are signed in as a user, the last one first. `this` is the one that asks.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn logins(&self, user: UserId, this: Option<Digest>, now: Moment) -> Result<Vec<Login>, StoreError> {
        let reader = self.reader();
        let sql = "SELECT id, day, until_ms, hash = ? FROM logins WHERE user = ? AND until_ms > ? ORDER BY id DESC";
        let mut statement = reader.prepare_cached(sql)?;
        let found = statement.query_map(params![this.map(|this| this.0), user.0, now.0], |row| {
            let is_this: Option<bool> = row.get(3)?;
            let (id, since, until) = (row.get(0)?, Day(row.get(1)?), Moment(row.get(2)?));
            Ok(Login { id, since, until, is_this: is_this.unwrap_or(false) })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Signs a browser out.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn end_login(&self, login: Digest) -> Result<(), StoreError> {
        // Nor does what is no sign-in.
        let is_known = self.reader().prepare_cached("SELECT 1 FROM logins WHERE hash = ?")?.exists([login.0])?;
        if is_known {
            self.writer()?.execute("DELETE FROM logins WHERE hash = ?", [login.0])?;
        }
        Ok(())
    }

    /// Signs out one browser of a user; tells whether there was one of this number.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn end_login_of(&self, user: UserId, id: i64) -> Result<bool, StoreError> {
        Ok(self.writer()?.execute("DELETE FROM logins WHERE user = ? AND id = ?", params![user.0, id])? == 1)
    }

    /// Signs out all browsers of a user but one, and makes its one-time links worthless. Tells how many browsers there were.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn end_logins(&self, user: UserId, but: Option<Digest>) -> Result<usize, StoreError> {
        let mut writer = self.writer()?;
        let transaction = writer.transaction()?;
        let ended = sign_out(&transaction, user, but)?;
        transaction.commit()?;
        Ok(ended)
    }
}

pub(super) fn sign_out(transaction: &Transaction, user: UserId, but: Option<Digest>) -> Result<usize, StoreError> {
    transaction.execute("DELETE FROM sign_in_links WHERE user = ?", [user.0])?;
    let but = but.map(|but| but.0);
    Ok(transaction.execute("DELETE FROM logins WHERE user = ? AND hash IS NOT ?", params![user.0, but])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::operator::Role;
    use crate::store::UserError;

    const NOW: Moment = Moment(1_800_000_000_000);

    fn store() -> (tempfile::TempDir, Arc<Operators>) {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::store::open(&folder.path().join("x.db")).unwrap().operators;
        (folder, store)
    }

    fn digest(number: u8) -> Digest {
        Digest([number; 32])
    }

    #[test]
    fn a_link_works_once_and_not_for_ever() {
        let (_folder, store) = store();
        let owner = store.user("Owner").unwrap().expect("there is an owner from the first day on").id;
        store.add_link(owner, digest(1), NOW).unwrap();
        assert_eq!(store.use_link(digest(2), NOW).unwrap(), None);
        let holder = |now| store.holder_of_link(digest(1), now).unwrap().map(|user| user.name);
        assert_eq!(
            (holder(NOW).as_deref(), holder(NOW)),
            (Some("owner"), Some("owner".into())),
            "a look changes nothing"
        );
        assert_eq!(holder(NOW.plus(limits::SIGN_IN_LINK_MS)), None);
        assert_eq!(store.use_link(digest(1), NOW).unwrap(), Some(owner));
        assert_eq!(store.use_link(digest(1), NOW).unwrap(), None);
        store.add_link(owner, digest(1), NOW).unwrap();
        assert_eq!(store.use_link(digest(1), NOW.plus(limits::SIGN_IN_LINK_MS)).unwrap(), None);
    }

    #[test]
    fn browsers_are_signed_in_until_they_are_not() {
        let (_folder, store) = store();
        let ana = store.add_user("Ana", Role::Analyst, Some(&[]), NOW).unwrap();
        for number in 1..=3 {
            store.add_login(ana, digest(number), NOW).unwrap();
        }
        let user = store.signed_in(digest(2), NOW).unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.last_day.map(|day| day.to_string())), ("Ana", Some("2027-01-15".into())));
        let logins = store.logins(ana, Some(digest(2)), NOW).unwrap();
        assert_eq!(logins.iter().map(|login| login.is_this).collect::<Vec<_>>(), [false, true, false]);
        let other = store.user("owner").unwrap().unwrap().id;
        assert!(!store.end_login_of(other, logins[0].id).unwrap(), "nobody ends what is another's");
        assert!(store.end_login_of(ana, logins[0].id).unwrap());
        assert_eq!(store.signed_in(digest(3), NOW).unwrap(), None);
        assert_eq!(store.signed_in(digest(1), NOW.plus(limits::LOGIN_MS)).unwrap(), None, "it has expired");
        assert_eq!(store.end_logins(ana, Some(digest(1))).unwrap(), 1);
        store.end_login(digest(1)).unwrap();
        assert!(store.logins(ana, None, NOW).unwrap().is_empty());
    }

    #[test]
    fn a_user_has_a_bounded_number_of_browsers() {
        let (_folder, store) = store();
        let ana = store.add_user("Ana", Role::Analyst, None, NOW).unwrap();
        for number in 0..=limits::LOGINS_PER_USER_MAX {
            store.add_login(ana, digest(number as u8), NOW).unwrap();
        }
        assert_eq!(store.logins(ana, None, NOW).unwrap().len(), limits::LOGINS_PER_USER_MAX);
        assert!(
            store.signed_in(digest(0), NOW).unwrap().is_none() && store.signed_in(digest(1), NOW).unwrap().is_some()
        );
    }

    #[test]
    fn with_a_user_go_its_sign_ins_but_never_the_last_owner() {
        let (_folder, store) = store();
        let mut ana = store.user("owner").unwrap().unwrap();
        store.add_login(ana.id, digest(1), NOW).unwrap();
        assert_eq!(store.remove_user(&ana), Err(UserError::LastOwner("owner".into())));
        (ana.role, ana.name) = (Role::Analyst, "Ana".into());
        assert_eq!(store.set_user(&ana), Err(UserError::LastOwner("Ana".into())));
        assert!(store.user("owner").unwrap().unwrap().is_owner(), "nothing was changed");
        store.add_user("Bob", Role::Owner, None, NOW).unwrap();
        assert_eq!(store.add_user("BOB", Role::Analyst, None, NOW), Err(UserError::Exists("BOB".into())));
        store.remove_user(&ana).unwrap();
        assert_eq!(store.signed_in(digest(1), NOW).unwrap(), None);
        assert_eq!(store.users().unwrap().len(), 1);
    }
}
