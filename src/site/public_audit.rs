//! The settings of what a site publishes beside its figures.

use super::setting::{SettingKind, SiteSetting};

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
    field: None,
}];
