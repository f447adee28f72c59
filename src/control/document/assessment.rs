//! The self-assessment of a site against the French regulator's exemption from consent for audience measurement (CNIL, "Cookies :
//! solutions pour les outils de mesure d'audience", 4 July 2025; for lifetimes also its guidelines of 17 September 2020, deliberation
//! 2020-091), point by point.

use super::SiteFacts;
use crate::cell::Dimension;
use crate::page::document::{Document, DocumentSection, PointStatus};
use crate::site::{AddressMode, Collectable, NoticeField, Preset};

/// The assessment.
pub(super) fn document(facts: &SiteFacts<'_>) -> Document {
    let sections = vec![
        purpose(facts),
        publisher(facts),
        anonymous(facts),
        no_matching(facts),
        no_following(facts),
        addresses(facts),
        campaigns(facts),
        objection(facts),
        information(facts),
        trackers(facts),
        retention(facts),
        third_parties(facts),
        review(facts),
    ];
    let count = |status| sections.iter().filter(|section| section.status == Some(status)).count();
    Document {
        title: "Self-assessment: exemption from consent for audience measurement".into(),
        site: facts.domain().to_owned(),
        made: facts.today.clone(),
        intro: format!(
            "Against the conditions and recommendations that the CNIL publishes for article 82 of the French data protection act (sheet of \
             4 July 2025). {} points are met, {} are not, {} are for the owner to say. It is no legal advice and no certificate.",
            count(PointStatus::Met),
            count(PointStatus::NotMet),
            count(PointStatus::ForTheOwner)
        ),
        sections,
    }
}

fn point(title: &str, status: PointStatus, fact: impl Into<String>) -> DocumentSection {
    DocumentSection { status: Some(status), ..DocumentSection::new(title, vec![fact.into()]) }
}

/// What an owner has said, as a sentence.
fn whole(said: &str) -> String {
    let said = said.trim_end();
    if said.ends_with(['.', '!', '?']) { said.to_owned() } else { format!("{said}.") }
}

/// Met or not met.
fn by(is_met: bool) -> PointStatus {
    if is_met { PointStatus::Met } else { PointStatus::NotMet }
}

fn purpose(facts: &SiteFacts<'_>) -> DocumentSection {
    let beyond: Vec<&str> = [Collectable::Properties, Collectable::Money]
        .into_iter()
        .filter(|what| facts.collects(*what))
        .map(Collectable::name)
        .collect();
    let fact = match beyond.is_empty() {
        true => {
            "Pages, events and what visits have in common are counted; properties of hits and money are not collected."
                .to_owned()
        }
        false => format!(
            "The site collects {}, which may serve more than measuring the audience; `--collect no-properties,no-money` ends that.",
            beyond.join(" and ")
        ),
    };
    let (status, stated) = match facts.owner(NoticeField::Purposes) {
        Some(text) => (
            PointStatus::ForTheOwner,
            format!(" Whether these are within it is to be judged by the owner: {}", whole(&text)),
        ),
        None => (PointStatus::Met, String::new()),
    };
    let status = if beyond.is_empty() { status } else { PointStatus::NotMet };
    point("The purpose is the measurement of the audience alone", status, format!("{fact}{stated}"))
        .shown_by(facts.show())
}

fn publisher(facts: &SiteFacts<'_>) -> DocumentSection {
    let fact = "The program runs where its owner installed it and sends nothing to anybody, its makers included. Whether the figures serve the \
                publisher of the site exclusively, the owner has to say.";
    let who =
        facts.owner(NoticeField::Controller).map(|name| format!(" Controller: {}", whole(&name))).unwrap_or_default();
    point("It is done on behalf of the publisher exclusively", PointStatus::ForTheOwner, format!("{fact}{who}"))
}

fn anonymous(facts: &SiteFacts<'_>) -> DocumentSection {
    let fact = format!(
        "What is stored are sums by hour, day and month. There is no row for a hit, a visit or a visitor. Readers who are not signed in \
         see no value of a day below {} visitors.",
        facts.told.small_counts_k
    );
    point("It produces anonymous statistics alone", PointStatus::Met, fact)
        .shown_by(format!("headcount explain --site {} --user-agent \"$AGENT\"", facts.domain()))
}

fn no_matching(facts: &SiteFacts<'_>) -> DocumentSection {
    let is_met = !facts.collects(Collectable::Properties);
    let fact = match is_met {
        true => {
            "No identifier of the site's own is taken: properties of hits are not collected, and nothing stored can be joined with a person."
        }
        false => {
            "Properties of hits are collected; a page may put identifiers of its own into them. They are masked, and can't be told apart from other values by the program."
        }
    };
    point("The data are not matched with other data", by(is_met), fact).shown_by(facts.show())
}

fn no_following(facts: &SiteFacts<'_>) -> DocumentSection {
    let fact = match facts.told.address {
        AddressMode::None => {
            "Nothing stands for a visitor, and nothing is stored on or read from the visitor's device."
        }
        _ => {
            "Visitors are told apart by a hash whose random key is used for one site and one day; no two sites and no two days share one, and \
             nothing is stored on or read from the visitor's device for it."
        }
    };
    point("Nobody is followed over sites or apps", PointStatus::Met, fact).shown_by(facts.show())
}

