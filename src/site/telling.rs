//! What an owner tells visitors beside what the program knows, and how long changes are announced.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};
use crate::limits;

/// A text that only the owner knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeField {
    /// Who is responsible: name and address.
    Controller,
    /// How they are reached.
    Contact,
    /// The data protection officer.
    Dpo,
    /// Purposes beside the usual one.
    Purposes,
    /// What allows the processing.
    LegalBasis,
    /// Who hosts the collector.
    Host,
    /// Where it stands.
    StoragePlace,
    /// Further recipients.
    Recipients,
    /// Transfers to other countries.
    Transfers,
    /// The authority for complaints.
    ComplaintBody,
    /// What else protects the data.
    Security,
    /// What else there is to say about children.
    Minors,
}

impl NoticeField {
    /// All of them, in the order in which they are asked for.
    pub const ALL: [NoticeField; 12] = {
        use NoticeField::*;
        [
            Controller,
            Contact,
            Dpo,
            Purposes,
            LegalBasis,
            Host,
            StoragePlace,
            Recipients,
            Transfers,
            ComplaintBody,
            Security,
            Minors,
        ]
    };

    /// Its name in JSON and in forms.
    pub const fn name(self) -> &'static str {
        match self {
            NoticeField::Controller => "controller",
            NoticeField::Contact => "contact",
            NoticeField::Dpo => "dpo",
            NoticeField::Purposes => "purposes",
            NoticeField::LegalBasis => "legal_basis",
            NoticeField::Host => "host",
            NoticeField::StoragePlace => "storage_place",
            NoticeField::Recipients => "recipients",
            NoticeField::Transfers => "transfers",
            NoticeField::ComplaintBody => "complaint_body",
            NoticeField::Security => "security",
            NoticeField::Minors => "minors",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<NoticeField> {
        NoticeField::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Its flag, without the dashes in front.
    pub fn flag(self) -> String {
        self.name().replace('_', "-")
    }

    /// Whether the law asks for it in any case (Art. 13 GDPR): who is responsible, how they are reached, on what ground, who
    /// receives the data, and where to complain.
    pub const fn is_required(self) -> bool {
        use NoticeField::{ComplaintBody, Contact, Controller, Host, LegalBasis};
        matches!(self, Controller | Contact | LegalBasis | Host | ComplaintBody)
    }
}

/// The owner's texts of one language.
pub type NoticeTexts = BTreeMap<NoticeField, String>;

/// What an owner tells the visitors of a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoticeSettings {
    /// For how many days a change towards more data is announced before it acts; 0 is not at all.
    pub announce_days: u32,
    /// The owner's texts by code of language; those under an empty code are for all languages.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, NoticeTexts>,
}

impl NoticeSettings {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == NoticeSettings::default()
    }

    /// A text in a language: as given for that, else for all, else in any other.
    pub fn text(&self, field: NoticeField, language: &str) -> Option<&str> {
        let of = |code: &str| self.texts.get(code).and_then(|texts| texts.get(&field));
        let any = || self.texts.values().find_map(|texts| texts.get(&field));
        of(language).or_else(|| of("")).or_else(any).map(String::as_str)
    }

    /// The texts that are given in no language.
    pub fn missing(&self) -> impl Iterator<Item = NoticeField> {
        NoticeField::ALL.into_iter().filter(|field| self.text(*field, "").is_none())
    }
}

/// The settings of the notice; its texts are set by `headcount notice set`.
pub(super) static SETTINGS: [SiteSetting; 1] = [SiteSetting {
    name: "announce_days",
    flag: "announce-days",
    value_name: "N",
    help: "For how many days the notice announces a change towards more data before it acts; changes towards less act at once, 0 announces nothing",
    title: "announced",
    line: "changes are announced {} days ahead",
    kind: SettingKind::Number {
        get: |settings| settings.notice.announce_days,
        set: |settings, number| settings.notice.announce_days = number,
        least: 1,
        most: limits::ANNOUNCE_DAYS_MAX,
        zero: Some("not ahead"),
        shown: "{} days ahead",
    },
    acts: None,
    field: Some(SettingField {
        form: SettingsForm::Site,
        label: Translated {
            english: "Days for which changes are announced",
            german: "Tage, die Änderungen vorher angekündigt werden",
            french: "Jours pendant lesquels les changements sont annoncés",
        },
        help: Some(Translated {
            english: "A change towards more data acts only after the privacy notice has announced it for so long; one towards less acts at once. 0 announces nothing.",
            german: "Eine Änderung hin zu mehr Daten gilt erst, nachdem die Datenschutzhinweise sie so lange angekündigt haben; eine hin zu weniger gilt sofort. 0 kündigt nichts an.",
            french: "Un changement vers plus de données ne prend effet qu’après avoir été annoncé aussi longtemps dans la notice ; un changement vers moins de données prend effet aussitôt. 0 n’annonce rien.",
        }),
    }),
}];
