//! The texts of notices: three languages that are built in, and files of operators. In: lines `key = text`. Out: texts by key, and
//! what a file lacks or has too much of. Forgets: comments.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::limits;

/// The code of the language in which every text exists.
pub const ENGLISH: &str = "en";

/// The files of the languages that are built in.
const BUILT_IN: [(&str, &str); 3] = [
    (ENGLISH, include_str!("texts/en.txt")),
    ("de", include_str!("texts/de.txt")),
    ("fr", include_str!("texts/fr.txt")),
];

type Texts = BTreeMap<String, String>;

static PARSED: LazyLock<BTreeMap<&'static str, Texts>> =
    LazyLock::new(|| BUILT_IN.iter().map(|(code, file)| (*code, parse(file).0)).collect());

/// The English texts as a file, to begin a translation with.
pub const fn english_file() -> &'static str {
    BUILT_IN[0].1
}

/// What is wrong with a file of a language, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageFault {
    /// The file, without its folder.
    pub file: String,
    /// What is wrong.
    pub sentence: String,
}

/// The languages in which notices are written.
#[derive(Debug, Clone, Default)]
pub struct NoticeLanguages {
    own: BTreeMap<String, Texts>,
    faults: Vec<LanguageFault>,
}

impl NoticeLanguages {
    /// Those that are built in and those of files, by name without `.txt` and text or the reason why it can't be read. A file of a
    /// language that is built in changes single texts of it.
    pub fn of(files: Vec<(String, Result<String, String>)>) -> NoticeLanguages {
        let mut all = NoticeLanguages::default();
        for (name, text) in files {
            let file = format!("{name}.txt");
            let fault = |sentence: String| LanguageFault { file: file.clone(), sentence };
            let code = name.to_ascii_lowercase();
            match text {
                Err(why) => all.faults.push(fault(format!("it can't be read: {why}"))),
                Ok(_) if !is_code(&code) => {
                    all.faults.push(fault("its name is no code of a language, like it or pt-br".into()));
                }
                Ok(text) => {
                    let (texts, faults) = checked(&text, !PARSED.contains_key(&*code));
                    all.faults.extend(faults.into_iter().map(fault));
                    all.own.insert(code, texts);
                }
            }
        }
        all
    }

    /// The codes of all languages: those that are built in, then the others by name.
    pub fn codes(&self) -> Vec<&str> {
        let built_in = BUILT_IN.iter().map(|(code, _)| *code);
        built_in.chain(self.own.keys().map(String::as_str).filter(|code| !PARSED.contains_key(code))).collect()
    }

    /// What is wrong with the files.
    pub fn faults(&self) -> &[LanguageFault] {
        &self.faults
    }

    /// The texts of a language, if it is one of these.
    pub fn texts(&self, code: &str) -> Option<LanguageTexts<'_>> {
        let code = code.to_ascii_lowercase();
        let language = self.codes().into_iter().find(|known| *known == code)?;
        let layers = [self.own.get(language), PARSED.get(language), PARSED.get(ENGLISH)];
        Some(LanguageTexts { code: language, layers })
    }

    /// The texts of the language that a browser likes best, by its `Accept-Language`; English where it names none of these.
    pub fn accepted(&self, header: &str) -> LanguageTexts<'_> {
        let preference = |part: &str| {
            let mut pieces = part.split(';');
            let range = pieces.next().unwrap_or_default().trim();
            let texts = self.texts(range).or_else(|| self.texts(range.split('-').next().unwrap_or_default()))?;
            let weight = pieces.find_map(|piece| piece.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            (weight > 0.0).then_some((texts, weight))
        };
        // Of equal preferences the first counts.
        let found = header.split(',').take(limits::LANGUAGES_READ).filter_map(preference);
        let found = found.reduce(|best, next| if next.1 > best.1 { next } else { best });
        found.map_or_else(|| self.english(), |(texts, _)| texts)
    }

    /// The English texts.
    pub fn english(&self) -> LanguageTexts<'_> {
        LanguageTexts { code: BUILT_IN[0].0, layers: [self.own.get(ENGLISH), None, PARSED.get(ENGLISH)] }
    }
}

