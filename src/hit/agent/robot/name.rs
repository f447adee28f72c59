//! In: an agent in lower case that is a program's. Out: its [`Bot`]: the family and the group, both from closed lists.
//! Forgets: the agent; a program that no list knows is one of a few others.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::super::tokens::lines;

/// Our own list, whose order counts.
const OWN: &str = include_str!("../../data/bot_names_own.tsv");
/// Names of crawler-user-agents, MIT.
const VENDORED: &str = include_str!("../../data/bot_names.tsv");

/// A program that fetches pages, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bot {
    /// Its name: `Googlebot`, `GPTBot`, `curl`.
    pub family: &'static str,
    /// What it does: `AI crawler`, `AI agent`, `Search engine`, `Link preview`, `Monitor`, `HTTP library`, ...
    pub group: &'static str,
}

/// The group of HTTP libraries and command line clients.
pub const LIBRARY: &str = "HTTP library";

/// A browser that the tracker found automated.
pub const AUTOMATED: Bot = Bot { family: "Automated browser", group: "Headless browser" };
/// An agent that says nothing.
pub const SILENT: Bot = Bot { family: "No agent", group: LIBRARY };
/// A library that no list knows.
pub const OTHER_LIBRARY: Bot = Bot { family: "Other library", group: LIBRARY };
/// A request that its sender signed, as assistants that browse for somebody do (Web Bot Auth).
pub const SIGNED: Bot = Bot { family: "Signed agent", group: "AI agent" };
/// The assistant of OpenAI that browses with a browser of its own, and signs what it asks for.
pub const CHATGPT_AGENT: Bot = Bot { family: "ChatGPT agent", group: "AI agent" };
/// A headless Chrome that only its client hints give away.
pub const HEADLESS: Bot = Bot { family: "Headless Chrome", group: "Headless browser" };

/// What unknown programs are called, by the first word that they hold.
const OTHERS: [(&str, Bot); 7] = [
    ("crawl", Bot { family: "Other crawler", group: "Other" }),
    ("spider", Bot { family: "Other crawler", group: "Other" }),
    ("preview", Bot { family: "Other preview", group: "Link preview" }),
    ("monitor", Bot { family: "Other monitor", group: "Monitor" }),
    ("feed", Bot { family: "Other feed reader", group: "Feed reader" }),
    ("rss", Bot { family: "Other feed reader", group: "Feed reader" }),
    ("", Bot { family: "Other bot", group: "Other" }),
];

/// A list whose parts are one automaton.
struct Names {
    automaton: Option<AhoCorasick>,
    bots: Vec<(usize, Bot)>,
}

static NAMES: LazyLock<[Names; 2]> = LazyLock::new(|| [Names::read(OWN), Names::read(VENDORED)]);

impl Names {
    fn read(list: &'static str) -> Names {
        let mut parts = Vec::new();
        let mut bots = Vec::new();
        for line in lines(list) {
            let mut columns = line.split('\t');
            if let (Some(part), Some(family), Some(group)) = (columns.next(), columns.next(), columns.next()) {
                parts.push(part);
                bots.push((part.len(), Bot { family, group }));
            }
        }
        let builder = &mut AhoCorasick::builder();
        builder.match_kind(MatchKind::Standard).kind(Some(AhoCorasickKind::ContiguousNFA));
        Names { automaton: builder.build(parts).ok(), bots }
    }

    /// The rows of the parts that stand in an agent.
    fn rows(&self, lower: &str) -> impl Iterator<Item = (usize, usize)> {
        let input = Input::new(lower).range(0..lower.len());
        let hits = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(input.clone()));
        hits.map(|hit| (hit.pattern().as_usize(), hit.start()))
    }
}

/// The family of a program, and whether its name opens the agent.
pub(super) fn of(lower: &str) -> Option<(Bot, bool)> {
    let [own, vendored] = &*NAMES;
    let ours = own.rows(lower).min().map(|(row, start)| (own.bots[row].1, start == 0));
    // Of the vendored names the longest says most.
    ours.or_else(|| {
        let longest = vendored.rows(lower).max_by_key(|(row, _)| vendored.bots[*row].0)?;
        Some((vendored.bots[longest.0].1, longest.1 == 0))
    })
}

/// What a program is called that no list knows.
pub(super) fn other(lower: &str) -> Bot {
    let found = OTHERS.iter().find(|(word, _)| lower.contains(word));
    found.map_or(SIGNED, |(_, bot)| *bot)
}

/// Memory of both automatons, in bytes.
pub fn bytes() -> usize {
    let automatons = NAMES.iter().flat_map(|names| &names.automaton);
    automatons.map(AhoCorasick::memory_usage).sum::<usize>()
        + NAMES.iter().map(|names| names.bots.len() * size_of::<(usize, Bot)>()).sum::<usize>()
}

/// The family with this name, if a list has it.
pub fn known(family: &str) -> Option<Bot> {
    let constants = [AUTOMATED, SILENT, OTHER_LIBRARY, SIGNED, CHATGPT_AGENT, HEADLESS];
    let others = OTHERS.iter().map(|(_, bot)| *bot);
    let listed = NAMES.iter().flat_map(|names| names.bots.iter().map(|(_, bot)| *bot));
    constants.into_iter().chain(others).chain(listed).find(|bot| bot.family == family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_both_lists_is_a_family() {
        for (list, names) in [OWN, VENDORED].into_iter().zip(NAMES.iter()) {
            assert!(names.automaton.is_some());
            assert_eq!(lines(list).count(), names.bots.len());
            assert!(
                names.bots.iter().all(|(length, bot)| *length > 0 && !bot.family.is_empty() && !bot.group.is_empty())
            );
            assert!(lines(list).all(|line| line.split('\t').next().is_some_and(|part| part == part.to_lowercase())));
        }
        assert!(bytes() < 2_000_000, "{} bytes", bytes());
    }

    #[test]
    fn own_names_come_first_and_then_the_longest() {
        let family = |text| of(text).map(|(bot, _)| bot.family);
        assert_eq!(
            family("mozilla/5.0 (compatible; googlebot/2.1; +http://www.google.com/bot.html)"),
            Some("Googlebot")
        );
        assert_eq!(family("gptbot/1.2; +https://openai.com/gptbot"), Some("GPTBot"));
        assert_eq!(family("something"), None);
        assert_eq!(other("my-crawler").family, "Other crawler");
        assert_eq!(other("x").family, "Other bot");
        assert_eq!(known("GPTBot").map(|bot| bot.group), Some("AI crawler"));
    }
}
