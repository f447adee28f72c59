//! The report on programs: a line for each family.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::counts::Name;
use crate::hit::agent;
use crate::store::BotCount;

/// Programs of one family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotLine {
    /// Its name.
    pub family: Name,
    /// What such programs do; nothing for one that a later list no longer has.
    pub group: &'static str,
    /// How often they came.
    pub count: u64,
    /// The same by groups of pages, most first.
    pub pages: Vec<(Name, u64)>,
}

/// A line for each family, the most frequent first.
pub fn lines(counts: Vec<BotCount>) -> Vec<BotLine> {
    let mut families: HashMap<Name, HashMap<Name, u64>> = HashMap::new();
    for bot in counts {
        *families.entry(bot.family).or_default().entry(bot.pages).or_default() += bot.count;
    }
    let line = |(family, pages): (Name, HashMap<Name, u64>)| {
        let mut pages: Vec<_> = pages.into_iter().collect();
        pages.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        let group = agent::bot_named(&family).map_or("", |bot| bot.group);
        BotLine { group, count: pages.iter().map(|(_, count)| count).sum(), family, pages }
    };
    let mut lines: Vec<BotLine> = families.into_iter().map(line).collect();
    lines.sort_by(|a, b| (Reverse(a.count), &a.family).cmp(&(Reverse(b.count), &b.family)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Day, SiteId};

    #[test]
    fn days_are_added_and_the_most_frequent_come_first() {
        let count = |day, family: &str, pages: &str, count| BotCount {
            site: SiteId(1),
            day: Day(day),
            family: family.into(),
            pages: pages.into(),
            count,
        };
        let lines = lines(vec![
            count(1, "curl", "/", 4),
            count(1, "GPTBot", "/a", 2),
            count(2, "GPTBot", "/a", 1),
            count(2, "GPTBot", "/b", 5),
            count(2, "Long gone", "/", 1),
        ]);
        let told: Vec<_> = lines.iter().map(|line| (&*line.family, line.group, line.count)).collect();
        assert_eq!(told, [("GPTBot", "AI crawler", 8), ("curl", "HTTP library", 4), ("Long gone", "", 1)]);
        assert_eq!(lines[0].pages, [("/b".into(), 5), ("/a".into(), 3)]);
    }
}
