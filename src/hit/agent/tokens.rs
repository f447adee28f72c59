//! In: an agent as text. Out: [`FoundTokens`]: which of the tokens of `data/` stand in it, found in one pass. Forgets: the rest.
//!
//! All lists are one automaton. Tokens of browsers, systems and devices count as they are written; words of bots count in
//! any case.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use crate::limits;

/// Tokens of browsers, systems and devices, and marks that rules ask for.
const AGENTS: &str = include_str!("../data/agents.tsv");
/// Words of bots, and phrases in which such a word is innocent.
const WORDS: [&str; 2] = [include_str!("../data/bot_words.tsv"), include_str!("../data/bot_words_own.tsv")];

/// A thing that rules ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Mark {
    /// `AppleWebKit/`.
    Apple,
    /// `Safari/`.
    Safari,
    /// `Chrome/`.
    Chrome,
    /// `Version/`.
    Version,
    /// `Mobile`.
    Mobile,
    /// `; wv`: a WebView of Android.
    Wv,
    /// `Macintosh`.
    Macintosh,
    /// `iPhone` or `iPod`.
    IPhone,
    /// What browsers for iOS keep of themselves when they ask for the desktop's page; `Mobile/1...` and `Mobile/2...` too.
    DesktopIos,
    /// `Android 10; K)`, which stands for any version and any device.
    FrozenAndroid,
    /// `Android`.
    Android,
    /// `compatible;`.
    Compatible,
    /// `Gecko/`.
    Gecko,
}

const MARKS: [(&str, Mark); 13] = [
    ("apple", Mark::Apple),
    ("safari", Mark::Safari),
    ("chrome", Mark::Chrome),
    ("version", Mark::Version),
    ("mobile", Mark::Mobile),
    ("wv", Mark::Wv),
    ("macintosh", Mark::Macintosh),
    ("iphone", Mark::IPhone),
    ("desktop_ios", Mark::DesktopIos),
    ("frozen_android", Mark::FrozenAndroid),
    ("android", Mark::Android),
    ("compatible", Mark::Compatible),
    ("gecko", Mark::Gecko),
];

/// What must stand beside a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Anything,
    /// No letter or digit.
    Edge,
    /// No letter, digit or underscore.
    WordEdge,
    Digit,
    Capital,
    /// The agent's beginning.
    Start,
}

#[derive(Clone, Copy)]
enum Meaning {
    Browser(&'static str),
    System(&'static str),
    Device(&'static str),
    Mark(Mark),
    Word,
    Innocent,
    InnocentInApp,
}

struct AgentToken {
    text: String,
    before: Beside,
    after: Beside,
    meaning: Meaning,
    has_case: bool,
}

/// A label that was found, by the row of its list, and where its token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    row: usize,
    /// The label.
    pub(super) name: &'static str,
    /// Where the token ends, in bytes.
    pub(super) end: usize,
}

/// What stands in an agent.
#[derive(Debug, Default)]
pub(super) struct FoundTokens {
    /// The browser whose row comes first.
    pub(super) browser: Option<Label>,
    /// The system whose row comes first.
    pub(super) system: Option<Label>,
    /// The device whose row comes first.
    pub(super) device: Option<Label>,
    /// Where each mark ends first; 0 for those that are missing.
    marks: [u16; MARKS.len()],
    words: Spans,
    innocent: Spans,
}

/// A few places of an agent, in bytes.
#[derive(Debug, Default)]
struct Spans {
    places: [(u16, u16); limits::AGENT_SPANS_MAX],
    count: usize,
}

impl Spans {
    fn add(&mut self, start: usize, end: usize) {
        if let Some(place) = self.places.get_mut(self.count) {
            // Agents are cut long before 65,536 bytes.
            *place = (start as u16, end as u16);
            self.count += 1;
        }
    }

    fn all(&self) -> &[(u16, u16)] {
        &self.places[..self.count]
    }
}

impl FoundTokens {
    /// Whether a mark is there.
    pub(super) fn has(&self, mark: Mark) -> bool {
        self.marks[mark as usize] > 0
    }

    /// Where a mark ends first, in bytes.
    pub(super) fn end_of(&self, mark: Mark) -> Option<usize> {
        Some(usize::from(self.marks[mark as usize])).filter(|end| *end > 0)
    }

    /// Whether what was found so far is the agent of a page within an app, behind which the app's name follows. Programs that
    /// dress as phones copy a browser's agent, or say `compatible;` before their name.
    fn is_within_app(&self) -> bool {
        let is_apples = self.has(Mark::Apple) && self.has(Mark::DesktopIos) && !self.has(Mark::Safari);
        (self.has(Mark::Wv) || is_apples) && !self.has(Mark::Compatible)
    }

    /// Whether a word of bots stands there that is not part of an innocent phrase, nor of the device's name.
    pub(super) fn has_word(&self, device_name: Range<usize>) -> bool {
        let name = (device_name.start as u16, device_name.end as u16);
        let holds = |phrase: &(u16, u16), word: &(u16, u16)| phrase.0 <= word.0 && word.1 <= phrase.1;
        let is_innocent =
            |word: &(u16, u16)| holds(&name, word) || self.innocent.all().iter().any(|phrase| holds(phrase, word));
        self.words.count == limits::AGENT_SPANS_MAX || !self.words.all().iter().all(is_innocent)
    }
}

/// All lists as one automaton.
pub(super) struct Tokens {
    automaton: Option<AhoCorasick>,
    tokens: Vec<AgentToken>,
}

/// Built once.
pub(super) static TOKENS: LazyLock<Tokens> = LazyLock::new(Tokens::read);

impl Tokens {
    fn read() -> Tokens {
        let tokens: Vec<AgentToken> =
            lines(AGENTS).filter_map(token).chain(WORDS.into_iter().flat_map(lines).map(word)).collect();
        // The lists are part of the program, so a failure here would be one of its tests too.
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            // As a table of all steps it would take 2 MB and half the time; but agents are looked at once.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(tokens.iter().map(|token| token.text.as_str()));
        Tokens { automaton: automaton.ok(), tokens }
    }

    /// The labels of browsers, each at least once.
    pub(super) fn browsers(&self) -> impl Iterator<Item = &'static str> {
        self.tokens
            .iter()
            .filter_map(|token| if let Meaning::Browser(name) = token.meaning { Some(name) } else { None })
    }

    /// The labels of systems, each at least once.
    pub(super) fn systems(&self) -> impl Iterator<Item = &'static str> {
        self.tokens.iter().filter_map(|token| if let Meaning::System(name) = token.meaning { Some(name) } else { None })
    }