fn addresses(facts: &SiteFacts<'_>) -> DocumentSection {
    let is_met = facts.told.address != AddressMode::Hash;
    let city = if facts.told.has(Dimension::City) { "Cities are" } else { "Nothing finer than regions is" };
    let fact = match facts.told.address {
        AddressMode::Hash => "Addresses are hashed whole; `--address truncate` cuts them first.",
        AddressMode::Truncate => {
            "Addresses are cut to /24 (IPv6: /48) before anything else sees them, geolocation included."
        }
        AddressMode::None => "Addresses tell a place while the request is answered, and nothing else.",
    };
    point(
        "Addresses give no place finer than the city, and are not kept",
        by(is_met),
        format!("{fact} {city} collected; no address is stored."),
    )
    .shown_by(facts.show())
}

fn campaigns(facts: &SiteFacts<'_>) -> DocumentSection {
    let is_met = !facts.site.settings.collect.has_campaigns();
    let fact = match is_met {
        true => "Keys of campaigns in addresses are not read; of referrers the domain alone is kept.",
        false => {
            "Keys of campaigns in addresses are read; `--collect no-utm` ends that. Of referrers the domain alone is kept."
        }
    };
    point("Sources are no finer than the audience needs", by(is_met), fact).shown_by(facts.show())
}

fn objection(facts: &SiteFacts<'_>) -> DocumentSection {
    let is_met = facts.told.honours_signals;
    let fact = match is_met {
        true => {
            "Global Privacy Control and Do Not Track are honoured, and the tracker knows an opt-out that a page can set; who objects is not counted, and only the sum of such requests is."
        }
        false => "Global Privacy Control and Do Not Track are not honoured; `--opt-out true` honours them.",
    };
    point("Visitors can object", by(is_met), fact).shown_by(facts.show())
}

fn information(facts: &SiteFacts<'_>) -> DocumentSection {
    let fact = format!(
        "The notice of what is done stands at `/privacy/{}`. Whether the site's own privacy page links to it, the owner has to say.",
        facts.domain()
    );
    point("Visitors are informed", PointStatus::ForTheOwner, fact)
}

fn trackers(facts: &SiteFacts<'_>) -> DocumentSection {
    let fact = match facts.told.address {
        AddressMode::None => "There is no cookie and no identifier on the device, and nothing stands for a visitor.",
        _ => {
            "There is no cookie and no identifier on the device. What stands for a visitor ends with the site's day, and is not renewed."
        }
    };
    point("Trackers live for 13 months at most", PointStatus::Met, fact)
}

fn retention(facts: &SiteFacts<'_>) -> DocumentSection {
    let rules = Preset::Cnil.rules().iter().filter(|rule| rule.settings.contains(&"keep"));
    let is_met = rules.into_iter().all(|rule| (rule.holds)(&facts.site.settings));
    let way = match is_met {
        true => "",
        false => {
            " `--preset cnil` bounds each of them: whole months are kept beside the running one, so that 24 of them make 25 months."
        }
    };
    let fact = format!("How long sums are kept, by kind. {}.{way}", super::record::kept(facts));
    point("What is collected is kept for 25 months at most", by(is_met), fact).shown_by(facts.show())
}

fn third_parties(facts: &SiteFacts<'_>) -> DocumentSection {
    let (told, hoster) = (&facts.told, facts.owner(NoticeField::Host));
    let machine = match &hoster {
        Some(hoster) => format!("The machine is run by {}", whole(hoster)),
        None => "Who runs the machine, and in which country, the owner has to say.".to_owned(),
    };
    let shares = told.secret_links + u32::from(told.public.is_some());
    let noise = if told.published.is_some() { " Days are published with noise." } else { "" };
    let own = [NoticeField::Recipients, NoticeField::Transfers].into_iter().filter_map(|field| facts.owner(field));
    let own: String = own.map(|text| format!(" The owner says: {}", whole(&text))).collect();
    let fact = format!(
        "The program transmits nothing. {shares} shares are open, which show folded sums of days that are over.{noise} {machine}{own}"
    );
    let status = if hoster.is_some() { PointStatus::Met } else { PointStatus::ForTheOwner };
    point("Nothing that is not anonymous goes to third parties or third countries", status, fact)
        .shown_by(format!("headcount share list {}", facts.domain()))
}

fn review(facts: &SiteFacts<'_>) -> DocumentSection {
    let preset = match facts.site.settings.preset {
        Preset::Cnil => "The preset `cnil` refuses settings that leave the exemption.",
        Preset::None => {
            "No preset holds the settings; `--preset cnil` sets what the exemption asks for and refuses what leaves it."
        }
    };
    let fact = format!(
        "{preset} Lifetimes and settings are to be looked at again from time to time; the owner has to do that."
    );
    point("Lifetimes are reviewed periodically", PointStatus::ForTheOwner, fact)
        .shown_by(format!("headcount assessment --site {}", facts.domain()))
}
