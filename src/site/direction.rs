//! Which way a change of a setting leads: to more data about visitors, or more of it shown, or to less. Changes towards more may have
//! to be announced first ([`super::NoticeSettings::announce_days`]).

use super::change::SettingValue;
use super::{Epsilon, LeastAtRest, Retention};

/// How a setting bears on what is counted of visitors and shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataDirection {
    /// Not at all, or by nothing that visitors are told.
    Neither,
    /// Switched on it is more.
    OnIsMore,
    /// Switched off it is more.
    OffIsMore,
    /// A higher number is more, and 0 is without end.
    HigherIsMore,
    /// A higher number is less.
    HigherIsLess,
    /// Names from the least to the most.
    From(&'static [&'static str]),
    /// Each text of the list is more.
    ListedIsMore,
    /// Each text of the list is less.
    ListedIsLess,
    /// Each text of the list is less, as long as it stands behind those before, which are looked at first.
    AppendedIsLess,
    /// Whatever is kept for longer is more ([`Retention`]).
    LongerIsMore,
    /// Whatever has a lower least figure at rest is more ([`LeastAtRest`]).
    LowerAtRestIsMore,
    /// Visitors are told, but it is neither more nor less.
    ToldAlone,
}

/// The direction of each setting, by its name.
const DIRECTIONS: [(&str, DataDirection); 32] = {
    use DataDirection::*;
    [
        ("timezone", Neither),
        // Which pages are the site's own.
        ("hosts", Neither),
        ("aliases", Neither),
        ("address", From(&["none", "truncate", "hash"])),
        ("opt_out", OffIsMore),
        ("subdomain_referrers", Neither),
        ("counter", OnIsMore),
        ("small_counts_k", HigherIsLess),
        // Budgets are about floods.
        ("values_max", Neither),
        ("pair_cells_max", Neither),
        ("day_pairs_months", HigherIsMore),
        ("keep", LongerIsMore),
        ("k_at_rest", LowerAtRestIsMore),
        ("templates", AppendedIsLess),
        ("masks", AppendedIsLess),
        // One page or two, of which everybody sees the same.
        ("slash", Neither),
        ("case", From(&["lower", "keep"])),
        ("query_keys", ListedIsMore),
        ("personal", HigherIsMore),
        ("by_name", ListedIsMore),
        // Sections are sums of pages that are counted anyway.
        ("section_depth", Neither),
        ("exclude_ips", ListedIsLess),
        ("exclude_countries", ListedIsLess),
        ("exclude_paths", ListedIsLess),
        ("exclude_hosts", ListedIsLess),
        ("collect", ListedIsLess),
        ("properties", ListedIsMore),
        ("publish", OnIsMore),
        ("publish_epsilon", From(&Epsilon::NAMES)),
        // What is published of an audit is about no visitor.
        ("publish_audit", ToldAlone),
        ("announce_days", HigherIsLess),
        // It refuses changes of others; what it changes has directions of its own.
        ("preset", Neither),
    ]
};

impl DataDirection {
    /// That of a setting; nothing for one that nobody thought about yet, which is taken for more in any case.
    pub fn of(setting: &str) -> Option<DataDirection> {
        DIRECTIONS.iter().find(|(name, _)| *name == setting).map(|(_, direction)| *direction)
    }

    /// What a notice says of a change towards more, of a setting whose value it does not tell.
    pub fn untold(setting: &str) -> Option<&'static str> {
        match setting {
            "templates" | "masks" | "case" | "personal" | "by_name" => Some("page_names"),
            "exclude_ips" | "exclude_countries" | "exclude_paths" | "exclude_hosts" => Some("exclusions"),
            _ => None,
        }
    }

    /// Whether a setting decides by which names pages are counted. Pages that are left out are known by these names.
    pub fn names_pages(setting: &str) -> bool {
        matches!(setting, "templates" | "masks" | "slash" | "case" | "query_keys" | "personal" | "by_name")
    }

    /// Whether a change from one value to another is towards more.
    pub fn is_more(self, before: &SettingValue, after: &SettingValue) -> bool {
        use SettingValue::{List, Number, Switch, Word};
        match (self, before, after) {
            (DataDirection::OnIsMore, Switch(before), Switch(after)) => !before & after,
            (DataDirection::OffIsMore, Switch(before), Switch(after)) => before & !after,
            (DataDirection::HigherIsMore, Number(before), Number(after)) => endless(*after) > endless(*before),
            (DataDirection::HigherIsLess, Number(before), Number(after)) => after < before,
            (DataDirection::From(names), Word(before), Word(after)) => {
                let place = |word: &String| names.iter().position(|name| name == word);
                place(after) > place(before)
            }
            (DataDirection::ListedIsMore, List(before), List(after)) => has_more(after, before),
            (DataDirection::ListedIsLess, List(before), List(after)) => has_more(before, after),
            (DataDirection::AppendedIsLess, List(before), List(after)) => !after.starts_with(before),
            (DataDirection::LongerIsMore, List(before), List(after)) => Retention::is_longer(before, after),
            (DataDirection::LowerAtRestIsMore, List(before), List(after)) => LeastAtRest::is_lower(before, after),
            _ => false,
        }
    }
}