    /// Memory of the automaton, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.automaton.as_ref().map_or(0, AhoCorasick::memory_usage) + self.tokens.len() * size_of::<AgentToken>()
    }

    /// What stands in an agent.
    pub(super) fn find(&self, text: &str) -> FoundTokens {
        let mut found = FoundTokens::default();
        let Some(automaton) = &self.automaton else { return found };
        for hit in automaton.find_overlapping_iter(Input::new(text)) {
            let row = hit.pattern().as_usize();
            if self.tokens[row].fits(text.as_bytes(), hit.start(), hit.end()) {
                self.note(row, hit.start(), hit.end(), &mut found);
            }
        }
        found
    }

    fn note(&self, row: usize, start: usize, end: usize, found: &mut FoundTokens) {
        let label = |name| Label { row, name, end };
        match self.tokens[row].meaning {
            Meaning::Browser(name) => first(&mut found.browser, label(name)),
            Meaning::System(name) => first(&mut found.system, label(name)),
            Meaning::Device(name) => first(&mut found.device, label(name)),
            Meaning::Mark(mark) => {
                let place = &mut found.marks[mark as usize];
                if *place == 0 {
                    *place = end as u16;
                }
            }
            Meaning::Word => found.words.add(start, end),
            Meaning::Innocent => found.innocent.add(start, end),
            Meaning::InnocentInApp if found.is_within_app() => found.innocent.add(start, end),
            Meaning::InnocentInApp => (),
        }
    }
}

fn first(kept: &mut Option<Label>, label: Label) {
    if kept.is_none_or(|kept| label.row < kept.row) {
        *kept = Some(label);
    }
}

impl AgentToken {
    /// Whether what was found in any case is the token: in its own case, and with the right things beside it.
    fn fits(&self, agent: &[u8], start: usize, end: usize) -> bool {
        let before = start.checked_sub(1).and_then(|at| agent.get(at)).copied();
        // Some proxies write the whole agent in small letters.
        let has_case = self.has_case && !agent.starts_with(b"mozilla/");
        let is_written_so = !has_case || agent.get(start..end) == Some(self.text.as_bytes());
        is_written_so && self.before.fits(before) && self.after.fits(agent.get(end).copied())
    }
}

impl Beside {
    fn fits(self, neighbour: Option<u8>) -> bool {
        match (self, neighbour) {
            (Beside::Anything, _) => true,
            (Beside::Edge, byte) => byte.is_none_or(|byte| !byte.is_ascii_alphanumeric()),
            (Beside::WordEdge, byte) => byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'_'),
            (Beside::Digit, byte) => byte.is_some_and(|byte| byte.is_ascii_digit()),
            (Beside::Capital, byte) => byte.is_some_and(|byte| byte.is_ascii_uppercase()),
            (Beside::Start, byte) => byte.is_none(),
        }
    }
}

