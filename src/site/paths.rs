//! The rules of a site for paths, and the settings of them.

use serde::{Deserialize, Serialize};

use super::NotSet;
use super::change::each;
use super::setting::{SettingField, SettingKind, SettingOption, SettingsForm, SiteSetting, Translated};
use crate::limits;

/// What becomes of a slash at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slash {
    /// It stays, and `/a` and `/a/` are two pages.
    #[default]
    Keep,
    /// It goes, but for that of `/`.
    Strip,
    /// It is added where it is missing, unless the last part looks like a file's name.
    Add,
}

impl Slash {
    /// All rules.
    pub const ALL: [Slash; 3] = [Slash::Keep, Slash::Strip, Slash::Add];

    /// Its name, as operators write it.
    pub const fn name(self) -> &'static str {
        match self {
            Slash::Keep => "keep",
            Slash::Strip => "strip",
            Slash::Add => "add",
        }
    }

    /// The rule with this name.
    pub fn from_name(name: &str) -> Option<Slash> {
        Slash::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// What becomes of capitals in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// They stay.
    #[default]
    Keep,
    /// They become small letters.
    Lower,
}

impl Case {
    /// All rules.
    pub const ALL: [Case; 2] = [Case::Keep, Case::Lower];

    /// Its name, as operators write it.
    pub const fn name(self) -> &'static str {
        match self {
            Case::Keep => "keep",
            Case::Lower => "lower",
        }
    }

    /// The rule with this name.
    pub fn from_name(name: &str) -> Option<Case> {
        Case::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// Rules for the paths of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathRules {
    /// Pages that count as one: `/order/:id`, where `:id` stands for one part, and `*` at the end for any number of them.
    /// The first that fits counts.
    pub templates: Vec<String>,
    /// Parts that become `:masked`: `*` stands for anything, `#` for one digit or more.
    pub masks: Vec<String>,
    /// The slash at the end.
    pub slash: Slash,
    /// Capitals.
    pub case: Case,
    /// Keys of the query that belong to the page, in this order.
    pub query_keys: Vec<String>,
    /// How many children of one parent, each seen by one visitor, are counted by name in a day; 0 for all of them.
    #[serde(skip_serializing_if = "is_usual")]
    pub personal: u32,
    /// Parents whose children the owner wants by name, however few have seen them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_name: Vec<String>,
}

fn is_usual(personal: &u32) -> bool {
    *personal == limits::PERSONAL_CHILDREN
}

impl Default for PathRules {
    fn default() -> Self {
        PathRules {
            templates: Vec::new(),
            masks: Vec::new(),
            slash: Slash::default(),
            case: Case::default(),
            query_keys: Vec::new(),
            personal: limits::PERSONAL_CHILDREN,
            by_name: Vec::new(),
        }
    }
}

/// Why a rule for paths is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARule {
    /// A template must be a path.
    #[error("{0:?} is no template; write it like /order/:id or /docs/*")]
    Template(String),
    /// A mask is for one part of a path.
    #[error("{0:?} is no mask for a part of a path; write it like user-* or inv#")]
    Mask(String),
    /// A key of a query has no signs in it.
    #[error("{0:?} is no key of a query; write it like id")]
    Key(String),
    /// A parent must be a path.
    #[error("{0:?} is no path above others; write it like /profile, or / for all that is at the top")]
    Parent(String),
}

impl PathRules {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == PathRules::default()
    }

    /// Whether the children of a parent, written without its last slash, may be counted together.
    pub fn may_fold(&self, parent: &str) -> bool {
        let is_parent = |text: &String| text.trim_end_matches('/') == parent;
        self.personal > 0 && !self.by_name.iter().any(is_parent)
    }

    /// Whether the owner has said what becomes of the children of a parent: they have a template, or keep their names.
    pub fn is_answered(&self, parent: &str) -> bool {
        let stands_for = |template: &String| {
            template
                .strip_prefix(parent)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| rest.starts_with([':', '*']))
        };
        !self.may_fold(parent) || self.templates.iter().any(stands_for)
    }
}

