//! Conditions as people write them: `device=mobile and (country=DE or has_done page=/pricing)`.

use std::iter::Peekable;
use std::sync::Arc;

use super::Condition;
use crate::cell::{Axis, DIMENSIONS, Dimension, Filter, Test};
use crate::limits;

/// A condition as it is read from a text.
pub type TextCondition = Condition<Arc<str>>;

/// Why a text is no condition: one sentence with the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotACondition {
    /// Something else was expected.
    #[error("after {after:?} a test like country=DE is expected, or not, has_done or a bracket; join tests by and, or")]
    Expected {
        /// What is read before, cut.
        after: String,
    },
    /// A test has no sign or no value.
    #[error(
        "{0:?} is no test; write it like source=Google, page!=/, page~blog or prop:plan=pro, with quotes around blanks"
    )]
    Form(String),
    /// A sign is doubled, or there are two.
    #[error(
        "{test:?} has more than the sign {sign:?}; write it like page{sign}/pricing, and a value that begins so in quotes"
    )]
    Sign {
        /// The test, cut.
        test: String,
        /// The sign that it begins with.
        sign: &'static str,
    },
    /// Nothing is called so.
    #[error("{0:?} is nothing to test; there are {names}, section and prop:KEY", names = DIMENSIONS.names().join(", "))]
    Unknown(String),
    /// A bracket or a quote is not closed, or closed twice.
    #[error("brackets and quotes must be closed, each once")]
    Open,
    /// It is too long.
    #[error(
        "a condition has at most {} characters, {} tests and {} values",
        limits::CONDITION_CHARS_MAX,
        limits::CONDITION_TESTS_MAX,
        limits::FILTER_VALUES_MAX
    )]
    TooLong,
    /// It is nested too deep.
    #[error("brackets and has_done stand at most {} deep within each other", limits::CONDITION_DEPTH_MAX)]
    TooDeep,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq)]
enum Word {
    Open,
    Close,
    /// A word without quotes, or a test with its values; what stood in quotes is marked.
    Plain(Vec<(char, bool)>),
}

/// Comparisons by how they are written, the longer first: whether they negate, and whether they look for a part.
const SIGNS: [(&str, bool, bool); 4] =
    [("!=", true, false), ("!~", true, true), ("=", false, false), ("~", false, true)];

impl TextCondition {
    /// Reads a condition.
    ///
    /// # Errors
    /// [`NotACondition`]
    pub fn read(text: &str) -> Result<TextCondition, NotACondition> {
        if text.chars().count() > limits::CONDITION_CHARS_MAX {
            return Err(NotACondition::TooLong);
        }
        let words = words(text)?;
        let mut reader = WordReader { words: words.iter().peekable(), before: String::new() };
        let condition = reader.any(0)?;
        if reader.words.peek().is_some() {
            return Err(match reader.words.peek() {
                Some(Word::Close) => NotACondition::Open,
                _ => reader.expected(),
            });
        }
        let tests = condition.tests();
        let values: usize = tests.iter().map(|filter| filter.test.len()).sum();
        if tests.len() > limits::CONDITION_TESTS_MAX || values > limits::FILTER_VALUES_MAX {
            return Err(NotACondition::TooLong);
        }
        if condition.depth() > limits::CONDITION_DEPTH_MAX { Err(NotACondition::TooDeep) } else { Ok(condition) }
    }
}

/// Divides a text at blanks and brackets outside of quotes.
fn words(text: &str) -> Result<Vec<Word>, NotACondition> {
    let (mut words, mut word) = (Vec::new(), Vec::new());
    let mut end = |word: &mut Vec<(char, bool)>, next: Option<Word>| {
        if !word.is_empty() {
            words.push(Word::Plain(std::mem::take(word)));
        }
        words.extend(next);
    };
    for (c, is_quoted) in marked(text)? {
        match c {
            '(' if !is_quoted => end(&mut word, Some(Word::Open)),
            ')' if !is_quoted => end(&mut word, Some(Word::Close)),
            c if c.is_whitespace() && !is_quoted => end(&mut word, None),
            c => word.push((c, is_quoted)),
        }
    }
    end(&mut word, None);
    Ok(words)
}

