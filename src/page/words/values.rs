//! What our own values, such as names of channels, are called in other languages. Links, files and answers to programs keep the
//! values.

use super::Language;

/// A value, and its German and French.
pub(super) type Line = (&'static str, [&'static str; 2]);

pub(super) const CHANNELS: [Line; 18] = [
    (crate::cell::DIRECT, ["Direkt", "Accès direct"]),
    ("Organic Search", ["Suche", "Recherche naturelle"]),
    ("Organic Social", ["Soziale Netzwerke", "Réseaux sociaux"]),
    ("Organic Video", ["Videos", "Vidéos"]),
    ("Organic Shopping", ["Shopping", "Shopping"]),
    ("Paid Search", ["Bezahlte Suche", "Recherche payante"]),
    ("Paid Social", ["Bezahlte soziale Netzwerke", "Réseaux sociaux payants"]),
    ("Paid Video", ["Bezahlte Videos", "Vidéos payantes"]),
    ("Paid Shopping", ["Bezahltes Shopping", "Shopping payant"]),
    ("Paid Other", ["Andere bezahlte", "Autres payants"]),
    ("Display", ["Displaywerbung", "Bannières"]),
    ("Cross-network", ["Netzwerkübergreifend", "Multiréseau"]),
    ("Referral", ["Verweise", "Sites référents"]),
    ("AI Assistants", ["KI-Assistenten", "Assistants d’IA"]),
    ("Email", ["E-Mail", "E-mail"]),
    ("Affiliates", ["Partnerprogramme", "Affiliation"]),
    ("Mobile Push", ["Push-Nachrichten", "Notifications push"]),
    ("Audio", ["Audio", "Audio"]),
];

pub(super) const DEVICES: [Line; 5] = [
    ("desktop", ["Computer", "Ordinateur"]),
    ("mobile", ["Smartphone", "Téléphone"]),
    ("tablet", ["Tablet", "Tablette"]),
    ("tv", ["Fernseher", "Télévision"]),
    ("console", ["Spielkonsole", "Console de jeux"]),
];

pub(super) const SOURCES: [Line; 1] =
    [(crate::cell::DIRECT_OR_NONE, ["Direkt / ohne Verweis", "Direct / sans référent"])];

const BOT_GROUPS: [Line; 15] = [
    ("AI agent", ["KI-Agent", "Agent d’IA"]),
    ("AI crawler", ["KI-Crawler", "Crawler d’IA"]),
    ("Advertising", ["Werbung", "Publicité"]),
    ("Archiver", ["Archiv", "Archivage"]),
    ("Feed reader", ["Feedreader", "Lecteur de flux"]),
    ("HTTP library", ["HTTP-Bibliothek", "Bibliothèque HTTP"]),
    ("Headless browser", ["Ferngesteuerter Browser", "Navigateur automatisé"]),
    ("Link preview", ["Linkvorschau", "Aperçu de lien"]),
    ("Monitor", ["Überwachung", "Surveillance"]),
    ("Other", ["Anderes", "Autre"]),
    ("Research", ["Forschung", "Recherche"]),
    ("SEO", ["SEO", "SEO"]),
    ("Scanner", ["Scanner", "Analyseur"]),
    ("Scraper", ["Scraper", "Extraction"]),
    ("Search engine", ["Suchmaschine", "Moteur de recherche"]),
];

const BOT_FAMILIES: [Line; 9] = [
    ("Automated browser", ["Ferngesteuerter Browser", "Navigateur automatisé"]),
    ("No agent", ["Ohne Kennung", "Sans identification"]),
    ("Other bot", ["Anderer Bot", "Autre robot"]),
    ("Other crawler", ["Anderer Crawler", "Autre crawler"]),
    ("Other feed reader", ["Anderer Feedreader", "Autre lecteur de flux"]),
    ("Other library", ["Andere Bibliothek", "Autre bibliothèque"]),
    ("Other monitor", ["Andere Überwachung", "Autre surveillance"]),
    ("Other preview", ["Andere Vorschau", "Autre aperçu"]),
    ("Signed agent", ["Signierter Agent", "Agent signé"]),
];

/// What a group of programs is called; nothing where its name says it itself.
pub fn of_bot_group(group: &str, language: Language) -> Option<&'static str> {
    found(&BOT_GROUPS, group, language)
}

/// What a family of programs is called that has no name of its own.
pub fn of_bot_family(family: &str, language: Language) -> Option<&'static str> {
    found(&BOT_FAMILIES, family, language)
}

/// What one of the lines calls a value; nothing in English.
pub(super) fn found(lines: &[Line], value: &str, language: Language) -> Option<&'static str> {
    let column = match language {
        Language::English => return None,
        Language::German => 0,
        Language::French => 1,
    };
    lines.iter().find(|(name, _)| *name == value).map(|(_, names)| names[column])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Dimension;

    #[test]
    fn values_of_ours_have_names_and_those_of_sites_keep_theirs() {
        let in_all = |dimension, value| Language::ALL.map(|language| language.words().label(dimension, value));
        assert_eq!(in_all(Dimension::Channel, "Direct"), ["Direct", "Direkt", "Accès direct"]);
        assert_eq!(in_all(Dimension::Device, "tv"), ["tv", "Fernseher", "Télévision"]);
        for (dimension, value) in
            [(Dimension::Source, "Direct"), (Dimension::Page, "Direct"), (Dimension::Channel, "(other)")]
        {
            assert_eq!(in_all(dimension, value), [value; 3]);
        }
    }

    #[test]
    fn every_group_of_programs_has_a_name_in_every_language() {
        let lists = [include_str!("../../hit/data/bot_names.tsv"), include_str!("../../hit/data/bot_names_own.tsv")]
            .into_iter();
        let lines = lists.flat_map(str::lines).filter(|line| !line.starts_with('#'));
        let groups: std::collections::BTreeSet<&str> = lines.filter_map(|line| line.split('\t').nth(2)).collect();
        assert!(groups.len() > 10);
        for group in groups.into_iter().chain(["Other"]) {
            for language in [Language::German, Language::French] {
                assert!(of_bot_group(group, language).is_some(), "{group}");
            }
        }
    }
}
