//! The channel of a visit, one of the field's 19 names, by its campaign and the kind of its source.

use super::super::path::Campaign;
use super::table::SourceKind;
use crate::cell::DIRECT;

/// All channels.
pub const CHANNELS: [&str; 19] = [
    DIRECT,
    "Organic Search",
    "Organic Social",
    "Organic Video",
    "Organic Shopping",
    "Paid Search",
    "Paid Social",
    "Paid Video",
    "Paid Shopping",
    "Paid Other",
    "Display",
    "Cross-network",
    "Referral",
    "AI Assistants",
    "Email",
    "Affiliates",
    "Mobile Push",
    "Audio",
    "SMS",
];

/// The channel with this name, if there is one.
pub fn named(name: &str) -> Option<&'static str> {
    CHANNELS.into_iter().find(|channel| *channel == name)
}

/// The channel of a visit whose source is of this kind; `None` means that nothing says where it came from. `is_ad` says that a
/// click id tells of an advertisement. The rules and their order are those that GA4 documents, with AI assistants beside them.
pub fn of(campaign: &Campaign, kind: Option<SourceKind>, is_ad: bool) -> &'static str {
    let medium = lower(campaign.medium.as_deref());
    let name = lower(campaign.campaign.as_deref());
    if name.contains("cross-network") || medium == "cross-network" {
        return "Cross-network";
    }
    let sells = kind == Some(SourceKind::Shopping) || is_about_shopping(&name);
    let is_banner = campaign.click.is_some_and(|click| click.source == "doubleclick");
    if is_paid(&medium) || is_ad && !is_banner {
        return paid(&medium, kind, sells);
    }
    if is_display(&medium) || is_ad {
        return "Display";
    }
    organic(&plain(&medium), kind, sells)
        .or_else(|| direct_marketing(&plain(&medium), &plain(&lower(campaign.source.as_deref())), kind))
        .unwrap_or(if kind.is_some() || is_referral(&medium) { "Referral" } else { DIRECT })
}

fn paid(medium: &str, kind: Option<SourceKind>, sells: bool) -> &'static str {
    if sells {
        "Paid Shopping"
    } else if kind == Some(SourceKind::Search) || medium.contains("search") {
        "Paid Search"
    } else if kind == Some(SourceKind::Social) || medium.contains("social") {
        "Paid Social"
    } else if kind == Some(SourceKind::Video) || medium.contains("video") {
        "Paid Video"
    } else if is_display(medium) {
        "Display"
    } else {
        "Paid Other"
    }
}

fn organic(medium: &str, kind: Option<SourceKind>, sells: bool) -> Option<&'static str> {
    if sells {
        Some("Organic Shopping")
    } else if kind == Some(SourceKind::Social) || matches!(medium, "social" | "socialnetwork" | "socialmedia" | "sm") {
        Some("Organic Social")
    } else if kind == Some(SourceKind::Video) || medium.contains("video") {
        Some("Organic Video")
    } else if kind == Some(SourceKind::Ai) {
        Some("AI Assistants")
    } else if kind == Some(SourceKind::Search) || medium == "organic" {
        Some("Organic Search")
    } else {
        None
    }
}

fn direct_marketing(medium: &str, source: &str, kind: Option<SourceKind>) -> Option<&'static str> {
    let is_mail = |text: &str| matches!(text, "email" | "newsletter");
    if kind == Some(SourceKind::Email) || is_mail(medium) || is_mail(source) {
        Some("Email")
    } else if matches!(medium, "affiliate" | "affiliates") {
        Some("Affiliates")
    } else if medium == "audio" {
        Some("Audio")
    } else if medium == "sms" || source == "sms" {
        Some("SMS")
    } else if medium.ends_with("push") || medium.contains("mobile") || medium == "notification" || source == "firebase"
    {
        Some("Mobile Push")
    } else {
        None
    }
}

/// What GA4 takes for paid: `^(.*cp.*|ppc|retargeting|paid.*)$`.
fn is_paid(medium: &str) -> bool {
    medium.contains("cp") || matches!(medium, "ppc" | "retargeting") || medium.starts_with("paid")
}

