//! Which parts of the paths of a site's pages are its sections, and since when.

use serde::{Deserialize, Serialize};

use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};
use super::{Day, Site};
use crate::limits;

/// How deep the sections of a site are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sections {
    /// How many parts of a path make a section; 0 where none are counted.
    pub depth: u32,
    /// The site's first day that is counted so; nothing for all of its days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Day>,
}

impl Default for Sections {
    fn default() -> Self {
        Sections { depth: 1, since: None }
    }
}

impl Sections {
    /// Whether nothing was changed.
    pub fn is_default(&self) -> bool {
        *self == Sections::default()
    }

    /// How many parts of a path make a section of a day; 0 where none are counted of it.
    pub fn depth_on(&self, day: Day) -> u32 {
        if self.since.is_none_or(|since| since <= day) { self.depth } else { 0 }
    }
}

impl Site {
    /// Whether sections of its pages are counted.
    pub fn has_sections(&self) -> bool {
        self.settings.sections.depth > 0
    }
}

/// Their setting.
pub(super) static SETTINGS: [SiteSetting; 1] = [SiteSetting {
    name: "section_depth",
    flag: "section-depth",
    value_name: "N",
    help: "How many parts of a path make a section of the site, such as `/blog`; 0 counts no sections",
    title: "sections",
    line: "sections of {} parts",
    kind: SettingKind::Number {
        get: |settings| settings.sections.depth,
        set: |settings, depth| settings.sections.depth = depth,
        least: 1,
        most: limits::SECTION_DEPTH_MAX,
        zero: Some("none"),
        shown: "the first {} parts of a path",
    },
    acts: Some("Sections are counted so from the site's present day on; days before have none."),
    field: Some(SettingField {
        form: SettingsForm::Paths,
        label: Translated {
            english: "Parts of a path that make a section",
            german: "Teile eines Pfads, die einen Bereich bilden",
            french: "Parties d’un chemin qui forment une rubrique",
        },
        help: Some(Translated {
            english: "With 1, `/blog/2026/a` is in the section `/blog`. At most {0}; 0 counts no sections. A change acts from the present day on.",
            german: "Bei 1 liegt `/blog/2026/a` im Bereich `/blog`. Höchstens {0}; 0 zählt keine Bereiche. Eine Änderung gilt ab dem laufenden Tag.",
            french: "Avec 1, `/blog/2026/a` est dans la rubrique `/blog`. Au plus {0} ; 0 ne compte aucune rubrique. Un changement prend effet dès le jour en cours.",
        }),
    }),
}];
