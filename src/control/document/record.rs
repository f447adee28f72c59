//! The record of processing activities of a site, in the order of article 30(1) GDPR.

use super::SiteFacts;
use crate::page::document::{Document, DocumentSection};
use crate::page::text::counted;
use crate::site::{AddressMode, KeptFor, NoticeField, RetainedKind};

/// The record.
pub(super) fn document(facts: &SiteFacts<'_>) -> Document {
    Document {
        title: "Record of processing activities (article 30 GDPR)".into(),
        site: facts.domain().to_owned(),
        made: facts.today.clone(),
        intro: format!(
            "The processing \"audience measurement of {}\" by headcount {}, from the configuration as it is on this day.",
            facts.domain(),
            env!("CARGO_PKG_VERSION")
        ),
        sections: vec![
            controller(facts),
            purposes(facts),
            people_and_data(facts),
            recipients(facts),
            transfers(facts),
            time_limits(facts),
            security(facts),
        ],
    }
}

fn controller(facts: &SiteFacts<'_>) -> DocumentSection {
    use NoticeField::{Contact, Controller, Dpo, Host};
    let mut paragraphs = vec![
        facts.owner_must("Controller", Controller, "name and address of the controller"),
        facts.owner_must("Contact", Contact, "how the controller is reached"),
    ];
    paragraphs.extend(facts.owner_line("Data protection officer", Dpo));
    paragraphs.push(facts.owner_must("Processor", Host, "who runs the machine, if not the controller"));
    DocumentSection::new("Controller and contact", paragraphs)
}

fn purposes(facts: &SiteFacts<'_>) -> DocumentSection {
    let settings = &facts.site.settings;
    let mut paragraphs = vec![
        "Counting how many people come to the site, from where, with what, and what they read, in order to run and improve it. \
         Nobody is identified, no profile is made, and no decision about a person is taken."
            .to_owned(),
    ];
    if facts.told.has_goals || facts.told.has_funnels {
        let (goals, funnels) = (settings.goals.len(), settings.funnels.len());
        paragraphs.push(format!("Counting how many reach {goals} declared goals and {funnels} declared funnels."));
    }
    if facts.told.has_segments {
        let many = settings.segments.len();
        paragraphs
            .push(format!("Counting the visits of {many} declared segments by themselves, by the same features."));
    }
    if facts.told.has_mails {
        paragraphs.push(format!(
            "Counting opens and clicks of {} mail campaigns, by a picture and signed links.",
            settings.campaigns.len()
        ));
    }
    paragraphs.extend(facts.owner_line("Further purposes", NoticeField::Purposes));
    paragraphs.extend(facts.owner_line("Legal basis", NoticeField::LegalBasis));
    DocumentSection::new("Purposes", paragraphs)
}

fn people_and_data(facts: &SiteFacts<'_>) -> DocumentSection {
    let address = match facts.told.address {
        AddressMode::Hash => "whole (IPv6: its /64), hashed with the user agent under a random salt of the day",
        AddressMode::Truncate => {
            "cut to its network (IPv4 /24, IPv6 /48) before anything else sees it, then hashed with the user agent under a random salt of the day"
        }
        AddressMode::None => "not used to tell visitors apart",
    };
    let mut paragraphs = vec![
        "People: visitors of the site, and readers of its mails where campaigns are declared.".to_owned(),
        format!(
            "In memory while a request is answered: IP address ({address}), user agent, address of the page, referrer, language."
        ),
        format!("Stored, as sums alone and with no row about a person: {}.", facts.collected().join(", ")),
        format!("Not collected: {}.", facts.left_out()),
    ];
    let acts = facts.site.settings.set_aside.acts.len();
    if acts > 0 {
        let acts = counted(acts as u64, "times");
        paragraphs.push(format!("Set aside by the owner {acts}: values of some days, which stay stored and are in no figure for people who sign in."));
    }
    if facts.told.address != AddressMode::None {
        let number =
            "In memory until the site's day ends: a number that stands for the visitor, and the visits of the day.";
        paragraphs.insert(2, number.to_owned());
    }
    let url = format!("https://{}/", facts.domain());
    DocumentSection::new("People and data", paragraphs)
        .shown_by(format!("headcount explain --site {} --user-agent \"$AGENT\" --url {url}", facts.domain()))
}