/// Reads words one after the other.
struct WordReader<'w, I: Iterator<Item = &'w Word>> {
    words: Peekable<I>,
    /// The last word that was read, for errors.
    before: String,
}

impl<'w, I: Iterator<Item = &'w Word>> WordReader<'w, I> {
    fn any(&mut self, depth: usize) -> Result<TextCondition, NotACondition> {
        let mut list = vec![self.all(depth)?];
        while self.takes("or") {
            list.push(self.all(depth)?);
        }
        Ok(Condition::any(list))
    }

    fn all(&mut self, depth: usize) -> Result<TextCondition, NotACondition> {
        let mut list = vec![self.one(depth)?];
        while self.takes("and") {
            list.push(self.one(depth)?);
        }
        Ok(Condition::all(list))
    }

    fn one(&mut self, depth: usize) -> Result<TextCondition, NotACondition> {
        // Brackets that change nothing, and negations, are no level of the condition, but of the reading.
        if depth > limits::FILTER_DEPTH_MAX {
            return Err(NotACondition::TooDeep);
        }
        if self.takes("not") {
            return Ok(self.one(depth + 1)?.negated());
        }
        if self.takes("has_done") {
            return Ok(Condition::Done(Box::new(self.one(depth + 1)?)));
        }
        if self.takes("has_not_done") {
            return Ok(Condition::NotDone(Box::new(self.one(depth + 1)?)));
        }
        match self.words.next() {
            Some(Word::Open) => {
                let inner = self.any(depth + 1)?;
                match self.words.next() {
                    Some(Word::Close) => Ok(inner),
                    Some(_) => Err(self.expected()),
                    None => Err(NotACondition::Open),
                }
            }
            Some(Word::Plain(word)) => {
                self.before = shown(word);
                test(word)
            }
            Some(Word::Close) => Err(NotACondition::Open),
            None => Err(self.expected()),
        }
    }

    /// Takes a word that is written so, in any case and without quotes.
    fn takes(&mut self, wanted: &str) -> bool {
        let is_it = match self.words.peek() {
            Some(Word::Plain(word)) => {
                word.iter().all(|(_, is_quoted)| !is_quoted) && shown(word).eq_ignore_ascii_case(wanted)
            }
            _ => false,
        };
        if is_it {
            self.words.next();
            self.before = wanted.to_owned();
        }
        is_it
    }

    fn expected(&self) -> NotACondition {
        NotACondition::Expected { after: cut(&self.before) }
    }
}

fn shown(word: &[(char, bool)]) -> String {
    word.iter().map(|(c, _)| *c).collect()
}

fn cut(text: &str) -> String {
    text.chars().take(limits::ECHO_CHARS_MAX).collect()
}

fn test(word: &[(char, bool)]) -> Result<TextCondition, NotACondition> {
    let WrittenTest { key, is_not, is_part, values } = WrittenTest::of(word)?;
    let axis = axis(&key)?;
    let test = if is_part { Test::Contains(values.into()) } else { axis.test(Test::Is(values)) };
    let condition = Condition::Is(Filter { axis, test });
    Ok(if is_not { condition.negated() } else { condition })
}

/// A test as it is written: a key, a sign, and values with commas between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenTest {
    /// What is tested.
    pub key: String,
    /// Whether values let pass what they are not.
    pub is_not: bool,
    /// Whether they are looked for as parts.
    pub is_part: bool,
    /// One of them is enough.
    pub values: Vec<String>,
}

