//! In: a command of the operator. Out: what it did, as a text and as JSON. Forgets: nothing that it is not told to.
//!
//! One program owns the data folder. While a server runs, commands travel to it through `headcount.sock` in that folder
//! ([`socket`]); otherwise the command takes the folder's lock and does the work itself. Both ways end in [`run`].

pub mod campaign;
pub mod folder;
mod funnel;
mod goal;
pub mod import;
mod report;
pub mod socket;

use campaign::CampaignCommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::collector::import::Manner;
use crate::collector::{Collector, random};
use crate::limits;
use crate::secret::Secret;
use crate::site::paths::{Case, Slash};
use crate::site::{self, AddressMode, Budget, Domain, Schedule, Settings, Site, SiteId};
use crate::store::sqlite::{Access, Login, Scope, SiteError};

/// What an operator can ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Adds a site.
    SiteAdd {
        /// Its domain.
        domain: String,
        /// What differs from the defaults.
        change: SiteChange,
    },
    /// Adds a site unless it exists.
    SiteEnsure {
        /// Its domain.
        domain: String,
    },
    /// Lists the sites.
    SiteList,
    /// Changes a site.
    SiteSet {
        /// Its domain.
        domain: String,
        /// What changes.
        change: SiteChange,
    },
    /// Removes a site and all its sums.
    SiteRemove {
        /// Its domain.
        domain: String,
    },
    /// Makes a token.
    TokenCreate {
        /// The only site it is good for; nothing for all.
        site: Option<String>,
        /// What it may do.
        scope: String,
    },
    /// Lists the tokens.
    TokenList,
    /// Revokes a token.
    TokenRevoke {
        /// Its number.
        id: i64,
    },
    /// Makes a one-time link to sign in.
    UserLink,
    /// Declares mail campaigns, and makes links for them.
    Campaign(CampaignCommand),
    /// Imports logs. Their lines follow on the same connection; see [`import`].
    Import {
        /// The domain of the site they count for.
        site: String,
        /// How many logs.
        logs: usize,
        /// How.
        manner: Manner,
    },
    /// Makes a report of a site.
    Report {
        /// Its domain.
        site: String,
        /// Which period, as in `--period`.
        period: String,
        /// Split by what; nothing for totals.
        by: Option<String>,
        /// How many rows at the most.
        rows: Option<usize>,
        /// Of what alone, as in `--filter`.
        #[serde(default)]
        filter: Vec<String>,
    },
    /// Makes a page or an event a goal.
    GoalAdd {
        /// The domain of the site.
        site: String,
        /// An event, a page, or a pattern of pages.
        target: String,
        /// What readers call it; nothing for the usual name.
        name: Option<String>,
    },
    /// Lists the goals of a site.
    GoalList {
        /// Its domain.
        site: String,
    },
    /// Takes a goal away. What was counted stays.
    GoalRemove {
        /// The domain of the site.
        site: String,
        /// The name of the goal.
        name: String,
    },
    /// Declares a funnel.
    FunnelAdd {
        /// The domain of the site.
        site: String,
        /// What readers call it.
        name: String,
        /// Its steps in order, each written as the target of a goal.
        steps: Vec<String>,
    },
    /// Lists the funnels of a site.
    FunnelList {
        /// Its domain.
        site: String,
    },
    /// Tells how far visits came in a funnel.
    FunnelShow {
        /// The domain of the site.
        site: String,
        /// The name of the funnel.
        name: String,
        /// Which period, as in `--period`.
        period: String,
    },
    /// Takes a funnel away, and with it its figures.
    FunnelRemove {
        /// The domain of the site.
        site: String,
        /// The name of the funnel.
        name: String,
    },
}

/// What is to change in a site; nothing stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteChange {
    /// IANA time zone.
    pub timezone: Option<String>,
    /// The hosts whose pages count; an empty list means every host.
    pub hosts: Option<Vec<String>>,
    /// Further names of the site that are added.
    pub add_aliases: Vec<String>,
    /// Further names of the site that are taken away.
    pub remove_aliases: Vec<String>,
    /// What becomes of addresses.
    pub address: Option<AddressMode>,
    /// Whether everybody may ask how often a page was viewed.
    pub counter: Option<bool>,
    /// Whether GPC and DNT are honoured.
    pub opt_out: Option<bool>,
    /// How many values of a dimension are counted by name in a day.
    pub values_max: Option<u32>,
    /// How many cells of two dimensions are kept of a day.
    pub pair_cells_max: Option<u32>,
    /// Templates of pages.
    pub templates: Option<Vec<String>>,
    /// Masks for parts of paths.
    pub masks: Option<Vec<String>>,
    /// The slash at the end of paths.
    pub slash: Option<Slash>,
    /// Capitals in paths.
    pub case: Option<Case>,
    /// Keys of the query that belong to the page.
    pub query_keys: Option<Vec<String>>,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// For people.
    pub text: String,
    /// For scripts (`--json`).
    pub json: Value,
}

