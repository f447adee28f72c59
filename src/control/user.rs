//! `headcount user`: adds, lists, changes and removes users, and makes links to sign them in. Links and passwords are shown once.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{CommandRefusal, Done, Reply, find, refuse};
use crate::collector::{Collector, random};
use crate::config::nearest;
use crate::limits;
use crate::operator::{Login, Role, User, UserId};
use crate::page::words::ENGLISH;
use crate::secret::Secret;
use crate::secret::password::{Password, PasswordDigest};
use crate::site::{Moment, Schedule, SiteId};

/// What an operator can ask of users. Each names the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum UserCommand {
    /// Adds a user, and makes a link to sign in.
    Add {
        /// The name.
        name: String,
        /// What the user may do; nothing for `analyst`.
        role: Option<String>,
        /// The only sites to be read; none for all.
        sites: Vec<String>,
    },
    /// Lists the users.
    List,
    /// Changes a user.
    Set {
        /// The name.
        name: String,
        /// What changes.
        change: UserChange,
    },
    /// Removes a user.
    Remove {
        /// The name.
        name: String,
    },
    /// Makes a one-time link to sign in.
    Link {
        /// The name.
        name: String,
    },
    /// Sets a password, or takes it away. Browsers that were signed in are signed out.
    Password {
        /// The name.
        name: String,
        /// The password; nothing to take it away.
        password: Option<Password>,
    },
    /// Lists the browsers that are signed in.
    Browsers {
        /// The name.
        name: String,
    },
    /// Signs browsers out.
    SignOut {
        /// The name.
        name: String,
        /// The number of the only browser; nothing for all.
        browser: Option<i64>,
    },
}

/// What is to change in a user; nothing stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserChange {
    /// The name.
    pub name: Option<String>,
    /// What the user may do.
    pub role: Option<String>,
    /// The only sites to be read; an empty list means all.
    pub sites: Option<Vec<String>>,
}

/// Carries it out; `password` is the digest of the one that it sets.
pub(super) fn run(
    collector: &Collector,
    command: UserCommand,
    password: Option<&PasswordDigest>,
    base_url: &str,
) -> Done {
    match command {
        UserCommand::Add { name, role, sites } => add(collector, &name, role.as_deref(), &sites, base_url),
        UserCommand::List => list(collector),
        UserCommand::Set { name, change } => set(collector, &name, change),
        UserCommand::Remove { name } => remove(collector, &name),
        UserCommand::Link { name } => link(collector, &known(collector, &name)?, base_url),
        UserCommand::Password { name, .. } => set_password(collector, &name, password),
        UserCommand::Browsers { name } => browsers(collector, &name),
        UserCommand::SignOut { name, browser } => sign_out(collector, &name, browser),
    }
}

/// Makes a one-time link for the first owner.
pub(super) fn owners_link(collector: &Collector, base_url: &str) -> Done {
    let users = collector.operators().users()?;
    match users.iter().find(|user| user.is_owner()) {
        Some(owner) => link(collector, owner, base_url),
        None => refuse("there is no owner; make one with `headcount user add NAME --role owner`"),
    }
}

fn add(collector: &Collector, name: &str, role: Option<&str>, sites: &[String], base_url: &str) -> Done {
    let name = self::name(name)?;
    let role = role.map_or(Ok(Role::Analyst), self::role)?;
    let sites = self::sites(collector, sites)?;
    must_fit(role, sites.as_deref())?;
    if collector.operators().users()?.len() >= limits::USERS_MAX {
        return refuse(format!("there are at most {} users; remove one first", limits::USERS_MAX));
    }
    let now = collector.clock().now();
    collector.operators().add_user(&name, role, sites.as_deref(), now)?;
    let user = known(collector, &name)?;
    let link = new_link(collector, user.id, base_url).inspect_err(|_| {
        // Who was told that it failed tries again with the same name.
        let _ = collector.operators().remove_user(&user);
    })?;
    let (minutes, may) = (limits::SIGN_IN_LINK_MS / 60_000, may(&user, collector));
    let text = format!("{name} {may}. This link signs in, once, within {minutes} minutes:\n\n  {link}\n");
    let mut json = described(&user, collector)?;
    (json["link"], json["minutes"]) = (link.into(), minutes.into());
    Ok(Reply::new(text, json))
}