/// The texts of one language, each in English where it is missing.
#[derive(Debug, Clone, Copy)]
pub struct LanguageTexts<'a> {
    code: &'a str,
    layers: [Option<&'a Texts>; 3],
}

impl<'a> LanguageTexts<'a> {
    /// The code of the language.
    pub fn code(&self) -> &'a str {
        self.code
    }

    /// A text; nothing where there is none of this key in any language.
    pub fn find(&self, key: &str) -> Option<&'a str> {
        self.layers.iter().flatten().find_map(|texts| texts.get(key)).map(String::as_str)
    }

    /// A text; the key itself where there is none.
    pub fn get<'b>(&self, key: &'b str) -> &'b str
    where
        'a: 'b,
    {
        self.find(key).unwrap_or(key)
    }

    /// A text with its places filled in.
    pub fn filled(&self, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.get(key), values)
    }
}

/// Fills places like `{name}` in, in one pass, so that what is filled in is never taken for a place.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, place, after)) = next_place(rest) {
        filled.push_str(before);
        match values.iter().find(|(name, _)| *name == place) {
            Some((_, value)) => filled.push_str(value),
            None => filled.push_str(&rest[before.len()..rest.len() - after.len()]),
        }
        rest = after;
    }
    filled + rest
}

/// The text before the first place, its name, and the text behind it.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (place, after) = rest.split_once('}')?;
    Some((before, place, after))
}