impl Reply {
    fn new(text: impl Into<String>, json: Value) -> Reply {
        Reply { text: text.into(), json }
    }
}

/// Why a command did nothing: one sentence with the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl<E: std::error::Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal(Refused(error.to_string()))
    }
}

/// Any error on its way to become [`Refused`].
struct Refusal(Refused);

type Done = Result<Reply, Refusal>;

fn refuse<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(Refused(sentence.into())))
}

/// Carries out a command. `base_url` is how browsers reach the collector.
///
/// # Errors
/// [`Refused`]; nothing was changed then.
pub fn run(command: Command, collector: &Collector, base_url: &str) -> Result<Reply, Refused> {
    let reads_only = matches!(command, Command::Report { .. } | Command::FunnelShow { .. });
    let done = || carry_out(command, collector, base_url);
    if reads_only { done() } else { collector.alone(done) }.map_err(|refusal| refusal.0)
}

fn carry_out(command: Command, collector: &Collector, base_url: &str) -> Done {
    match command {
        Command::SiteAdd { domain, change } => site_add(collector, &domain, change, base_url),
        Command::SiteEnsure { domain } => site_ensure(collector, &domain, base_url),
        Command::SiteList => Ok(site_list(collector)),
        Command::SiteSet { domain, change } => site_set(collector, &domain, change),
        Command::SiteRemove { domain } => site_remove(collector, &domain),
        Command::TokenCreate { site, scope } => token_create(collector, site.as_deref(), &scope),
        Command::TokenList => token_list(collector),
        Command::TokenRevoke { id } => token_revoke(collector, id),
        Command::UserLink => user_link(collector, base_url),
        Command::Campaign(command) => campaign::run(collector, command, base_url),
        Command::Import { .. } => refuse("the lines of a log are missing; use `headcount import`"),
        Command::Report { site, period, by, rows, filter } => {
            report::report(collector, &site, &report::Words { period, by, rows, filter })
        }
        Command::GoalAdd { site, target, name } => goal::add(collector, &site, &target, name.as_deref()),
        Command::GoalList { site } => goal::list(collector, &site),
        Command::GoalRemove { site, name } => goal::remove(collector, &site, &name),
        Command::FunnelAdd { site, name, steps } => funnel::add(collector, &site, &name, &steps),
        Command::FunnelList { site } => funnel::list(collector, &site),
        Command::FunnelShow { site, name, period } => funnel::show(collector, &site, &name, &period),
        Command::FunnelRemove { site, name } => funnel::remove(collector, &site, &name),
    }
}

/// The line to paste into a page.
pub fn snippet(domain: &Domain, base_url: &str) -> String {
    format!("<script defer data-domain=\"{domain}\" src=\"{base_url}/js/script.js\"></script>")
}

fn find(collector: &Collector, name: &str) -> Result<Site, SiteError> {
    let directory = collector.directory();
    directory.find(name).map(|site| (**site).clone()).ok_or_else(|| SiteError::Unknown(name.to_owned()))
}

fn site_add(collector: &Collector, domain: &str, change: SiteChange, base_url: &str) -> Done {
    let domain = Domain::parse(domain)?;
    let schedule = match &change.timezone {
        Some(name) => Schedule::named(name)?,
        None => Schedule::utc(),
    };
    if let Some(other) = collector.directory().find(domain.as_str()).filter(|site| site.domain != domain) {
        return refuse(format!("{domain} is an alias of {}; take it away with `headcount site set`", other.domain));
    }
    let settings = changed(Settings::default(), &change, &domain, collector)?;
    collector.store().add_site(&domain, &schedule, &settings, collector.clock().now())?;
    collector.reload()?;
    let snippet = snippet(&domain, base_url);
    let text = format!("{domain} is counted from now on. Paste this line into the head of its pages:\n\n  {snippet}\n");
    Ok(Reply::new(text, json!({"domain": domain, "timezone": schedule.name(), "snippet": snippet})))
}