/// A rule as its owner writes it, where it is short and has the form of one.
fn rule(text: &str, fits: fn(&str) -> bool, wrong: fn(String) -> NotARule) -> Result<String, NotSet> {
    let is_right = text.len() <= limits::PATH_RULE_BYTES_MAX && fits(text);
    if is_right { Ok(text.to_owned()) } else { Err(wrong(text.to_owned()).into()) }
}

fn template(text: &str) -> Result<String, NotSet> {
    rule(text, is_template, NotARule::Template)
}

fn mask(text: &str) -> Result<String, NotSet> {
    rule(text, is_mask, NotARule::Mask)
}

fn query_key(text: &str) -> Result<String, NotSet> {
    rule(text, is_key, NotARule::Key)
}

fn parent(text: &str) -> Result<String, NotSet> {
    rule(text, is_parent, NotARule::Parent)
}

fn is_template(text: &str) -> bool {
    let Some(parts) = text.strip_prefix('/') else { return false };
    let last = parts.split('/').count() - 1;
    let fits = |(place, part): (usize, &str)| match part {
        "" => place == last,
        "*" => place == last,
        _ => part != ":" && !part.contains(['?', '*']) && !part.chars().any(char::is_control),
    };
    parts.split('/').enumerate().all(fits)
}

fn is_mask(text: &str) -> bool {
    !text.is_empty() && text != "*" && !text.contains(['/', '?']) && !text.chars().any(char::is_control)
}

fn is_parent(text: &str) -> bool {
    text.starts_with('/') && !text.contains(['?', '*']) && !text.chars().any(char::is_control)
}

fn is_key(text: &str) -> bool {
    !text.is_empty()
        && !text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '&' | '=' | '#' | '?' | '%'))
}