impl WrittenTest {
    /// Reads one test by itself, in which blanks and brackets need no quotes.
    ///
    /// # Errors
    /// [`NotACondition`]
    pub fn read(text: &str) -> Result<WrittenTest, NotACondition> {
        WrittenTest::of(&marked(text)?)
    }

    fn of(word: &[(char, bool)]) -> Result<WrittenTest, NotACondition> {
        let wrong = || NotACondition::Form(cut(&shown(word)));
        let plain: String = word.iter().map(|(c, is_quoted)| if *is_quoted { '\0' } else { *c }).collect();
        let signs = plain.char_indices().enumerate().find_map(|(place, (at, _))| {
            let sign = SIGNS.iter().find(|(sign, ..)| plain[at..].starts_with(sign))?;
            Some((place, at, sign))
        });
        let (place, at, &(sign, is_not, is_part)) = signs.ok_or_else(wrong)?;
        if plain[at + sign.len()..].starts_with(['=', '~']) {
            return Err(NotACondition::Sign { test: cut(&shown(word)), sign });
        }
        let mut values = vec![String::new()];
        let mut rest = word[place + sign.len()..].iter().peekable();
        while let Some((c, is_quoted)) = rest.next() {
            let next = rest.peek().copied();
            let mut push = |c: char| values.last_mut().into_iter().for_each(|value| value.push(c));
            match (c, is_quoted, next) {
                ('\\', false, Some((escaped @ (',' | '\\'), false))) => {
                    push(*escaped);
                    rest.next();
                }
                // A comma before a blank is part of a value, as in `Berlin, DE-BE`.
                (',', false, next) if next != Some(&(' ', false)) => values.push(String::new()),
                _ => push(*c),
            }
        }
        if values.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(WrittenTest { key: shown(&word[..place]).trim().to_owned(), is_not, is_part, values })
    }
}

/// The characters of a text, and which stand in quotes.
fn marked(text: &str) -> Result<Vec<(char, bool)>, NotACondition> {
    let (mut marked, mut is_quoted) = (Vec::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if is_quoted && matches!(rest.peek(), Some('"' | '\\')) => {
                marked.extend(rest.next().map(|escaped| (escaped, true)));
            }
            // What is empty in quotes is a value all the same.
            '"' => is_quoted = !is_quoted,
            c => marked.push((c, is_quoted)),
        }
    }
    if is_quoted { Err(NotACondition::Open) } else { Ok(marked) }
}

fn axis(key: &str) -> Result<Axis<Arc<str>>, NotACondition> {
    match (key.strip_prefix("prop:"), Dimension::to_filter_by(key)) {
        (Some(key), _) if !key.is_empty() && key.len() <= limits::PROP_KEY_BYTES_MAX => {
            Ok(Axis::Prop { key: Arc::from(key), event: None })
        }
        (None, Some(dimension)) => Ok(Axis::Of(dimension)),
        _ => Err(NotACondition::Unknown(cut(key))),
    }
}

