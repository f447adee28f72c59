//! In: what an owner says about the paths of a site. Out: [`PathRules`], checked. Forgets: nothing; rules are about pages.

use serde::{Deserialize, Serialize};

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
    /// There are too many of them.
    #[error("{0} {1} are too many; the most is {2}")]
    TooMany(usize, &'static str, usize),
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

    /// Whether the rules can be used.
    ///
    /// # Errors
    /// [`NotARule`] names the first that can't.
    pub fn check(&self) -> Result<(), NotARule> {
        few(&self.templates, "templates", limits::PATH_TEMPLATES_MAX)?;
        few(&self.masks, "masks", limits::PATH_MASKS_MAX)?;
        few(&self.query_keys, "keys of queries", limits::QUERY_KEYS_MAX)?;
        few(&self.by_name, "paths whose children keep their names", limits::PERSONAL_PARENTS_MAX)?;
        let wrong = |texts: &[String], fits: fn(&str) -> bool| {
            let is_wrong = |text: &&String| text.len() > limits::PATH_RULE_BYTES_MAX || !fits(text);
            texts.iter().find(is_wrong).cloned()
        };
        if let Some(text) = wrong(&self.templates, is_template) {
            return Err(NotARule::Template(text));
        }
        if let Some(text) = wrong(&self.masks, is_mask) {
            return Err(NotARule::Mask(text));
        }
        if let Some(text) = wrong(&self.by_name, is_parent) {
            return Err(NotARule::Parent(text));
        }
        wrong(&self.query_keys, is_key).map_or(Ok(()), |text| Err(NotARule::Key(text)))
    }
}

fn few(texts: &[String], what: &'static str, most: usize) -> Result<(), NotARule> {
    if texts.len() <= most { Ok(()) } else { Err(NotARule::TooMany(texts.len(), what, most)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(templates: &[&str], masks: &[&str], keys: &[&str]) -> Result<(), NotARule> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let rules = PathRules {
            templates: owned(templates),
            masks: owned(masks),
            query_keys: owned(keys),
            ..PathRules::default()
        };
        rules.check()
    }

    #[test]
    fn rules_are_checked_before_they_are_kept() {
        assert_eq!(checked(&["/order/:id", "/docs/*", "/", "/a/:b/c/"], &["user-*", "inv#"], &["id", "p[]"]), Ok(()));
        for wrong in ["", "order/:id", "/a//b", "/*/b", "/a?b", "/a/:", &format!("/{}", "a".repeat(300))] {
            assert_eq!(checked(&[wrong], &[], &[]), Err(NotARule::Template(wrong.to_owned())), "{wrong}");
        }
        for wrong in ["", "*", "a/b"] {
            assert_eq!(checked(&[], &[wrong], &[]), Err(NotARule::Mask(wrong.to_owned())), "{wrong}");
        }
        let parents = |texts: &[&str]| PathRules {
            by_name: texts.iter().map(|t| (*t).to_owned()).collect(),
            ..PathRules::default()
        };
        assert_eq!(parents(&["/", "/profile", "/a/b/"]).check(), Ok(()));
        assert_eq!(parents(&["profile"]).check(), Err(NotARule::Parent("profile".into())));
        let rules = PathRules { templates: vec!["/user/:id".into()], ..parents(&["/profile/", "/"]) };
        assert!(["/profile", "", "/user"].iter().all(|parent| rules.is_answered(parent)) && !rules.is_answered("/a"));
        assert!(rules.may_fold("/user") && !rules.may_fold("/profile"));
        for wrong in ["", "a=b", "a b"] {
            assert_eq!(checked(&[], &[], &[wrong]), Err(NotARule::Key(wrong.to_owned())), "{wrong}");
        }
        assert_eq!(checked(&["/a"; 101], &[], &[]), Err(NotARule::TooMany(101, "templates", 100)));
    }
}