/// The settings of path rules.
pub(super) static SETTINGS: [SiteSetting; 7] = [
    SiteSetting {
        name: "templates",
        flag: "path-template",
        value_name: "PATH",
        help: "Pages that count as one, like /order/:id or /docs/*",
        title: "path templates",
        line: "path templates {}",
        kind: SettingKind::List {
            get: |settings| settings.paths.templates.clone(),
            set: |settings, texts, _| {
                settings.paths.templates = each(texts, template)?;
                Ok(())
            },
            most: limits::PATH_TEMPLATES_MAX,
            none: "none",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Paths,
            label: Translated { english: "Templates", german: "Vorlagen", french: "Modèles" },
            help: Some(Translated {
                english: "Pages that count as one, one per line, like `/order/:id` or `/docs/*`. The first that fits counts.",
                german: "Seiten, die als eine zählen, eine Vorlage pro Zeile, wie `/order/:id` oder `/docs/*`. Die erste passende gilt.",
                french: "Des pages qui comptent pour une seule, un modèle par ligne, comme `/order/:id` ou `/docs/*`. Le premier qui convient l’emporte.",
            }),
        }),
    },
    SiteSetting {
        name: "masks",
        flag: "path-mask",
        value_name: "PART",
        help: "Parts of paths that become :masked, like user-* or inv# (# is a number)",
        title: "path masks",
        line: "path masks {}",
        kind: SettingKind::List {
            get: |settings| settings.paths.masks.clone(),
            set: |settings, texts, _| {
                settings.paths.masks = each(texts, mask)?;
                Ok(())
            },
            most: limits::PATH_MASKS_MAX,
            none: "none",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Paths,
            label: Translated { english: "Masks", german: "Masken", french: "Masques" },
            help: Some(Translated {
                english: "Parts of paths that become `:masked`, one per line, like `user-*` or `inv#`, where `#` is a number.",
                german: "Teile von Pfaden, aus denen `:masked` wird, eine Maske pro Zeile, wie `user-*` oder `inv#`, wobei `#` eine Zahl ist.",
                french: "Des parties de chemins qui deviennent `:masked`, un masque par ligne, comme `user-*` ou `inv#`, où `#` est un nombre.",
            }),
        }),
    },
    SiteSetting {
        name: "slash",
        flag: "path-slash",
        value_name: "RULE",
        help: "The slash at the end of paths",
        title: "path slash",
        line: "path slash {}",
        kind: SettingKind::Choice {
            get: |settings| settings.paths.slash.name(),
            set: |settings, name| {
                settings.paths.slash = Slash::from_name(name)?;
                Some(())
            },
            options: &SLASHES,
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Paths,
            label: Translated {
                english: "Slash at the end",
                german: "Schrägstrich am Ende",
                french: "Barre oblique finale",
            },
            help: None,
        }),
    },
    SiteSetting {
        name: "case",
        flag: "path-case",
        value_name: "RULE",
        help: "Capitals in paths",
        title: "path case",
        line: "path case {}",
        kind: SettingKind::Choice {
            get: |settings| settings.paths.case.name(),
            set: |settings, name| {
                settings.paths.case = Case::from_name(name)?;
                Some(())
            },
            options: &CASES,
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Paths,
            label: Translated { english: "Capitals", german: "Großbuchstaben", french: "Majuscules" },
            help: None,
        }),
    },
    SiteSetting {
        name: "query_keys",
        flag: "query-key",
        value_name: "KEY",
        help: "A key of the query that belongs to the page",
        title: "query keys",
        line: "query keys {}",
        kind: SettingKind::List {
            get: |settings| settings.paths.query_keys.clone(),
            set: |settings, texts, _| {
                settings.paths.query_keys = each(texts, query_key)?;
                Ok(())
            },
            most: limits::QUERY_KEYS_MAX,
            none: "none",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Paths,
            label: Translated {
                english: "Keys of the query",
                german: "Schlüssel der Abfrage",
                french: "Clés de la requête",
            },
            help: Some(Translated {
                english: "That belong to the page, one per line, like `id`: then `/item?id=5` is a page of its own.",
                german: "Die zur Seite gehören, einer pro Zeile, wie `id`: Dann ist `/item?id=5` eine eigene Seite.",
                french: "Celles qui font partie de la page, une par ligne, comme `id` : alors `/item?id=5` est une page à part.",
            }),
        }),
    },
    SiteSetting {
        name: "personal",
        flag: "personal-paths",
        value_name: "N",
        help: "How many children of one path, each seen by one visitor, are counted by name in a day; more are /path/:other, 0 counts all by name, from the next day on",
        title: "personal paths",
        line: "personal paths past {} children that one visitor each has seen",
        kind: SettingKind::Number {
            get: |settings| settings.paths.personal,
            set: |settings, number| settings.paths.personal = number,
            least: 1,
            most: limits::PERSONAL_CHILDREN_MAX,
            zero: Some("all by name"),
            shown: "past {} children that one visitor each has seen",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Paths,
            label: Translated {
                english: "Pages that look personal",
                german: "Seiten, die persönlich aussehen",
                french: "Pages qui semblent personnelles",
            },
            help: Some(Translated {
                english: "When one visitor each has seen so many pages below a path, as below `/profile`, further ones count together as `/profile/:other`, until a second visitor sees them. 0 counts all by name. A change acts from the site's next day on.",
                german: "Hat unterhalb eines Pfades wie `/profile` je eine Person so viele Seiten gesehen, zählen weitere zusammen als `/profile/:other`, bis eine zweite Person sie sieht. 0 zählt alle mit Namen. Eine Änderung gilt ab dem nächsten Tag der Website.",
                french: "Quand autant de pages sous un chemin comme `/profile` ont été vues chacune par une seule personne, les suivantes comptent ensemble comme `/profile/:other`, jusqu’à ce qu’une deuxième personne les voie. 0 compte toutes les pages par leur nom. Un changement prend effet au prochain jour du site.",
            }),
        }),
    },
    SiteSetting {
        name: "by_name",
        flag: "path-by-name",
        value_name: "PATH",
        help: "A path whose children are counted by name however few see it",
        title: "paths by name",
        line: "paths by name {}",
        kind: SettingKind::List {
            get: |settings| settings.paths.by_name.clone(),
            set: |settings, texts, _| {
                settings.paths.by_name = each(texts, parent)?;
                Ok(())
            },
            most: limits::PERSONAL_PARENTS_MAX,
            none: "none",
        },
        acts: None,
        field: Some(SettingField {
            form: SettingsForm::Paths,
            label: Translated {
                english: "Paths whose pages keep their names",
                german: "Pfade, deren Seiten ihre Namen behalten",
                french: "Chemins dont les pages gardent leur nom",
            },
            help: Some(Translated {
                english: "One per line, like `/blog`: each page below it is counted by name, however few see it.",
                german: "Einer pro Zeile, wie `/blog`: Jede Seite darunter zählt mit ihrem Namen, so wenige sie auch sehen.",
                french: "Un par ligne, comme `/blog` : chaque page en dessous compte sous son nom, même si peu de gens la voient.",
            }),
        }),
    },
];