/// The rows of a list.
pub(super) fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A token of `agents.tsv`: kind, token, label.
fn token(line: &'static str) -> Option<AgentToken> {
    let mut columns = line.split('\t');
    let (kind, written, label) = (columns.next()?, columns.next()?, columns.next()?);
    let meaning = match kind {
        "browser" => Meaning::Browser(label),
        "system" => Meaning::System(label),
        "device" => Meaning::Device(label),
        _ => Meaning::Mark(MARKS.iter().find(|(name, _)| *name == written)?.1),
    };
    // A mark has its name first.
    let written = if kind == "mark" { label } else { written };
    let endings = [("[0-9]", Beside::Digit), ("[A-Z]", Beside::Capital), ("[ ]", Beside::Edge)];
    let ending = endings.iter().find_map(|(ending, after)| Some((written.strip_suffix(ending)?, *after)));
    let (text, after) = ending.unwrap_or((written, Beside::Anything));
    let is_word = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let before = if is_word { Beside::Edge } else { Beside::Anything };
    Some(AgentToken { text: text.replace("\\s", " "), before, after, meaning, has_case: true })
}

/// A word of bots: the word, and letters that say what must stand beside it.
fn word(line: &'static str) -> AgentToken {
    let (text, places) = line.split_once('\t').unwrap_or((line, ""));
    let mut token = AgentToken {
        text: text.to_owned(),
        before: Beside::Anything,
        after: Beside::Anything,
        meaning: Meaning::Word,
        has_case: false,
    };
    for place in places.chars() {
        match place {
            '^' => token.before = Beside::Start,
            'b' => token.before = Beside::WordEdge,
            'e' => token.after = Beside::WordEdge,
            'E' => token.after = Beside::Edge,
            'd' => token.after = Beside::Digit,
            'a' => token.meaning = Meaning::InnocentInApp,
            _ => token.meaning = Meaning::Innocent,
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_lists_is_a_token() {
        let rows = lines(AGENTS).count() + WORDS.into_iter().map(|list| lines(list).count()).sum::<usize>();
        assert!(TOKENS.automaton.is_some());
        assert_eq!(TOKENS.tokens.len(), rows);
        assert!(TOKENS.tokens.iter().all(|token| !token.text.is_empty()));
        for (name, mark) in MARKS {
            let is_listed = TOKENS.tokens.iter().any(|token| matches!(token.meaning, Meaning::Mark(m) if m == mark));
            assert!(is_listed, "{name}");
        }
        assert!(TOKENS.bytes() < 600_000, "{} bytes", TOKENS.bytes());
    }

    #[test]
    fn of_several_labels_the_first_row_counts() {
        let found =
            TOKENS.find("Mozilla/5.0 (Linux; Android 14; SM-T500) Chrome/120 Safari/537.36 Instagram 300.0 OPR/80");
        assert_eq!(found.browser.map(|label| label.name), Some("Instagram"));
        assert_eq!(found.system.map(|label| label.name), Some("Android"));
        assert_eq!(found.device.map(|label| label.name), Some("tablet"));
        assert!(found.has(Mark::Chrome) && !found.has(Mark::Version) && !found.has_word(0..0));
    }

    #[test]
    fn tokens_stand_at_an_edge_and_in_their_case() {
        let browser = |text| TOKENS.find(text).browser.map(|label| label.name);
        assert_eq!(browser("Online/1"), None);
        assert_eq!(browser("x Line/1"), Some("Line"));
        assert_eq!(browser("x line/1"), None);
        let device = |text| TOKENS.find(text).device.map(|label| label.name);
        assert_eq!((device("(AFTT Build)"), device("(AFT9"), device("(AFTER")), (Some("tv"), None, Some("tv")));
    }

    #[test]
    fn a_word_within_an_innocent_phrase_is_none() {
        assert!(!TOKENS.find("Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30)").has_word(0..0));
        assert!(TOKENS.find("Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30; Googlebot/2.1)").has_word(0..0));
        assert!(!TOKENS.find("CamScanner/4.5").has_word(0..0));
        assert!(TOKENS.find("MegaScanner/4.5").has_word(0..0));
    }

    #[test]
    fn everyday_words_tell_nothing_of_an_app() {
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let android = "Mozilla/5.0 (Linux; Android 14; SM-A546E; wv) AppleWebKit/537.36 Version/4.0 Chrome/142.0 Mobile Safari/537.36";
        let is_program = |text: String| TOKENS.find(&text).has_word(0..0);
        for app in ["NewsArticle/9.0.1 JsSdk/2.0", "SmartNews 25.1", "QRScanner/3", "ChatGPT/1.2025", "Feedly/100"] {
            assert!(!is_program(format!("{iphone} Mobile/22H20 {app}")), "{app}");
            assert!(
                !is_program(format!("{iphone} Mobile/22H20 {app}").replace("iPhone; CPU iPhone", "iPad; CPU")),
                "{app}"
            );
            assert!(!is_program(format!("{android} {app}")), "{app}");
            assert!(is_program(format!("{iphone} Version/18.0 Mobile/22H20 Safari/604.1 {app}")), "{app}");
            assert!(is_program(format!("{android} (compatible; {app})")), "{app}");
        }
        assert!(is_program(format!("{iphone} Mobile/22H20 NewsBot/1")));
        assert!(is_program(format!("{android} ChatGPT-User/1.0")));
    }
}
