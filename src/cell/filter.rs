//! Whether a value passes a filter, and how long that takes to tell.

use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;

use super::{Axis, Condition, Dimension, NOT_SET, OTHER};
use crate::limits;

/// Stands between channel and source in [`Dimension::ChannelAndSource`]: the unit separator of ASCII, which no name holds.
pub const JOINT: char = '\u{1f}';

/// Which values of a dimension are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter<N> {
    /// The dimension, or a property; [`Axis::Total`] under a condition on whole visits.
    pub axis: Axis<N>,
    /// Which of its values.
    pub test: Test,
}

/// A test of a value.
#[derive(Debug, Clone)]
pub enum Test {
    /// It is one of these.
    Is(Vec<String>),
    /// It contains one of these.
    Contains(WantedTexts),
    /// One of these expressions matches somewhere in it.
    Matches(Vec<Expression>),
    /// As the inner test, of the value and the test's texts in lower case; those are in lower case already.
    AnyCase(Box<Test>),
    /// Another test fails.
    Not(Box<Test>),
    /// All of these hold.
    All(Vec<Test>),
    /// One of these holds.
    Any(Vec<Test>),
    /// The value of a dimension that this value implies passes: `Berlin, DE-BE` implies the country `DE`.
    Implied(Dimension, Box<Test>),
    /// A condition on a whole visit and its hits holds. No value tells that.
    Holds(Arc<Condition<Arc<str>>>),
}

/// Texts of which a value contains one or none. Many are looked for in one pass.
#[derive(Debug, Clone)]
pub struct WantedTexts {
    texts: Vec<String>,
    /// Made when it is first wanted: not by whoever reads a request. Nothing where there are too many texts for one.
    automaton: Arc<OnceLock<Option<AhoCorasick>>>,
}

impl From<Vec<String>> for WantedTexts {
    fn from(texts: Vec<String>) -> WantedTexts {
        WantedTexts { texts, automaton: Arc::default() }
    }
}

impl WantedTexts {
    fn are_few(&self) -> bool {
        self.texts.len() <= limits::TEXTS_SOUGHT_ALONE
    }

    fn are_in(&self, value: &str) -> bool {
        let each_alone = || self.texts.iter().any(|text| value.contains(text.as_str()));
        if self.are_few() {
            return each_alone();
        }
        let automaton = self.automaton.get_or_init(|| AhoCorasick::new(&self.texts).ok());
        automaton.as_ref().map_or_else(each_alone, |automaton| automaton.is_match(value))
    }
}

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Expression {
    regex: regex::Regex,
    /// How many cells are read in the time in which it looks at two bytes, if all goes badly.
    cells: usize,
}