/// A test as [`Condition::read`] reads it, of values that are compared by this sign.
pub(crate) fn written(key: &str, sign: &str, values: &[String]) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '(' | ')' | ',' | '\\');
    let quoted = |text: &str, is_plain: bool| match is_plain {
        true => text.to_owned(),
        false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    let value = |value: &String| quoted(value, value.chars().all(is_plain) && !value.starts_with(['=', '~']));
    let key = quoted(key, key.chars().all(|c| is_plain(c) && !matches!(c, '=' | '~' | '!')));
    format!("{key}{sign}{}", values.iter().map(value).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(dimension: Dimension, values: &[&str]) -> TextCondition {
        let test = Test::Is(values.iter().map(|value| (*value).to_owned()).collect());
        Condition::Is(Filter { axis: Axis::Of(dimension), test })
    }

    fn read(text: &str) -> Result<TextCondition, NotACondition> {
        Condition::read(text)
    }

    #[test]
    fn a_text_is_read_as_people_mean_it() {
        let (mobile, german) = (is(Dimension::Device, &["mobile"]), is(Dimension::Country, &["DE"]));
        let pricing = || Condition::Done(Box::new(is(Dimension::Page, &["/pricing"])));
        let both = Condition::all([mobile.clone(), german.clone()]);
        assert_eq!(read("device=mobile and country=DE"), Ok(both.clone()));
        assert_eq!(read("  (device=mobile AND((country=DE)))"), Ok(both.clone()));
        assert_eq!(
            read("device=mobile and country=DE or has_done page=/pricing"),
            Ok(Condition::any([both, pricing()]))
        );
        let bracket = Condition::any([german, pricing()]);
        assert_eq!(
            read("device=mobile and (country=DE or has_done page=/pricing)"),
            Ok(Condition::all([mobile, bracket]))
        );
        assert_eq!(read(r#"source="Direct / None""#), Ok(is(Dimension::Source, &["Direct / None"])));
        assert_eq!(read(r#"city="Berlin, DE-BE",x"#), Ok(is(Dimension::City, &["Berlin, DE-BE", "x"])));
        assert_eq!(read(r#"page="/a\"b\\(c)""#), Ok(is(Dimension::Page, &[r#"/a"b\(c)"#])));
        assert_eq!(read("page=/a=b"), Ok(is(Dimension::Page, &["/a=b"])));
        assert_eq!(read(r#"page="and""#), Ok(is(Dimension::Page, &["and"])));
        let plan = Filter { axis: Axis::Prop { key: "plan".into(), event: None }, test: Test::Is(vec!["pro".into()]) };
        assert_eq!(read("prop:plan=pro"), Ok(Condition::Is(plan)));
    }

    #[test]
    fn what_is_no_condition_is_told_why() {
        for (text, expected) in [
            ("", "after \"\" a test like country=DE"),
            ("country=DE and", "after \"and\" a test"),
            ("country=DE country=FR", "after \"country=DE\" a test"),
            ("country", "\"country\" is no test"),
            ("country=", "\"country=\" is no test"),
            ("country=DE,", "is no test"),
            ("page==/x", "\"page==/x\" has more than the sign \"=\"; write it like page=/pricing"),
            ("page!==/x", "write it like page!=/pricing"),
            ("page=~x", "write it like page=/pricing"),
            ("page~=x", "write it like page~/pricing"),
            ("colour=red", "\"colour\" is nothing to test; there are source, "),
            ("prop:=red", "is nothing to test"),
            ("segment=1", "is nothing to test"),
            ("(country=DE", "must be closed"),
            ("country=DE)", "must be closed"),
            ("country=\"DE", "must be closed"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert_eq!(read(&"(".repeat(1_000)), Err(NotACondition::TooDeep));
        let five = "has_done (country=DE or (page=/ and (page=/a or (page=/b and page=/c))))";
        assert_eq!(read(five), Err(NotACondition::TooDeep));
        assert_eq!(read(&vec!["page=/"; limits::CONDITION_TESTS_MAX + 1].join(" or ")), Err(NotACondition::TooLong));
        assert_eq!(read(&"x".repeat(limits::CONDITION_CHARS_MAX + 1)), Err(NotACondition::TooLong));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for values in
            [vec!["Direct / None"], vec!["a,b", "c"], vec![r#"\"("#, "é"], vec!["/a\\b"], vec!["=x", "~y", "x=y"]]
        {
            let owned: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(read(&written("source", "=", &owned)), Ok(is(Dimension::Source, &values)), "{values:?}");
        }
        for key in ["my key", "a=b", "a!b", r#"a"b"#] {
            let text = written(&format!("prop:{key}"), "!=", &["=x".to_owned()]);
            let plan = Filter { axis: Axis::Prop { key: key.into(), event: None }, test: Test::Is(vec!["=x".into()]) };
            assert_eq!(read(&text), Ok(Condition::Is(plan).negated()), "{text}");
        }
    }
}