fn list(collector: &Collector) -> Done {
    let users = collector.operators().users()?;
    let rows = users.iter().map(|user| described(user, collector)).collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<String> = users.iter().map(|user| line(user, collector)).collect();
    Ok(Reply::new(lines.join("\n"), Value::Array(rows)))
}

fn set(collector: &Collector, name: &str, change: UserChange) -> Done {
    let mut user = known(collector, name)?;
    if change == UserChange::default() {
        return refuse("nothing is to change; give --name, --role or --site");
    }
    if let Some(name) = &change.name {
        user.name = self::name(name)?;
    }
    if let Some(role) = &change.role {
        user.role = self::role(role)?;
        // Who becomes an owner reads everything.
        user.sites = user.sites.filter(|_| user.role != Role::Owner);
    }
    if let Some(sites) = &change.sites {
        user.sites = self::sites(collector, sites)?;
    }
    must_fit(user.role, user.sites.as_deref())?;
    collector.operators().set_user(&user)?;
    Ok(Reply::new(line(&user, collector), described(&user, collector)?))
}

fn remove(collector: &Collector, name: &str) -> Done {
    let user = known(collector, name)?;
    collector.operators().remove_user(&user)?;
    let text = format!("{} is removed and signed out.", user.name);
    Ok(Reply::new(text, json!({"removed": user.name})))
}

fn link(collector: &Collector, user: &User, base_url: &str) -> Done {
    let link = new_link(collector, user.id, base_url)?;
    let minutes = limits::SIGN_IN_LINK_MS / 60_000;
    Ok(Reply::new(link.clone(), json!({"link": link, "minutes": minutes, "name": user.name})))
}

fn new_link(collector: &Collector, user: UserId, base_url: &str) -> Result<String, CommandRefusal> {
    let secret = Secret::from_random(random()?);
    collector.operators().add_link(user, secret.digest(), collector.clock().now())?;
    Ok(format!("{base_url}/sign-in/{}", secret.reveal()))
}

fn set_password(collector: &Collector, name: &str, digest: Option<&PasswordDigest>) -> Done {
    let user = known(collector, name)?;
    let ended = collector.operators().set_password(user.id, digest)?;
    let what = if digest.is_some() { "is set" } else { "is taken away; one-time links sign in" };
    let text = format!("The password of {} {what}. {}", user.name, signed_out(ended));
    Ok(Reply::new(text, json!({"name": user.name, "has_password": digest.is_some(), "signed_out": ended})))
}

fn browsers(collector: &Collector, name: &str) -> Done {
    let user = known(collector, name)?;
    let logins = collector.operators().logins(user.id, None, collector.clock().now())?;
    let day = |until: Moment| Schedule::utc().locate(until).day;
    let lines = logins.iter().map(|login| format!("{}  since {}  until {}", login.id, login.since, day(login.until)));
    let none = format!("{} is signed in nowhere.", user.name);
    let text = if logins.is_empty() { none } else { lines.collect::<Vec<_>>().join("\n") };
    let row = |login: &Login| json!({"id": login.id, "since": login.since.to_string(), "until": login.until.timestamp().to_string()});
    Ok(Reply::new(text, Value::Array(logins.iter().map(row).collect())))
}

fn sign_out(collector: &Collector, name: &str, browser: Option<i64>) -> Done {
    let user = known(collector, name)?;
    let ended = match browser {
        None => collector.operators().end_logins(user.id, None)?,
        Some(id) if collector.operators().end_login_of(user.id, id)? => 1,
        Some(id) => {
            let name = &user.name;
            return refuse(format!("there is no browser {id} of {name}; `headcount user browsers {name:?}` shows all"));
        }
    };
    Ok(Reply::new(format!("{}: {}", user.name, signed_out(ended)), json!({"name": user.name, "signed_out": ended})))
}

