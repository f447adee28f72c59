//! The least figure of a day that is kept when the day is over, and the setting of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::setting::{SettingField, SettingKind, SettingsForm, SiteSetting, Translated};
use super::{NotSet, SettingContext, Settings};
use crate::limits;

/// The least figures by the name of their dimension; `all` stands for every dimension, `prop` for properties. Smaller ones become part
/// of `(other)` when their day is over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeastAtRest(BTreeMap<String, u32>);

impl LeastAtRest {
    /// Whether every figure is kept.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The least of a dimension by its plain name; nothing where every figure is kept.
    pub fn of_name(&self, name: &str) -> Option<u32> {
        self.0.get(name).or_else(|| self.0.get("all")).copied()
    }

    /// The names that are set, but for `all` and `prop`.
    pub fn dimensions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| !matches!(*name, "all" | "prop"))
    }

    /// What is set, as an operator writes it.
    pub fn words(&self) -> Vec<String> {
        let word = |(name, least): (&String, &u32)| match name.as_str() {
            "all" => least.to_string(),
            name => format!("{name}={least}"),
        };
        self.0.iter().map(word).collect()
    }

    /// Whether any least figure is lower by the second of two settings, as operators write them.
    pub(super) fn is_lower(before: &[String], after: &[String]) -> bool {
        let read = |texts: &[String]| match texts {
            [] => Some(LeastAtRest::default()),
            texts => LeastAtRest::read(texts).ok(),
        };
        let (Some(before), Some(after)) = (read(before), read(after)) else { return true };
        let mut names = before.0.keys().chain(after.0.keys());
        names.any(|name| after.of_name(name).unwrap_or(0) < before.of_name(name).unwrap_or(0))
    }

    fn read(texts: &[String]) -> Result<LeastAtRest, NotSet> {
        let mut least = BTreeMap::new();
        if texts == ["none"] {
            return Ok(LeastAtRest(least));
        }
        for text in texts.iter().flat_map(|text| text.split(',')) {
            let (name, number) = text.trim().split_once('=').unwrap_or(("all", text.trim()));
            let (fewest, most) = (limits::SMALL_COUNTS_K_MIN, limits::SMALL_COUNTS_K_MAX);
            let number = number.parse().ok().filter(|number| (fewest..=most).contains(number));
            let Some(number) = number else {
                let sentence =
                    format!("{text:?}: write a number from {fewest} to {most}, or DIMENSION=NUMBER like city=10");
                return Err(NotSet(sentence));
            };
            least.insert(name.to_owned(), number);
        }
        Ok(LeastAtRest(least))
    }
}

/// The setting of what is kept at rest.
pub(super) static AT_REST: [SiteSetting; 1] = [SiteSetting {
    name: "k_at_rest",
    flag: "k-at-rest",
    value_name: "K",
    help: "The least visitors of a day that a value is kept by name with when the day is over: a number for all, or DIMENSION=K like city=10; less is (other), for good",
    title: "k at rest",
    line: "k at rest {}",
    kind: SettingKind::List {
        get: |settings| settings.k_at_rest.words(),
        set: set_at_rest,
        most: limits::LEAST_AT_REST_MAX,
        none: "off",
    },
    acts: Some("Days that end from now on are kept so; days that are over stay as they are."),
    field: Some(SettingField {
        form: SettingsForm::Keeping,
        label: Translated {
            english: "Least visitors of a day that a value is kept with",
            german: "Kleinste Besucherzahl eines Tages, mit der ein Wert bleibt",
            french: "Nombre minimal de visiteurs d’un jour pour qu’une valeur soit conservée",
        },
        help: Some(Translated {
            english: "A number for all dimensions, or one per line like `city=10`. When the day is over, less becomes part of (other), for good, also for you. Left empty, every figure is kept.",
            german: "Eine Zahl für alle Dimensionen, oder eine pro Zeile wie `city=10`. Wenn der Tag vorbei ist, wird Kleineres Teil von (other), endgültig, auch für Sie. Ohne Angabe bleibt jede Zahl.",
            french: "Un nombre pour toutes les dimensions, ou un par ligne comme `city=10`. Quand le jour est fini, ce qui est plus petit rejoint (other), définitivement, pour vous aussi. Si le champ est vide, tous les chiffres sont conservés.",
        }),
    }),
}];

fn set_at_rest(settings: &mut Settings, texts: &[String], _: &SettingContext) -> Result<(), NotSet> {
    settings.k_at_rest = LeastAtRest::read(texts)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_for_all_and_a_dimension_has_its_own() {
        let read = |text: &str| LeastAtRest::read(&[text.to_owned()]);
        let least = read("5,city=10").unwrap();
        assert_eq!((least.of_name("city"), least.of_name("page")), (Some(10), Some(5)));
        assert_eq!(read("prop=3").unwrap().of_name("page"), None);
        assert_eq!((least.words(), least.dimensions().count()), (vec!["5".to_owned(), "city=10".to_owned()], 1));
        for bad in ["", "x", "city=", "city=0", "city=x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