fn recipients(facts: &SiteFacts<'_>) -> DocumentSection {
    let told = &facts.told;
    let mut paragraphs = vec![
        format!(
            "Who may read the figures after signing in: {}. Good for the site: {}.",
            counted(facts.users as u64, "users"),
            counted(facts.tokens as u64, "tokens")
        ),
        "What they read are sums; there is nothing about a person to be passed on.".to_owned(),
    ];
    if told.public.is_some() || told.secret_links > 0 {
        let page = if told.public.is_some() { "a public page and " } else { "" };
        paragraphs.push(format!(
            "Open to readers who are not signed in: {page}{}, with days that are over alone and values below {} visitors folded.",
            counted(told.secret_links as u64, "secret links"),
            told.small_counts_k
        ));
    }
    if told.counter {
        paragraphs.push("Everybody may ask how often a page was viewed (public counter).".to_owned());
    }
    if let Some(epsilon) = &told.published {
        paragraphs.push(format!(
            "Everybody may read counts of each day that is over, with noise (differential privacy, epsilon {epsilon} a day): `/public/{}.json`.",
            facts.domain()
        ));
    }
    if told.audit {
        paragraphs.push(format!(
            "Everybody may read the last signed summary of an audit, which is about no visitor: `/privacy/{}/audit`.",
            facts.domain()
        ));
    }
    paragraphs.extend(facts.owner_line("Further recipients", NoticeField::Recipients));
    DocumentSection::new("Recipients", paragraphs).shown_by(format!("headcount share list {}", facts.domain()))
}

fn transfers(facts: &SiteFacts<'_>) -> DocumentSection {
    let mut paragraphs = vec![
        "The program sends nothing to anybody: no request leaves it but the answers to those that it is asked."
            .to_owned(),
        facts.owner_must("Place of the machine", NoticeField::StoragePlace, "in which country the machine stands"),
    ];
    paragraphs.extend(facts.owner_line("Transfers", NoticeField::Transfers));
    DocumentSection::new("Transfers to third countries", paragraphs)
}

/// How long each kind of sums is kept.
pub(super) fn kept(facts: &SiteFacts<'_>) -> String {
    let kept = |kind: RetainedKind| match facts.told.retention.get(kind.name()) {
        Some(KeptFor::Days(days)) => format!("{}: {}", kind.name(), counted((*days).into(), "days")),
        Some(KeptFor::Months(months)) => format!("{}: {}", kind.name(), counted((*months).into(), "months")),
        None => format!("{}: for as long as the site is measured", kind.name()),
    };
    RetainedKind::ALL.map(kept).join("; ")
}

fn time_limits(facts: &SiteFacts<'_>) -> DocumentSection {
    let sums = kept(facts);
    let mut paragraphs = vec![
        "Address, user agent and full addresses: until the request is answered.".to_owned(),
        format!("Sums, which are anonymous, by kind. {sums}."),
    ];
    if facts.told.address != AddressMode::None {
        let number = "What stands for a visitor, and the salt that it was made with: until the end of the site's day.";
        paragraphs.insert(1, number.to_owned());
    }
    if !facts.told.k_at_rest.is_empty() {
        paragraphs.push(format!(
            "Figures of a value that fewer visitors of a day had than this are not kept by name when the day is over (`all` where no \
             dimension is named): {}.",
            facts.told.k_at_rest.join(", ")
        ));
    }
    DocumentSection::new("Time limits for erasure", paragraphs).shown_by(facts.show())
}

fn security(facts: &SiteFacts<'_>) -> DocumentSection {
    let journal = match facts.keeps_journal {
        true => {
            "The running day is kept in memory that is never written to a disk, so that a restart loses nothing; it is wiped when the day ends."
        }
        false => "The running day is in the program's memory alone, and is gone with it.",
    };
    let pseudonymisation = match facts.told.address {
        AddressMode::None => "No pseudonym: nothing stands for a visitor.",
        _ => "Pseudonymisation: a keyed BLAKE3 hash whose key is random, used for one site and one day, and wiped.",
    };
    let mut paragraphs = vec![
        pseudonymisation.to_owned(),
        "Mail addresses, tokens, numbers of cards and the like in addresses and names are masked before they are counted.".to_owned(),
        journal.to_owned(),
        "The data folder is open to its owner alone; of passwords, sessions and tokens there are only digests; there is no access log.".to_owned(),
    ];
    paragraphs.extend(facts.owner_line("Further measures", NoticeField::Security));
    DocumentSection::new("Security", paragraphs)
}