fn signed_out(browsers: usize) -> String {
    match browsers {
        0 => "No browser was signed in.".to_owned(),
        1 => "One browser is signed out.".to_owned(),
        many => format!("{many} browsers are signed out."),
    }
}

/// The user with a name.
fn known(collector: &Collector, name: &str) -> Result<User, CommandRefusal> {
    if let Some(user) = collector.operators().user(name.trim())? {
        return Ok(user);
    }
    let users = collector.operators().users()?;
    let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
    let shown: String = name.chars().take(limits::USER_NAME_CHARS_MAX).collect();
    let nearest = nearest(&shown, &names);
    refuse(format!("there is no user {shown:?}; did you mean {nearest:?}? `headcount user list` shows all"))
}

/// A name that can be told from others by its look.
fn name(text: &str) -> Result<String, CommandRefusal> {
    let name = text.trim();
    let is_short = !name.is_empty() && name.chars().count() <= limits::USER_NAME_CHARS_MAX;
    if !is_short || ENGLISH.visible(name) != name {
        let most = limits::USER_NAME_CHARS_MAX;
        return refuse(format!("a name has 1 to {most} characters, and none that can't be seen"));
    }
    Ok(name.to_owned())
}

fn role(text: &str) -> Result<Role, CommandRefusal> {
    Role::from_name(text).map_or_else(
        || {
            let names = Role::ALL.map(Role::name);
            let nearest = nearest(text, &names);
            refuse(format!("{text:?} is not a role; write {nearest:?} (there are {})", names.join(", ")))
        },
        Ok,
    )
}

fn sites(collector: &Collector, domains: &[String]) -> Result<Option<Vec<SiteId>>, CommandRefusal> {
    let sites =
        domains.iter().map(|domain| Ok(find(collector, domain)?.id)).collect::<Result<Vec<_>, CommandRefusal>>()?;
    Ok(Some(sites).filter(|sites| !sites.is_empty()))
}

fn must_fit(role: Role, sites: Option<&[SiteId]>) -> Result<(), CommandRefusal> {
    match (role, sites) {
        (Role::Owner, Some(_)) => refuse("an owner reads all sites; leave out --site, or write --role analyst"),
        _ => Ok(()),
    }
}

fn domains(user: &User, collector: &Collector) -> Option<Vec<String>> {
    let directory = collector.directory();
    let domain = |id: &SiteId| directory.get(*id).map(|site| site.domain.to_string());
    user.sites.as_ref().map(|sites| sites.iter().filter_map(domain).collect())
}

/// What a user may do, in words.
fn may(user: &User, collector: &Collector) -> String {
    match (user.role, domains(user, collector)) {
        (Role::Owner, _) => "is an owner, who may change everything".to_owned(),
        (Role::Analyst, None) => "is an analyst, who reads all sites".to_owned(),
        (Role::Analyst, Some(domains)) => format!("is an analyst, who reads {}", domains.join(", ")),
    }
}

fn line(user: &User, collector: &Collector) -> String {
    let sites = match domains(user, collector) {
        None => "all sites".to_owned(),
        Some(domains) if domains.is_empty() => "no site".to_owned(),
        Some(domains) => domains.join(", "),
    };
    let last = user.last_day.map_or("never signed in".to_owned(), |day| format!("signed in {day}"));
    let password = if user.has_password { "password" } else { "no password" };
    format!("{}  {}  {sites}  {last}  {password}", user.name, user.role.name())
}

fn described(user: &User, collector: &Collector) -> Result<Value, CommandRefusal> {
    let browsers = collector.operators().logins(user.id, None, collector.clock().now())?.len();
    Ok(json!({
        "name": user.name,
        "role": user.role.name(),
        "sites": domains(user, collector),
        "last_sign_in": user.last_day.map(|day| day.to_string()),
        "has_password": user.has_password,
        "browsers": browsers,
    }))
}