fn site_ensure(collector: &Collector, domain: &str, base_url: &str) -> Done {
    let parsed = Domain::parse(domain)?;
    if collector.directory().find(parsed.as_str()).is_none() {
        return site_add(collector, domain, SiteChange::default(), base_url);
    }
    let snippet = snippet(&parsed, base_url);
    let text = format!("{parsed} is counted already. Its line for the head of its pages:\n\n  {snippet}\n");
    Ok(Reply::new(text, json!({"domain": parsed, "snippet": snippet})))
}

fn site_list(collector: &Collector) -> Reply {
    let sites = collector.directory().all();
    let rows: Vec<Value> = sites.iter().map(|site| described(site)).collect();
    let lines: Vec<String> = sites.iter().map(|site| line(site)).collect();
    let none = "There is no site yet; add one with `headcount site add example.com`.";
    let text = if lines.is_empty() { none.to_owned() } else { lines.join("\n") };
    Reply::new(text, Value::Array(rows))
}

fn line(site: &Site) -> String {
    let mut line = format!("{}  {}", site.domain, site.schedule.name());
    if let Some((_, zone)) = site.schedule.next() {
        line.push_str(&format!(" ({zone} from its next day on)"));
    }
    if !site.settings.hosts.is_empty() {
        line.push_str(&format!("  hosts {}", site.settings.hosts.join(", ")));
    }
    if !site.settings.aliases.is_empty() {
        line.push_str(&format!("  aliases {}", site.settings.aliases.join(", ")));
    }
    if site.settings.address != AddressMode::Hash {
        line.push_str(&format!("  address {}", mode_name(site.settings.address)));
    }
    if site.settings.counter {
        line.push_str("  public counter");
    }
    if !site.settings.opt_out {
        line.push_str("  opt-out ignored");
    }
    let (budget, usual) = (site.settings.budget, Budget::default());
    if budget.values != usual.values {
        line.push_str(&format!("  at most {} values a day", budget.values));
    }
    if budget.pair_cells != usual.pair_cells {
        line.push_str(&format!("  at most {} pair cells a day", budget.pair_cells));
    }
    if !site.settings.paths.is_default() {
        line.push_str("  paths by rules");
    }
    line
}

fn described(site: &Site) -> Value {
    json!({
        "domain": site.domain,
        "timezone": site.schedule.name(),
        "next_timezone": site.schedule.next().map(|(_, zone)| zone),
        "hosts": site.settings.hosts,
        "aliases": site.settings.aliases,
        "address": mode_name(site.settings.address),
        "counter": site.settings.counter,
        "opt_out": site.settings.opt_out,
        "values_max": site.settings.budget.values,
        "pair_cells_max": site.settings.budget.pair_cells,
        "paths": site.settings.paths,
    })
}

fn mode_name(mode: AddressMode) -> &'static str {
    match mode {
        AddressMode::Hash => "hash",
        AddressMode::Truncate => "truncate",
        AddressMode::None => "none",
    }
}

fn changed(
    mut settings: Settings,
    change: &SiteChange,
    domain: &Domain,
    collector: &Collector,
) -> Result<Settings, Refusal> {
    if let Some(hosts) = &change.hosts {
        settings.hosts = hosts.iter().map(|host| site::host_pattern(host)).collect::<Result<_, _>>()?;
    }
    for name in &change.remove_aliases {
        let alias = site::fold(name);
        if !settings.aliases.contains(&alias) {
            return refuse(format!("{alias:?} is no alias of {domain}; `headcount site list` shows all"));
        }
        settings.aliases.retain(|known| *known != alias);
    }
    for name in &change.add_aliases {
        let alias = Domain::parse(name)?.as_str().to_owned();
        // No two sites share a name: a beacon must never count for the wrong one.
        if let Some(other) = collector.directory().find(&alias).filter(|site| site.domain != *domain) {
            return refuse(format!("{alias} is a name of {} already", other.domain));
        }
        if alias != domain.as_str() && !settings.aliases.contains(&alias) {
            settings.aliases.push(alias);
        }
    }
    if settings.aliases.len() > limits::ALIASES_MAX {
        return refuse(format!("{domain} has more than {} aliases", limits::ALIASES_MAX));
    }
    settings.address = change.address.unwrap_or(settings.address);
    settings.counter = change.counter.unwrap_or(settings.counter);
    settings.opt_out = change.opt_out.unwrap_or(settings.opt_out);
    let budget = &mut settings.budget;
    budget.values = within("--values-max", change.values_max, budget.values, limits::VALUES_PER_DAY_MAX)?;
    let most = limits::PAIR_CELLS_PER_DAY_MAX;
    budget.pair_cells = within("--pair-cells-max", change.pair_cells_max, budget.pair_cells, most)?;
    let paths = &mut settings.paths;
    for (list, changed) in [
        (&mut paths.templates, &change.templates),
        (&mut paths.masks, &change.masks),
        (&mut paths.query_keys, &change.query_keys),
    ] {
        list.clone_from(changed.as_ref().unwrap_or(&list.clone()));
    }
    paths.slash = change.slash.unwrap_or(paths.slash);
    paths.case = change.case.unwrap_or(paths.case);
    paths.check()?;
    Ok(settings)
}

