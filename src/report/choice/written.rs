//! One filter as it is written, read and written again.

use std::fmt;

use super::{Comparison, FilterKey, NotAChoice, WrittenFilter};
use crate::cell::condition::{NotACondition, WrittenTest, written};
use crate::cell::{Axis, Dimension, Test};
use crate::counts::Name;
use crate::limits;

impl WrittenFilter {
    /// The filter for one value.
    pub fn is(key: FilterKey, value: &str) -> WrittenFilter {
        WrittenFilter { key, comparison: Comparison::Is, values: vec![value.to_owned()] }
    }

    pub(super) fn read(text: &str) -> Result<WrittenFilter, NotAChoice> {
        let wrong = || NotAChoice::Form(text.chars().take(limits::ECHO_CHARS_MAX).collect());
        if let Some((key, value)) = all_one_value(text) {
            let key = FilterKey::read(key.trim())?;
            return if value.is_empty() { Err(wrong()) } else { Ok(WrittenFilter::is(key, value)) };
        }
        let WrittenTest { key, is_not, is_part, values } = WrittenTest::read(text).map_err(|error| match error {
            NotACondition::Form(_) => wrong(),
            error => error.into(),
        })?;
        if key.is_empty() || key == "prop:" {
            return Err(wrong());
        }
        let comparison = match (is_not, is_part) {
            (false, false) => Comparison::Is,
            (true, false) => Comparison::IsNot,
            (false, true) => Comparison::Contains,
            (true, true) => Comparison::ContainsNot,
        };
        Ok(WrittenFilter { key: FilterKey::read(&key)?, comparison, values })
    }

    /// What it is written as, so that [`Choice::read`](super::Choice::read) reads it again.
    pub fn texts(&self) -> Vec<String> {
        let key = self.key.to_string();
        if self.comparison == Comparison::Is && all_one_value(&format!("{key}:x")).is_some_and(|(own, _)| own == key) {
            return self.values.iter().map(|value| format!("{key}:{value}")).collect();
        }
        vec![written(&key, self.comparison.sign(), &self.values)]
    }

    pub(super) fn axis(&self) -> Option<Axis<Name>> {
        match &self.key {
            FilterKey::Of(dimension) => Some(Axis::Of(*dimension)),
            FilterKey::Prop(key) => Some(Axis::Prop { key: Name::from(key.as_str()), event: None }),
            FilterKey::Goal | FilterKey::Where => None,
        }
    }

    pub(super) fn test(&self) -> Test {
        let values = self.values.clone();
        let test = match self.comparison {
            Comparison::Is => Test::Is(values),
            Comparison::IsNot => Test::Not(Box::new(Test::Is(values))),
            Comparison::Contains => Test::Contains(values.into()),
            Comparison::ContainsNot => Test::Not(Box::new(Test::Contains(values.into()))),
        };
        self.axis().map_or(test.clone(), |axis| axis.test(test))
    }
}

/// The key and the value of a filter whose first sign is `:`: all that follows is one value.
fn all_one_value(text: &str) -> Option<(&str, &str)> {
    let begin = if text.starts_with("prop:") { "prop:".len() } else { 0 };
    let at = begin + text[begin..].find(['=', '~', '!', '"', ':'])?;
    let value = text[at..].strip_prefix(':')?;
    (at > begin).then_some((&text[..at], value))
}

impl FilterKey {
    fn read(text: &str) -> Result<FilterKey, NotAChoice> {
        if let Some(key) = text.strip_prefix("prop:") {
            return Ok(FilterKey::Prop(key.to_owned()));
        }
        match Dimension::to_filter_by(text) {
            Some(dimension) => Ok(FilterKey::Of(dimension)),
            None if text == "goal" => Ok(FilterKey::Goal),
            None if text == "where" => Ok(FilterKey::Where),
            None if text == Dimension::Segment.name() => Ok(FilterKey::Of(Dimension::Segment)),
            None => Err(NotAChoice::FilterKey(text.chars().take(limits::ECHO_CHARS_MAX).collect())),
        }
    }
}

impl fmt::Display for FilterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilterKey::Of(dimension) => f.write_str(dimension.name()),
            FilterKey::Prop(key) => write!(f, "prop:{key}"),
            FilterKey::Goal => f.write_str("goal"),
            FilterKey::Where => f.write_str("where"),
        }
    }
}

impl fmt::Display for WrittenFilter {
    /// As people say it: `source is Google or Bing`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.key, self.comparison.words(), self.values.join(" or "))
    }
}

impl Comparison {
    /// How it is written between them.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Comparison::Is => "=",
            Comparison::IsNot => "!=",
            Comparison::Contains => "~",
            Comparison::ContainsNot => "!~",
        }
    }

    /// What it is called between a key and a value.
    pub const fn words(self) -> &'static str {
        match self {
            Comparison::Is => "is",
            Comparison::IsNot => "is not",
            Comparison::Contains => "contains",
            Comparison::ContainsNot => "does not contain",
        }
    }
}