/// The names of all places of a text, in order of name.
fn places(mut text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while let Some((_, place, after)) = next_place(text) {
        found.push(place);
        text = after;
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether a text may be the code of a language: letters, digits and dashes.
fn is_code(text: &str) -> bool {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = text.split('-').next().unwrap_or_default();
    text.split('-').all(is_part) && (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase())
}

/// The texts of a file, and lines of it that are none.
fn parse(file: &str) -> (Texts, Vec<usize>) {
    let (mut texts, mut wrong) = (Texts::new(), Vec::new());
    for (at, line) in file.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once('=') {
            Some((key, text)) if !text.trim().is_empty() => {
                texts.insert(key.trim().to_owned(), text.trim().to_owned());
            }
            _ => wrong.push(at + 1),
        }
    }
    (texts, wrong)
}

/// The texts of a file that can be used, and what is wrong with the others; whether it has to have all.
fn checked(file: &str, is_whole: bool) -> (Texts, Vec<String>) {
    let english = PARSED.get(ENGLISH).cloned().unwrap_or_default();
    let (mut texts, wrong) = parse(file);
    let mut faults: Vec<String> =
        wrong.into_iter().map(|line| format!("line {line} is not of the form `key = text`")).collect();
    texts.retain(|key, text| match english.get(key) {
        None => {
            faults.push(format!("there is no text {key}"));
            false
        }
        Some(known) if places(known) != places(text) => {
            let shown: Vec<String> = places(known).into_iter().map(|place| format!("{{{place}}}")).collect();
            let shown = if shown.is_empty() { "no words in braces".to_owned() } else { shown.join(", ") };
            faults.push(format!("{key} must have {shown}, as in English"));
            false
        }
        Some(_) => true,
    });
    let missing: Vec<&str> = english.keys().filter(|key| !texts.contains_key(*key)).map(String::as_str).collect();
    if is_whole && !missing.is_empty() {
        faults.push(format!(
            "{} are in English, because they are missing or wrong: {}",
            missing.len(),
            missing.join(", ")
        ));
    }
    (texts, faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::DIMENSIONS;

    #[test]
    fn every_language_has_every_text_with_the_same_places_in_the_same_order() {
        let keys = |file: &str| -> Vec<String> {
            let lines = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
            lines.map(|(key, _)| key.trim().to_owned()).collect()
        };
        for (code, file) in BUILT_IN {
            assert_eq!(checked(file, true).1, Vec::<String>::new(), "{code}");
            assert_eq!(keys(file), keys(english_file()), "{code}");
            assert_eq!(keys(file).len(), PARSED[code].len(), "{code} names a text twice");
        }
        for row in DIMENSIONS.listed() {
            assert!(PARSED[ENGLISH].contains_key(&format!("dimension.{}", row.name)), "{}", row.name);
        }
    }

    #[test]
    fn french_marks_stand_off_by_spaces_that_do_not_break() {
        for (key, text) in &PARSED["fr"] {
            let text = text.replace("?count=no", "");
            let is_bare = |(at, _): (usize, &str)| !text[..at].ends_with('\u{202f}');
            assert!(![" ;", " :", " !", " ?", "'"].iter().any(|mark| text.contains(mark)), "{key}: {text}");
            assert!(!text.match_indices([';', '!', '?']).any(is_bare), "{key}: {text}");
        }
    }

    #[test]
    fn a_file_of_an_operator_adds_a_language_and_says_what_it_lacks() {
        let file = "# Italiano\nlanguage.name = Italiano\ntitle = Come {domain} conta le visite\nout.button = Non contare\n\
                    summry.text = ?\nnonsense\n";
        let files = vec![
            ("it".to_owned(), Ok(file.to_owned())),
            ("de".to_owned(), Ok("summary.title = Kurz".to_owned())),
            ("read me".to_owned(), Ok(String::new())),
            ("pt".to_owned(), Err("permission denied".to_owned())),
        ];
        let languages = NoticeLanguages::of(files);
        assert_eq!(languages.codes(), ["en", "de", "fr", "it"]);
        let italian = languages.texts("IT").unwrap();
        assert_eq!(italian.filled("title", &[("domain", "a.example")]), "Come a.example conta le visite");
        assert_eq!(italian.get("summary.title"), "In short", "what is missing is English");
        assert_eq!(italian.get("out.button"), "Don't count this browser on {domain}", "what lost its place is, too");
        let german = languages.texts("de").unwrap();
        assert_eq!((german.get("summary.title"), german.get("cookies.title")), ("Kurz", "Cookies"));
        let said: Vec<String> = languages.faults().iter().map(|it| format!("{}: {}", it.file, it.sentence)).collect();
        assert_eq!(said[0], "it.txt: line 6 is not of the form `key = text`");
        assert_eq!(said[1], "it.txt: out.button must have {domain}, as in English");
        assert_eq!(said[2], "it.txt: there is no text summry.text");
        assert!(
            said[3].starts_with("it.txt: 165 are in English, because they are missing or wrong: addresses.country,")
        );
        assert_eq!(said[4], "read me.txt: its name is no code of a language, like it or pt-br");
        assert_eq!(said[5], "pt.txt: it can't be read: permission denied");
        assert_eq!(said.len(), 6);
    }

    #[test]
    fn the_language_that_a_browser_likes_best_is_taken_also_by_region() {
        let languages = NoticeLanguages::of(vec![("pt-br".into(), Ok("language.name = Português".into()))]);
        let code = |header: &str| languages.accepted(header).code();
        assert_eq!(code("pt-BR,de;q=0.9"), "pt-br");
        assert_eq!(code("it, de-AT;q=0.8, fr;q=0.9"), "fr");
        assert_eq!(code("pt, *;q=0.1"), ENGLISH);
        assert_eq!(code("de;q=0"), ENGLISH);
        assert_eq!(code(""), ENGLISH);
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{a} and {b} and {c}", &[("a", "{b}"), ("b", "{a}")]), "{b} and {a} and {c}");
        assert_eq!(fill("no place { here", &[("a", "x")]), "no place { here");
    }
}