/// A number that was asked for, or the one that is there.
fn within(flag: &str, asked: Option<u32>, before: u32, most: u32) -> Result<u32, Refusal> {
    match asked {
        Some(number) if number == 0 || number > most => {
            refuse(format!("{flag} {number} is out of bounds; write a number from 1 to {most}"))
        }
        asked => Ok(asked.unwrap_or(before)),
    }
}

fn site_set(collector: &Collector, domain: &str, change: SiteChange) -> Done {
    let mut site = find(collector, domain)?;
    let now = collector.clock().now();
    site.settings = changed(site.settings, &change, &site.domain, collector)?;
    if let Some(name) = &change.timezone {
        let zone = Schedule::named(name)?.zone_at(now).clone();
        site.schedule = site.schedule.then(zone, now);
    }
    collector.store().set_site(&site)?;
    collector.reload()?;
    let mut text = line(&site);
    if change.values_max.is_some() {
        text.push_str("\nThe budget of values acts from the site's next day on: today has begun with the one before.");
    }
    if change.pair_cells_max.is_some() {
        text.push_str("\nThe budget of pair cells acts from the end of the site's present day on.");
    }
    Ok(Reply::new(text, described(&site)))
}

fn site_remove(collector: &Collector, domain: &str) -> Done {
    let site = find(collector, domain)?;
    collector.remove_site(site.id)?;
    Ok(Reply::new(format!("{} and all its figures are removed.", site.domain), json!({"removed": site.domain})))
}

fn token_create(collector: &Collector, site: Option<&str>, scope: &str) -> Done {
    let Some(scope) = Scope::from_name(scope) else {
        let names = Scope::ALL.map(Scope::name);
        let nearest = crate::config::nearest(scope, &names);
        return refuse(format!("{scope:?} is not a scope; write {nearest:?} (there are {})", names.join(", ")));
    };
    let site = site.map(|name| find(collector, name)).transpose()?;
    let access = Access { site: site.map(|site| site.id), scope };
    let secret = Secret::from_random(random()?);
    let id = collector.store().add_token(secret.digest(), access, collector.clock().now())?;
    Ok(Reply::new(secret.reveal(), json!({"id": id, "token": secret.reveal(), "scope": scope.name()})))
}

fn token_list(collector: &Collector) -> Done {
    let directory = collector.directory();
    let name = |id: Option<SiteId>| match id {
        None => "all sites".to_owned(),
        Some(id) => directory.get(id).map_or_else(String::new, |site| site.domain.to_string()),
    };
    let tokens = collector.store().tokens()?;
    let line = |t: &crate::store::sqlite::TokenInfo| {
        format!("{}  {}  {}  made {}", t.id, t.access.scope.name(), name(t.access.site), t.added.timestamp())
    };
    let rows = tokens.iter().map(|t| json!({"id": t.id, "scope": t.access.scope.name(), "site": name(t.access.site)}));
    let rows = rows.collect();
    let none = "There is no token yet; make one with `headcount token create --site example.com --scope read`.";
    let lines: Vec<_> = tokens.iter().map(line).collect();
    Ok(Reply::new(if lines.is_empty() { none.into() } else { lines.join("\n") }, Value::Array(rows)))
}

fn token_revoke(collector: &Collector, id: i64) -> Done {
    if !collector.store().revoke_token(id)? {
        return refuse(format!("there is no token {id}; `headcount token list` shows all"));
    }
    Ok(Reply::new(format!("Token {id} is revoked."), json!({"revoked": id})))
}

fn user_link(collector: &Collector, base_url: &str) -> Done {
    let secret = Secret::from_random(random()?);
    let now = collector.clock().now();
    let until = now.plus(limits::SIGN_IN_LINK_MS);
    collector.store().add_login(Login::Link, secret.digest(), now, until)?;
    let link = format!("{base_url}/sign-in/{}", secret.reveal());
    Ok(Reply::new(link.clone(), json!({"link": link, "minutes": limits::SIGN_IN_LINK_MS / 60_000})))
}