impl Expression {
    /// Compiles one; nothing if it is none or too large.
    pub fn of(text: &str, any_case: bool) -> Option<Expression> {
        for (bytes, cells) in limits::EXPRESSION_SIZES {
            let mut builder = regex::RegexBuilder::new(text);
            match builder.case_insensitive(any_case).size_limit(bytes).build() {
                Ok(regex) => return Some(Expression { regex, cells }),
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }
}

impl PartialEq for Test {
    fn eq(&self, other: &Test) -> bool {
        use Test::{All, Any, AnyCase, Contains, Holds, Implied, Is, Matches, Not};
        match (self, other) {
            (Is(a), Is(b)) => a == b,
            (Contains(a), Contains(b)) => a.texts == b.texts,
            (Matches(a), Matches(b)) => a.iter().map(Expression::as_str).eq(b.iter().map(Expression::as_str)),
            (AnyCase(a), AnyCase(b)) | (Not(a), Not(b)) => a == b,
            (All(a), All(b)) | (Any(a), Any(b)) => a == b,
            (Implied(a, x), Implied(b, y)) => a == b && x == y,
            (Holds(a), Holds(b)) => a == b,
            _ => false,
        }
    }
}

impl Filter<Arc<str>> {
    /// The filter that lets pass what a condition holds for.
    pub fn of_visits(condition: Condition<Arc<str>>) -> Filter<Arc<str>> {
        Filter { axis: Axis::Total, test: Test::Holds(Arc::new(condition)) }
    }

    /// The condition on whole visits, if it is one.
    pub fn condition(&self) -> Option<&Condition<Arc<str>>> {
        match &self.test {
            Test::Holds(condition) if self.axis == Axis::Total => Some(condition),
            _ => None,
        }
    }
}

impl Test {
    /// Whether a value passes.
    pub fn passes(&self, value: &str) -> bool {
        match self {
            Test::Is(texts) => texts.iter().any(|text| text == value),
            // What stands for no value, and for many, has no parts.
            Test::Contains(_) | Test::Matches(_) if matches!(value, NOT_SET | OTHER) => false,
            Test::Contains(texts) => texts.are_in(value),
            Test::Matches(expressions) => expressions.iter().any(|expression| expression.regex.is_match(value)),
            Test::AnyCase(test) => test.passes(&value.to_lowercase()),
            Test::Not(test) => !test.passes(value),
            Test::All(tests) => tests.iter().all(|test| test.passes(value)),
            Test::Any(tests) => tests.iter().any(|test| test.passes(value)),
            Test::Implied(dimension, test) => test.passes(implied(value, *dimension)),
            Test::Holds(_) => false,
        }
    }

    /// How long it takes to test a value of so many bytes, in cells that are read in that time.
    pub fn work(&self, bytes: usize) -> usize {
        match self {
            Test::Is(texts) => 1 + texts.len() / limits::TEXTS_PER_CELL,
            Test::Contains(texts) if texts.are_few() => texts.texts.len() + bytes / limits::SOUGHT_BYTES_PER_CELL,
            Test::Contains(_) => 1 + bytes / limits::SOUGHT_BYTES_PER_CELL,
            Test::Matches(list) => list.iter().map(|one| (1 + bytes / 2).saturating_mul(one.cells)).sum(),
            Test::AnyCase(test) => 1 + bytes / limits::SOUGHT_BYTES_PER_CELL + test.work(bytes),
            Test::Not(test) | Test::Implied(_, test) => 1 + test.work(bytes),
            Test::All(tests) | Test::Any(tests) => 1 + tests.iter().map(|test| test.work(bytes)).sum::<usize>(),
            Test::Holds(_) => 1,
        }
    }

    /// How many texts, expressions and tests of other tests it has.
    pub fn len(&self) -> usize {
        match self {
            Test::Is(texts) => texts.len(),
            Test::Contains(texts) => texts.texts.len(),
            Test::Matches(list) => list.len(),
            Test::AnyCase(test) | Test::Not(test) | Test::Implied(_, test) => test.len(),
            Test::All(tests) | Test::Any(tests) => 1 + tests.iter().map(Test::len).sum::<usize>(),
            Test::Holds(condition) => condition.tests().iter().map(|filter| filter.test.len()).sum(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it lets pass every value.
    pub fn passes_all(&self) -> bool {
        matches!(self, Test::All(tests) if tests.iter().all(Test::passes_all))
    }

    /// The values that it lets pass, where it names them one by one.
    pub fn named(&self) -> Option<&[String]> {
        match self {
            Test::Is(texts) => Some(texts),
            _ => None,
        }
    }

    /// The values that it names one by one, to let them pass or not.
    pub fn named_either_way(&self) -> Option<&[String]> {
        match self {
            Test::Not(test) => test.named(),
            test => test.named(),
        }
    }

    /// Whether it can let pass no more than one value.
    pub fn is_single(&self) -> bool {
        match self {
            Test::Is(texts) => texts.len() <= 1,
            Test::All(tests) => tests.iter().any(Test::is_single) || joins_single(tests),
            Test::Any(tests) => tests.len() == 1 && tests.iter().all(Test::is_single),
            // Whole visits are counted once, however many values they have.
            Test::Holds(_) => true,
            _ => false,
        }
    }
}

/// Whether tests let pass one channel and one source.
fn joins_single(tests: &[Test]) -> bool {
    let is_single = |wanted: Dimension| {
        let is =
            |test: &Test| matches!(test, Test::Implied(dimension, test) if *dimension == wanted && test.is_single());
        tests.iter().any(is)
    };
    is_single(Dimension::Channel) && is_single(Dimension::Source)
}

/// The value that a value implies: cities are written `Name, REGION`, regions begin with their country, and versions stand
/// behind their name. What is not set implies nothing.
pub fn implied(value: &str, dimension: Dimension) -> &str {
    if value == NOT_SET {
        return NOT_SET;
    }
    match dimension {
        Dimension::Channel => value.split_once(JOINT).map_or(value, |(channel, _)| channel),
        Dimension::Source => value.split_once(JOINT).map_or(value, |(_, source)| source),
        Dimension::Property => value.split_once(JOINT).map_or(value, |(_, value)| value),
        // Of money.
        Dimension::Event => value.rsplit_once(JOINT).map_or(value, |(event, _)| event),
        // Where the region is not known, the country stands in its place.
        Dimension::Region => match value.rsplit_once(", ").map_or(value, |(_, region)| region) {
            country if country.len() == 2 => NOT_SET,
            region => region,
        },
        // A city's name.
        Dimension::City => value.rsplit_once(", ").map_or(value, |(name, _)| name),
        Dimension::Country => {
            let region = value.rsplit_once(", ").map_or(value, |(_, region)| region);
            region.split_once('-').map_or(region, |(country, _)| country)
        }
        // Windows had versions with names, some of several words.
        _ if value.starts_with("Windows ") => "Windows",
        _ => value.rsplit_once(' ').filter(|(_, last)| is_version(last)).map_or(value, |(name, _)| name),
    }
}

impl Dimension {
    /// The dimension among whose names its values are.
    pub const fn named_by(self) -> Dimension {
        match self {
            Dimension::EntryPage | Dimension::ExitPage | Dimension::PreviousPage => Dimension::Page,
            other => other,
        }
    }
}

/// Whether the last word of a value is a version: names may have several words.
fn is_version(last: &str) -> bool {
    last.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(texts: &[&str]) -> Test {
        Test::Is(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn a_test_is_what_its_words_say() {
        let contains = Test::Contains(vec!["blog".into()].into());
        let matches = Test::Matches(vec![Expression::of("^/b.*g$", false).unwrap()]);
        assert!(is(&["/a", "/b"]).passes("/b") && !is(&["/a"]).passes("/b"));
        assert!(contains.passes("/blog/x") && !contains.passes("/Blog"));
        assert!(Test::AnyCase(Box::new(contains.clone())).passes("/Blog"));
        assert!(matches.passes("/blog") && !matches.passes("/blog/"));
        assert!(Test::Not(Box::new(contains.clone())).passes("/"));
        assert!(!Test::All(vec![contains.clone(), is(&["/"])]).passes("/blog"));
        assert!(Test::Any(vec![contains, is(&["/"])]).passes("/"));
        let [part, any] =
            [Test::Contains(vec!["t".into()].into()), Test::Matches(vec![Expression::of("", false).unwrap()])];
        for test in [part.clone(), any, Test::AnyCase(Box::new(part))] {
            assert!(!test.passes(NOT_SET) && !test.passes(OTHER) && test.passes("note"), "{test:?} finds no value");
            assert!(Test::Not(Box::new(test)).passes(NOT_SET));
        }
    }

    #[test]
    fn many_texts_are_found_as_few_are() {
        let texts: Vec<String> = (0..1_000).map(|number| format!("/{number}/")).chain(["é".into()]).collect();
        let many = Test::Contains(texts.clone().into());
        let each = |value: &str| texts.iter().any(|text| value.contains(text.as_str()));
        for value in ["", "/", "/99", "/99/", "/x/999/y", "/1000/", "café", "e"] {
            assert_eq!(many.passes(value), each(value), "{value}");
        }
        assert!(
            Test::Contains(vec![String::new(); 100].into()).passes("") && !Test::Contains(Vec::new().into()).passes("")
        );
    }

    #[test]
    fn what_takes_longer_is_more_work() {
        let contains =
            |many: usize| Test::Contains((0..many).map(|number| number.to_string()).collect::<Vec<_>>().into());
        let matches = |text: &str| Test::Matches(vec![Expression::of(text, false).unwrap()]);
        let work = |test: &Test| test.work(800);
        assert!(work(&contains(1)) <= work(&contains(1_000)) && work(&contains(1_000)) >= 100);
        assert!(Test::Is(vec![String::new(); 1_000]).work(1) >= 100);
        assert!(work(&Test::Any(vec![contains(1_000); 10])) >= 10 * work(&contains(1_000)));
        assert!(work(&matches("^/blog/.*$")) >= 400 && work(&matches("^/blog/.*$")) <= 1_000);
        assert!(work(&matches("(a{0,50}){0,50}")) >= 16 * work(&matches("^/blog/.*$")));
        assert!(Expression::of("(a{0,500}){0,500}", false).is_none() && Expression::of("(", false).is_none());
        assert_eq!(Test::All(vec![contains(3), Test::Not(Box::new(is(&["a", "b"])))]).len(), 6);
    }

    #[test]
    fn what_is_finer_implies_what_is_coarser() {
        for (value, dimension, expected) in [
            ("Berlin, DE-BE", Dimension::Region, "DE-BE"),
            ("Berlin, DE-BE", Dimension::Country, "DE"),
            ("Washington, D.C., US-DC", Dimension::Country, "US"),
            ("Berlin, DE", Dimension::Region, NOT_SET),
            ("Berlin, DE", Dimension::Country, "DE"),
            ("DE-BE", Dimension::Country, "DE"),
            ("Samsung Internet 25", Dimension::Browser, "Samsung Internet"),
            ("Samsung Internet", Dimension::Browser, "Samsung Internet"),
            ("Windows 10", Dimension::Os, "Windows"),
            ("Windows XP", Dimension::Os, "Windows"),
            ("Windows Phone OS", Dimension::Os, "Windows"),
            ("Linux", Dimension::Os, "Linux"),
            ("Organic Search\u{1f}Google", Dimension::Channel, "Organic Search"),
            ("Organic Search\u{1f}Google", Dimension::Source, "Google"),
            ("Sign\u{1f}up\u{1f}EUR", Dimension::Event, "Sign\u{1f}up"),
            (NOT_SET, Dimension::Country, NOT_SET),
        ] {
            assert_eq!(implied(value, dimension), expected, "{value}");
            assert!(Test::Implied(dimension, Box::new(is(&[expected]))).passes(value));
        }
        assert!(is(&["a"]).is_single() && !is(&["a", "b"]).is_single());
        assert!(Test::All(vec![is(&["Berlin, DE-BE"]), Test::Not(Box::new(is(&["x"])))]).is_single());
    }
}
