//! The settings of what a site publishes beside its figures.

use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};

/// What is published.
pub(super) static SETTINGS: [SiteSetting; 1] = [SiteSetting {
    name: "publish_audit",
    flag: "publish-audit",
    value_name: "YES",
    help: "Whether everybody may read the last signed summary of an audit, at /privacy/DOMAIN/audit",
    title: "audit",
    line: "audit published",
    kind: SettingKind::Switch {
        get: |settings| settings.publish_audit,
        set: |settings, is_on| settings.publish_audit = is_on,
        on: "published",
        off: "not published",
    },
    acts: Some("What `headcount audit --publish` signs is what is published."),
    field: Some(SettingField {
        form: SettingsForm::Publishing,
        label: Translated {
            english: "Publish the audit",
            german: "Die Prüfung veröffentlichen",
            french: "Publier l’audit",
        },
        help: Some(Translated {
            english: "Everybody may read the last signed summary, at `/privacy/{0}/audit`. `headcount audit --publish` signs it.",
            german: "Alle dürfen unter `/privacy/{0}/audit` die letzte signierte Zusammenfassung lesen. `headcount audit --publish` signiert sie.",
            french: "Tout le monde peut lire le dernier résumé signé, à l’adresse `/privacy/{0}/audit`. `headcount audit --publish` le signe.",
        }),
    }),
}];