fn is_referral(medium: &str) -> bool {
    matches!(medium, "referral" | "app" | "link")
}

fn is_display(medium: &str) -> bool {
    matches!(medium, "display" | "banner" | "expandable" | "interstitial" | "cpm")
}

/// Whether a campaign's name is about shopping: `shopping` anywhere, or `shop` that no other word ends with.
fn is_about_shopping(name: &str) -> bool {
    let begins_a_word = |at: usize| !name[..at].ends_with(|c: char| c.is_alphabetic() && c != 'e');
    name.contains("shopping") || name.match_indices("shop").any(|(at, _)| begins_a_word(at))
}

fn lower(text: Option<&str>) -> String {
    text.unwrap_or_default().to_lowercase()
}

/// Letters and digits only, so that `e-mail`, `e_mail` and `e mail` are one word; `:email` stays the mark that it is.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == ':').collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::path::campaign;
    use super::*;

    const SEARCH: Option<SourceKind> = Some(SourceKind::Search);
    const SOCIAL: Option<SourceKind> = Some(SourceKind::Social);
    const OTHER: Option<SourceKind> = Some(SourceKind::Referral);

    /// Queries, kinds of sources, and channels.
    const CASES: &[(&str, Option<SourceKind>, &str)] = &[
        ("", None, "Direct"),
        ("utm_medium=whatever", None, "Direct"),
        ("utm_medium=referral", None, "Referral"),
        ("", SEARCH, "Organic Search"),
        ("", SOCIAL, "Organic Social"),
        ("", Some(SourceKind::Video), "Organic Video"),
        ("", Some(SourceKind::Shopping), "Organic Shopping"),
        ("", Some(SourceKind::Email), "Email"),
        ("", Some(SourceKind::Ai), "AI Assistants"),
        ("", OTHER, "Referral"),
        ("utm_medium=CPC", SEARCH, "Paid Search"),
        ("utm_medium=ppc", OTHER, "Paid Other"),
        ("utm_medium=retargeting", OTHER, "Paid Other"),
        ("utm_medium=paid_social", OTHER, "Paid Social"),
        ("utm_medium=paidsearch", OTHER, "Paid Search"),
        ("utm_medium=cpm", OTHER, "Display"),
        ("utm_medium=cpm", SOCIAL, "Paid Social"),
        ("utm_medium=paid", Some(SourceKind::Video), "Paid Video"),
        ("utm_medium=cpc", Some(SourceKind::Shopping), "Paid Shopping"),
        ("utm_medium=cpc&utm_campaign=Shopping+ads", SEARCH, "Paid Shopping"),
        ("utm_campaign=workshop", OTHER, "Referral"),
        ("utm_campaign=eshop", OTHER, "Organic Shopping"),
        ("gclid=1", SEARCH, "Paid Search"),
        ("gclid=1", SOCIAL, "Organic Social"),
        ("utm_medium=banner", OTHER, "Display"),
        ("utm_medium=Social-Media", OTHER, "Organic Social"),
        ("utm_medium=video", OTHER, "Organic Video"),
        ("utm_medium=organic", OTHER, "Organic Search"),
        ("utm_medium=e-mail", OTHER, "Email"),
        ("utm_medium=email", None, "Email"),
        ("utm_source=newsletter", OTHER, "Email"),
        ("utm_medium=affiliate", OTHER, "Affiliates"),
        ("utm_medium=audio", OTHER, "Audio"),
        ("utm_medium=sms", OTHER, "SMS"),
        ("utm_medium=web-push", OTHER, "Mobile Push"),
        ("utm_campaign=cross-network", SEARCH, "Cross-network"),
    ];

    #[test]
    fn kind_and_medium_make_the_channel() {
        for (query, kind, want) in CASES.iter().copied() {
            assert_eq!(of(&campaign(query), kind, query == "gclid=1" && kind == SEARCH), want, "{query} {kind:?}");
            assert_eq!(named(want), Some(want));
        }
        assert!(CHANNELS.iter().all(|channel| CASES.iter().any(|(_, _, want)| want == channel)));
    }
}
