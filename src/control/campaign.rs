//! `headcount campaign`: declares the mail campaigns of a site, and signs links for their mails. What was counted under a name
//! stays when it is removed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::notice::announcing;
use super::{Command, CommandRefusal, Done, Reply, find, refuse};
use crate::beacon::mail::{Link, UNKNOWN};
use crate::collector::{Collector, random};
use crate::hit::mask;
use crate::limits;
use crate::secret;
use crate::site::Site;

/// What an operator can ask of campaigns. Each names the site's domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CampaignCommand {
    /// Declares a campaign, or changes how many mails were sent.
    Set {
        /// The site.
        site: String,
        /// The campaign.
        name: String,
        /// How many mails were sent; nothing leaves it as it is.
        sent: Option<u64>,
    },
    /// Takes a name away. From then on its mails are counted as unknown.
    Remove {
        /// The site.
        site: String,
        /// The campaign.
        name: String,
    },
    /// Lists the campaigns of a site.
    List {
        /// The site.
        site: String,
    },
    /// Makes a signed link.
    Link {
        /// The site.
        site: String,
        /// The campaign.
        campaign: String,
        /// Where it leads.
        to: String,
        /// `utm_source` of the visit that follows.
        source: String,
    },
}

/// Name of the key that links are signed with.
pub const KEY: &str = "links";

pub(super) fn run(collector: &Collector, command: CampaignCommand, base_url: &str) -> Done {
    match command {
        CampaignCommand::Set { site, name, sent } => set(collector, &site, &name, sent, base_url),
        CampaignCommand::Remove { site, name } => remove(collector, &site, &name),
        CampaignCommand::List { site } => list(collector, &find(collector, &site)?),
        CampaignCommand::Link { site, campaign, to, source } => {
            link(collector, &site, &campaign, &to, &source, base_url)
        }
    }
}

fn set(collector: &Collector, site: &str, name: &str, sent: Option<u64>, base_url: &str) -> Done {
    let site = planned(&find(collector, site)?, name, sent)?;
    let name = name.trim();
    let sent = site.settings.campaigns.get(name).copied().unwrap_or_default();
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let picture = picture(&site, name, base_url);
    let text = format!(
        "{name} is counted for {}, {sent} mails sent. Its picture, for the end of the mail:\n\n  <img src=\"{picture}\" width=\"1\" height=\"1\" alt=\"\">\n",
        site.domain
    );
    Ok(Reply::new(text, json!({"site": site.domain, "campaign": name, "sent": sent, "picture": picture})))
}

/// A site with a campaign declared, or counted anew how many mails were sent, which is not stored yet.
pub(super) fn planned(site: &Site, name: &str, sent: Option<u64>) -> Result<Site, CommandRefusal> {
    let mut site = site.clone();
    let name = name.trim();
    let is_plain = !name.is_empty() && name.len() <= limits::CAMPAIGN_BYTES_MAX && !name.contains(['/', '\n']);
    if !is_plain || name == UNKNOWN {
        return refuse(format!("{name:?} is no name of a campaign; write a few words, without a slash"));
    }
    // The visits that follow are booked under the masked name, and a name for one recipient is none.
    if mask::name(name) != name {
        return refuse(format!("{name:?} looks like an address or an id; name the campaign, not a recipient"));
    }
    let known = site.settings.campaigns.entry(name.to_owned()).or_default();
    *known = sent.unwrap_or(*known);
    if site.settings.campaigns.len() > limits::CAMPAIGNS_MAX {
        return refuse(format!("a site has at most {} campaigns; remove one first", limits::CAMPAIGNS_MAX));
    }
    Ok(site)
}

/// Where the picture of a campaign is.
fn picture(site: &Site, name: &str, base_url: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("{base_url}/e/{}/{}.gif", site.domain, name.replace('+', "%20"))
}

fn remove(collector: &Collector, site: &str, name: &str) -> Done {
    let mut site = find(collector, site)?;
    if site.settings.campaigns.remove(name).is_none() {
        announcing::refuse_waiting(collector, &site, &format!("campaign {name:?}"))?;
        return unknown(&site, name);
    }
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let text = format!("{name} is declared no more; its mails are counted as {UNKNOWN} from now on.");
    Ok(Reply::new(text, json!({"site": site.domain, "removed": name})))
}

fn unknown<T>(site: &Site, name: &str) -> Result<T, CommandRefusal> {
    refuse(format!("{} has no campaign {name:?}; declare it with `headcount campaign set`", site.domain))
}

fn list(collector: &Collector, site: &Site) -> Done {
    let campaigns = &site.settings.campaigns;
    let rows: Vec<Value> = campaigns.iter().map(|(name, sent)| json!({"campaign": name, "sent": sent})).collect();
    let lines: Vec<String> = campaigns.iter().map(|(name, sent)| format!("{name}  {sent} sent")).collect();
    let none = format!("{} has no campaign yet; declare one with `headcount campaign set`.", site.domain);
    let waiting = announcing::waiting(collector, site, |command| matches!(command, Command::Campaign(_)))?;
    let text = if lines.is_empty() { none } else { lines.join("\n") };
    Ok(Reply::new(text + &waiting, Value::Array(rows)))
}

fn link(collector: &Collector, site: &str, campaign: &str, to: &str, source: &str, base_url: &str) -> Done {
    let site = find(collector, site)?;
    if !site.settings.campaigns.contains_key(campaign) {
        announcing::refuse_waiting(collector, &site, &format!("campaign {campaign:?}"))?;
        return unknown(&site, campaign);
    }
    let Some(link) = Link::to(site.domain.as_str(), campaign, source, to) else {
        return refuse(format!("{to:?} is no address of the web; write it like https://example.com/offer"));
    };
    if link.to.len() > limits::URL_BYTES_MAX {
        return refuse(format!(
            "the address has more than {} bytes with the keys of the campaign",
            limits::URL_BYTES_MAX
        ));
    }
    let key = collector.operators().key(KEY, random()?)?;
    let signed = format!("{base_url}/l/{}", secret::signed(&key, &link.text()));
    Ok(Reply::new(signed.clone(), json!({"link": signed, "to": link.to})))
}
