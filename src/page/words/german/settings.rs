//! The texts of the settings pages in German.

use super::super::settings::Settings;

/// German.
pub const GERMAN: Settings = Settings {
    // Every page of settings.
    title: "Einstellungen",
    of_this_site: "Einstellungen der Website",
    title_of: "Einstellungen von {0}",
    sections: "Abschnitte",
    command: "Dasselbe auf der Kommandozeile",
    saved: "Gespeichert.",
    not_saved: "Nicht gespeichert.",
    save: "Speichern",
    add: "Hinzufügen",
    remove: "Entfernen",
    remove_for_good: "Endgültig entfernen",
    action: "Aktion",
    none_yet: "Noch keine.",

    // The instance.
    sites_intro: "Jede Website hat ihre eigenen Zahlen, Tage und Einstellungen.",
    site_add: "Website hinzufügen",
    site_add_domain: "Domain",
    site_add_domain_help: "Wie `example.com`, ohne https:// und www.",
    site_add_button: "Website hinzufügen",

    // What a site is.
    site_title: "Website",
    time_zone_next: "Ab dem nächsten Tag der Website gilt `{0}`.",

    // Budgets.
    budgets: "Grenzen",
    budgets_intro: "Was Fremde senden, darf den Speicher nicht füllen. Was über eine Grenze hinausgeht, wird als (other) zusammengefasst; Gesamtzahlen stimmen immer.",

    // Path rules.
    paths: "Pfadregeln",
    paths_intro: "Welche Seiten als eine zählen. Eine Regel gilt für alles, was ab jetzt kommt; Gezähltes bleibt, wie es ist.",
    personal_notice: "Seiten, die persönlich aussehen",

    // Exclusions.
    exclusions: "Ausschlüsse",
    exclusions_intro: "Was ab jetzt nicht gezählt wird. Es erscheint unter „Nicht gezählt“ als „Ausgeschlossen“.",

    // Goals.
    goals_intro: "Ereignisse und Seiten, auf die es ankommt. Wird ein Ziel entfernt, geht nichts Gezähltes verloren.",
    goal_add: "Ziel hinzufügen",
    goal_target: "Wodurch es erreicht wird",
    goal_target_help: "Ein Ereignis wie `Signup`, eine Seite wie `/pricing` oder mehrere Seiten wie `/blog/**`. Ein Muster wird ab jetzt gezählt; Ereignisse und Seiten gelten auch rückwirkend.",
    goal_name: "Name",
    goal_name_help: "Wie es auf den Seiten heißt. Ohne Angabe ist es das Ereignis oder „Visit“ und die Seite.",
    goal_counted: "Gezählt",
    goal_all_days: "an allen Tagen",
    goal_since: "seit {0}",
    remove_goal: "Das Ziel {0} entfernen",

    // Funnels.
    funnels: "Trichter",
    funnels_intro: "Wege durch die Website, Schritt für Schritt innerhalb eines Besuchs. Ein Trichter wird gezählt, sobald er angelegt ist.",
    funnel_add: "Trichter hinzufügen",
    funnel_name_help: "Wie er auf den Seiten heißt.",
    funnel_steps: "Schritte",
    funnel_steps_help: "2 bis {0}, einer pro Zeile, der Reihe nach, geschrieben wie das, wodurch ein Ziel erreicht wird.",
    remove_funnel: "Den Trichter {0} entfernen",
    remove_funnel_why: "Seine Zahlen gehen mit: Ein neu angelegter beginnt bei null.",

    // Annotations.
    annotations: "Anmerkungen",
    annotations_intro: "Was wann geschah, als Notiz am Diagramm: eine Veröffentlichung, eine Kampagne.",
    annotation_add: "Anmerkung hinzufügen",
    annotation_text: "Was geschah",
    annotation_text_help: "Eine Zeile mit höchstens {0} Zeichen.",
    annotation_day_help: "Nach dem Kalender der Website.",
    annotation_hour_help: "Nach der Uhr der Website, oder der ganze Tag.",
    whole_day: "Ganzer Tag",
    remove_annotation: "Die Anmerkung {0} entfernen",

    // The end of a site.
    remove_site: "Website entfernen",
    remove_site_intro: "{0} verschwindet mit allen Zahlen, sofort. Nur eine Sicherung bringt sie zurück.",
    remove_site_domain: "Zur Bestätigung die Domain der Website eingeben",
    remove_site_button: "Website und alle ihre Zahlen entfernen",
    remove_site_mistyped: "Das ist nicht die Domain der Website. Zum Entfernen {0} eingeben.",

    // Users.
    users: "Benutzer",
    users_intro: "Inhaber lesen und ändern alles. Analysten lesen die Websites, die ihnen freigegeben sind.",
    user_last: "Letzte Anmeldung",
    user_never: "nie",
    user_has_password: "gesetzt",
    user_has_none: "keines",
    user_owner: "Inhaber, ändert alles.",
    user_reads_all: "Analyst, liest alle Websites.",
    user_reads: "Analyst, liest {0}.",
    user_reads_none: "Analyst, darf keine Website lesen.",
    user_add: "Benutzer hinzufügen",
    user_add_button: "Benutzer hinzufügen und Link erzeugen",
    user_name_help: "Für die Anmeldung; 1 bis {0} Zeichen.",
    user_may: "Was der Benutzer darf",
    user_may_some: "Die folgenden Websites lesen",
    user_may_all: "Alle Websites lesen",
    user_may_change: "Alles lesen und ändern (Inhaber)",
    user_sites: "Freigegebene Websites",
    user_sites_help: "Eine Domain pro Zeile.",
    user_sites_missing: "Mindestens eine Website nennen oder alle freigeben.",
    user_link: "Link zum Anmelden",
    user_link_intro: "Er meldet einen Browser an, einmal. Nur an die Person schicken, der er gehört.",
    user_link_button: "Link erzeugen",
    user_set: "Rechte",
    user_sign_out_intro: "Alle Browser dieses Benutzers werden abgemeldet, und unbenutzte Links werden wertlos.",
    user_remove: "Benutzer entfernen",
    user_remove_why: "Der Benutzer wird überall abgemeldet und kann sich nicht mehr anmelden.",
    made_link: "Dieser Link meldet als {0} an, einmal, innerhalb von {1} Minuten:",
    made_token: "Das Token:",
    made_once: "Nur dieses eine Mal zu sehen. Jetzt kopieren.",

    // Tokens.
    tokens: "Token",
    tokens_intro: "Mit einem Token lesen Programme Zahlen und senden Treffer.",
    token: "Token",
    token_made: "Erstellt",
    token_scope: "Wozu es dient",
    token_read: "Zahlen lesen",
    token_ingest: "Treffer senden, denen geglaubt wird",
    token_annotate: "Anmerkungen hinzufügen",
    token_admin: "Alles",
    token_site_help: "Ein Token für eine Website taugt für nichts anderes.",
    token_create: "Token erstellen",
    token_create_button: "Token erstellen",
    token_revoke: "Das Token {0} widerrufen",
    token_revoke_short: "Widerrufen",
    token_revoke_button: "Endgültig widerrufen",
    token_revoke_why: "Programme, die es benutzen, werden ab dann abgewiesen.",

    // Sharing.
    sharing: "Freigabe",
    sharing_of: "Freigabe von {0}",
    shares: "Was offen ist",
    shares_intro: "Wer nicht angemeldet ist, sieht abgeschlossene Tage, ohne Filter; Werte mit weniger als {0} Besuchern am Tag sind mit anderen zusammengefasst, die sie verdecken.",
    share_name: "Name",
    share_name_help: "Für wen der geheime Link ist. Eine öffentliche Seite hat keinen Namen.",
    share_kind: "Wie",
    share_secret: "Über einen geheimen Link.",
    share_public: "Als öffentliche Seite.",
    share_public_named: "Eine öffentliche Seite hat keinen Namen: Namen weglassen oder einen geheimen Link wählen.",
    share_password_help: "Ohne Angabe liest, wer den geheimen Link hat.",
    share_until: "Bis zum Ende des",
    share_until_help: "Ohne Angabe bleibt es offen, bis es geschlossen wird.",
    share_embed: "Hosts, in deren Seiten es stehen darf",
    share_embed_help: "Einer pro Zeile; `*.example.com` steht für alle Hosts darunter. Ohne Angabe keine.",
    share_add: "Website freigeben",
    share_add_button: "Freigeben",
    share_made: "Freigegeben unter dieser Adresse:",
    share_with_password: "Mit Passwort.",
    share_embedded: "In Seiten von {0}.",
    share_ends: "Bis {0}.",
    share_ended: "Beendet am {0}.",
    share_remove: "{0} schließen",
    share_remove_short: "Schließen",
    share_remove_button: "Endgültig schließen",
    share_remove_why: "Die Adresse führt dann nirgendwohin.",
};
