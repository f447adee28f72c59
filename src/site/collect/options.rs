//! What the settings page calls each thing that a site can do without.

use super::super::setting::{SettingOption, Translated};

const fn option(
    name: &'static str,
    english: &'static str,
    german: &'static str,
    french: &'static str,
) -> SettingOption {
    SettingOption { name, label: Translated { english, german, french } }
}

/// One for each switch, in the order of the numbers.
pub(super) static OPTIONS: [SettingOption; 24] = [
    option("no-source", "Sources (and referrers)", "Quellen (und Verweise)", "Sources (et référents)"),
    option("no-referrer", "Referrers", "Verweise", "Référents"),
    option("no-channel", "Channels", "Kanäle", "Canaux"),
    option("no-utm_source", "Campaign key: source", "Kampagnenschlüssel: Quelle", "Clé de campagne\u{a0}: source"),
    option("no-utm_medium", "Campaign key: medium", "Kampagnenschlüssel: Medium", "Clé de campagne\u{a0}: support"),
    option(
        "no-utm_campaign",
        "Campaign key: campaign",
        "Kampagnenschlüssel: Kampagne",
        "Clé de campagne\u{a0}: campagne",
    ),
    option("no-utm_content", "Campaign key: content", "Kampagnenschlüssel: Inhalt", "Clé de campagne\u{a0}: contenu"),
    option("no-utm_term", "Campaign key: term", "Kampagnenschlüssel: Begriff", "Clé de campagne\u{a0}: terme"),
    option(
        "no-country",
        "Countries (and regions, cities)",
        "Länder (und Regionen, Städte)",
        "Pays (et régions, villes)",
    ),
    option("no-region", "Regions (and cities)", "Regionen (und Städte)", "Régions (et villes)"),
    option("no-city", "Cities", "Städte", "Villes"),
    option("no-browser", "Browsers (and versions)", "Browser (und Versionen)", "Navigateurs (et versions)"),
    option("no-browser_version", "Versions of browsers", "Versionen der Browser", "Versions des navigateurs"),
    option("no-os", "Systems (and versions)", "Systeme (und Versionen)", "Systèmes (et versions)"),
    option("no-os_version", "Versions of systems", "Versionen der Systeme", "Versions des systèmes"),
    option("no-device", "Devices", "Geräte", "Appareils"),
    option("no-screen", "Sizes of screens", "Bildschirmgrößen", "Tailles d’écran"),
    option("no-language", "Languages", "Sprachen", "Langues"),
    option("no-entry_page", "Entry pages", "Einstiegsseiten", "Pages d’entrée"),
    option("no-exit_page", "Exit pages", "Ausstiegsseiten", "Pages de sortie"),
    option("no-hostname", "Hosts of pages", "Hosts der Seiten", "Hôtes des pages"),
    option("no-engagement", "Time on pages and scrolling", "Zeit auf Seiten und Scrollen", "Temps passé et défilement"),
    option(
        "no-properties",
        "Properties of events and pages",
        "Eigenschaften von Ereignissen und Seiten",
        "Propriétés des événements et des pages",
    ),
    option("no-money", "Amounts of money", "Geldbeträge", "Montants"),
];