const SLASHES: [SettingOption; Slash::ALL.len()] = [
    SettingOption {
        name: Slash::Keep.name(),
        label: Translated {
            english: "Stays: /a and /a/ are two pages",
            german: "Bleibt: /a und /a/ sind zwei Seiten",
            french: "Reste : /a et /a/ sont deux pages",
        },
    },
    SettingOption {
        name: Slash::Strip.name(),
        label: Translated { english: "Goes away", german: "Fällt weg", french: "Disparaît" },
    },
    SettingOption {
        name: Slash::Add.name(),
        label: Translated {
            english: "Is added where it is missing",
            german: "Wird ergänzt, wo er fehlt",
            french: "Est ajoutée là où elle manque",
        },
    },
];

const CASES: [SettingOption; Case::ALL.len()] = [
    SettingOption {
        name: Case::Keep.name(),
        label: Translated {
            english: "Stay: /A and /a are two pages",
            german: "Bleiben: /A und /a sind zwei Seiten",
            french: "Restent : /A et /a sont deux pages",
        },
    },
    SettingOption {
        name: Case::Lower.name(),
        label: Translated {
            english: "Become small letters",
            german: "Werden zu Kleinbuchstaben",
            french: "Deviennent des minuscules",
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_checked_before_they_are_kept() {
        for text in ["/order/:id", "/docs/*", "/", "/a/:b/c/"] {
            assert_eq!(template(text).as_deref(), Ok(text));
        }
        for text in ["/", "/profile", "/a/b/"] {
            assert_eq!(parent(text).as_deref(), Ok(text));
        }
        assert!(mask("user-*").is_ok() && mask("inv#").is_ok() && query_key("id").is_ok() && query_key("p[]").is_ok());
        for wrong in ["", "order/:id", "/a//b", "/*/b", "/a?b", "/a/:", &format!("/{}", "a".repeat(300))] {
            assert_eq!(template(wrong), Err(NotARule::Template(wrong.to_owned()).into()), "{wrong}");
        }
        for wrong in ["", "*", "a/b"] {
            assert_eq!(mask(wrong), Err(NotARule::Mask(wrong.to_owned()).into()), "{wrong}");
        }
        for wrong in ["", "a=b", "a b"] {
            assert_eq!(query_key(wrong), Err(NotARule::Key(wrong.to_owned()).into()), "{wrong}");
        }
        assert_eq!(parent("profile"), Err(NotARule::Parent("profile".into()).into()));
    }

    #[test]
    fn a_parent_is_answered_by_a_template_or_by_keeping_its_names() {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let rules =
            PathRules { templates: owned(&["/user/:id"]), by_name: owned(&["/profile/", "/"]), ..PathRules::default() };
        assert!(["/profile", "", "/user"].iter().all(|parent| rules.is_answered(parent)) && !rules.is_answered("/a"));
        assert!(rules.may_fold("/user") && !rules.may_fold("/profile"));
    }
}
