//! What becomes of the addresses of a site's visitors.

use serde::{Deserialize, Serialize};

use super::setting::{SettingOption, Translated};

/// What becomes of a visitor's address before it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressMode {
    /// IPv4 whole, IPv6 its /64, hashed with the agent under the day's salt.
    #[default]
    Hash,
    /// IPv4 /24, IPv6 /48; cut before anything else sees it, the place included.
    Truncate,
    /// No tokens at all: pageviews and events are counted, visitors and visits are not measured.
    None,
}

impl AddressMode {
    /// All modes.
    pub const ALL: [AddressMode; 3] = [AddressMode::Hash, AddressMode::Truncate, AddressMode::None];

    /// Its name, as operators write it.
    pub const fn name(self) -> &'static str {
        match self {
            AddressMode::Hash => "hash",
            AddressMode::Truncate => "truncate",
            AddressMode::None => "none",
        }
    }

    /// The mode with this name.
    pub fn from_name(name: &str) -> Option<AddressMode> {
        AddressMode::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// What the settings page calls each.
pub(super) const ADDRESS_MODES: [SettingOption; AddressMode::ALL.len()] = [
    SettingOption {
        name: AddressMode::Hash.name(),
        label: Translated {
            english: "Hashed for the day, with the browser's identification",
            german: "Für den Tag gehasht, zusammen mit der Kennung des Browsers",
            french: "Hachées pour la journée, avec l’identification du navigateur",
        },
    },
    SettingOption {
        name: AddressMode::Truncate.name(),
        label: Translated {
            english: "Cut to the network first, then hashed",
            german: "Erst auf das Netz gekürzt, dann gehasht",
            french: "D’abord réduites au réseau, puis hachées",
        },
    },
    SettingOption {
        name: AddressMode::None.name(),
        label: Translated {
            english: "Not used: visitors and visits are not measured",
            german: "Nicht verwendet: Besucher und Besuche werden nicht gemessen",
            french: "Inutilisées : visiteurs et visites ne sont pas mesurés",
        },
    },
];