/// Whether a list has a text that another has not.
fn has_more(list: &[String], than: &[String]) -> bool {
    list.iter().any(|text| !than.contains(text))
}

/// A number of which 0 is without end.
fn endless(number: u32) -> u32 {
    if number == 0 { u32::MAX } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{SettingKind, SiteSetting};

    #[test]
    fn every_setting_has_a_direction_and_every_direction_a_setting() {
        let names: Vec<&str> = SiteSetting::all().map(|setting| setting.name).collect();
        let named: Vec<&str> = DIRECTIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, named);
        for setting in SiteSetting::all() {
            let fits = match DataDirection::of(setting.name) {
                Some(DataDirection::OnIsMore | DataDirection::OffIsMore) => {
                    matches!(setting.kind, SettingKind::Switch { .. })
                }
                Some(DataDirection::HigherIsMore | DataDirection::HigherIsLess) => {
                    matches!(setting.kind, SettingKind::Number { .. })
                }
                Some(DataDirection::From(names)) => match setting.kind {
                    SettingKind::Choice { options, .. } => {
                        options.len() == names.len() && options.iter().all(|option| names.contains(&option.name))
                    }
                    _ => false,
                },
                Some(DataDirection::ListedIsMore | DataDirection::ListedIsLess | DataDirection::AppendedIsLess) => {
                    matches!(setting.kind, SettingKind::List { .. } | SettingKind::Set { .. })
                }
                Some(DataDirection::LongerIsMore | DataDirection::LowerAtRestIsMore) => {
                    matches!(setting.kind, SettingKind::List { .. })
                }
                Some(DataDirection::Neither | DataDirection::ToldAlone) => true,
                None => false,
            };
            assert!(fits, "{}", setting.name);
        }
    }

    #[test]
    fn a_change_leads_to_more_one_way_and_to_less_the_other() {
        let pairs: [(&str, SettingValue, SettingValue); 18] = [
            ("address", "none".into(), "truncate".into()),
            ("address", "truncate".into(), "hash".into()),
            ("opt_out", true.into(), false.into()),
            ("counter", false.into(), true.into()),
            ("small_counts_k", 10_u32.into(), 5_u32.into()),
            ("day_pairs_months", 12_u32.into(), 0_u32.into()),
            ("query_keys", ["id"].into(), ["id", "q"].into()),
            ("keep", ["days=13m", "bots=31d"].into(), ["days=13m"].into()),
            ("keep", ["days=390d"].into(), ["days=13m"].into()),
            ("keep", ["hours=7d"].into(), SettingValue::List(Vec::new())),
            ("k_at_rest", ["10"].into(), ["10", "city=5"].into()),
            ("k_at_rest", ["city=10"].into(), SettingValue::List(Vec::new())),
            ("collect", ["no-city", "no-utm"].into(), ["no-city"].into()),
            ("templates", ["/order/:id"].into(), SettingValue::EMPTY),
            ("case", "lower".into(), "keep".into()),
            ("personal", 50_u32.into(), 0_u32.into()),
            ("by_name", SettingValue::EMPTY, ["/team"].into()),
            ("exclude_ips", ["203.0.113.7"].into(), SettingValue::EMPTY),
        ];
        for (name, less, more) in pairs {
            let direction = DataDirection::of(name).unwrap();
            assert!(direction.is_more(&less, &more), "{name}");
            assert!(!direction.is_more(&more, &less) && !direction.is_more(&more, &more), "{name}");
        }
        let swapped = DataDirection::ListedIsMore.is_more(&["a"].into(), &["b"].into());
        assert!(swapped, "another key is one more, though one is gone");
        let without = DataDirection::ListedIsLess;
        assert!(without.is_more(&["no-a", "no-b"].into(), &["no-a"].into()));
        assert!(!without.is_more(&["no-a"].into(), &["no-a", "no-b"].into()));
        let ordered = DataDirection::AppendedIsLess;
        assert!(ordered.is_more(&["/u/:id"].into(), &["/u/jane", "/u/:id"].into()), "the first that fits counts");
        assert!(!ordered.is_more(&["/u/:id"].into(), &["/u/:id", "/v/:id"].into()));
        assert_eq!(DataDirection::of("nobody_thought_of_it"), None);
    }
}
