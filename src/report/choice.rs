//! Filters as people write them, on a command line or in the address of a page: the filter or goal that they mean, the questions
//! about it, and the text that leads back to it.

mod following;
mod visits;

use std::fmt;

use super::query::{Expr, QueryError, few_filters};
use super::sections::{SECTIONS, not_counted};
use super::{Question, Span, past_budget};
use crate::cell::condition::{NotACondition, WrittenTest, written};
use crate::cell::{Axis, ConditionScope, DIMENSIONS, Dimension, Dimensions, Filter, Metric, Test};
use crate::counts::Name;
use crate::limits;
use crate::site::{Day, Goal, Site, SiteId, Target};
pub use following::exit_line;
pub use visits::{
    NotMet, SegmentScope, met_segments, named_among, not_met, reaching, scope_of, segment, segment_condition,
};

/// What a reader wants to see alone, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// All of them hold.
    pub parts: Vec<WrittenFilter>,
}

/// One filter as written: `source=Google`, `page!=/`, `page~blog`, `prop:plan=pro`, `goal=Signup`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFilter {
    /// By what.
    pub key: FilterKey,
    /// How values are compared.
    pub comparison: Comparison,
    /// With what; one of them is enough.
    pub values: Vec<String>,
}

/// What can be filtered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterKey {
    /// A dimension.
    Of(Dimension),
    /// A property of events.
    Prop(String),
    /// The site's goals.
    Goal,
    /// A condition on whole visits, which is the value.
    Where,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It is one of the values.
    Is,
    /// It is none of them.
    IsNot,
    /// It contains one of them.
    Contains,
    /// It contains none of them.
    ContainsNot,
}

/// Why filters can't be used: one sentence with the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAChoice {
    /// It has no sign or no value.
    #[error("{0:?} is no filter; write it like source=Google, page!=/, page~blog or prop:plan=pro")]
    Form(String),
    /// Nothing is called so.
    #[error("{0:?} is nothing to filter by; there are {keys}, section, prop:KEY, goal and segment", keys = keys_of(DIMENSIONS))]
    FilterKey(String),
    /// The site has no such goal.
    #[error("{1} has no goal {0:?}; `headcount goal list {1}` shows all")]
    NoGoal(String, String),
    /// The site has no such segment.
    #[error("{1} has no segment {0:?}; `headcount segment list {1}` shows all")]
    NoSegment(String, String),
    /// The site counts no sections.
    #[error("{0}")]
    NoSections(String),
    /// Segments have names and numbers.
    #[error("a segment is named, as in segment=NAME or segment!=NAME")]
    SegmentPart,
    /// It is asked of visits alone.
    #[error("sums do not answer a condition")]
    OfVisits,
    /// Several sites have neither in common.
    #[error("goals and segments belong to one site each: look at them on the page of that site")]
    OfOneSite,
    /// What should be a condition is none.
    #[error(transparent)]
    Condition(#[from] NotACondition),
    /// Sums of several segments can't be added.
    #[error(
        "one segment can be looked at at a time: what is in several of them is known of days whose visits are in memory alone"
    )]
    Segments,
    /// Sums of several segments can't be taken away.
    #[error(
        "what is in no segment is known of days whose visits are in memory alone; ask for today, or declare a segment of it"
    )]
    NotSegment,
    /// What is asked of hits is not kept together.
    #[error(
        "which pages the hits with a property were on is not kept, nor which properties came together; test it within has_done, or beside event and what visits have"
    )]
    NotKept,
    /// Goals can't be joined.
    #[error("one goal can be looked at at a time, by its name: write goal=NAME once")]
    Goals,
    /// There are too many values.
    #[error("a filter takes at most {max} values", max = limits::FILTER_VALUES_MAX)]
    TooMany,
    /// There are too many filters.
    #[error("at most {max} filters can be joined", max = limits::FILTER_PARTS_MAX)]
    TooManyParts,
    /// It is not counted by what else is chosen.
    #[error("{0}")]
    NotMet(NotMet),
    /// Sums don't know how these meet.
    #[error(transparent)]
    Refused(#[from] QueryError),
}

/// The dimensions that can be filtered by.
pub(crate) fn keys_of(dimensions: Dimensions<'_>) -> String {
    dimensions.names().join(", ")
}

/// A choice, resolved for a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chosen {
    /// The filters that it comes down to, each on a dimension of its own.
    pub filters: Vec<Filter<Name>>,
    /// The goal.
    pub goal: Option<Goal>,
    /// What the filter's segments let pass, if it is on segments.
    pub segment: Option<SegmentScope>,
    /// The site's first day of which sections are counted as they are now; nothing for all.
    pub sections_since: Option<Day>,
}

/// What is counted of what was chosen, which tells the metrics that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Whole visits.
    Visits,
    /// Hits on pages, which know the visits that entered there.
    Pages,
    /// Other hits.
    Hits,
    /// Named events.
    Events,
    /// What reaches a goal by an event.
    EventGoal,
    /// What reaches a goal by a page.
    PageGoal,
}

impl Choice {
    /// Reads filters. Several of the same key that say `=` are one: any of their values will do.
    ///
    /// # Errors
    /// [`NotAChoice`]
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Choice, NotAChoice> {
        let mut choice = Choice::default();
        for text in texts {
            choice = choice.and(WrittenFilter::read(text)?);
            if choice.parts.len() > limits::FILTER_PARTS_MAX {
                return Err(NotAChoice::TooManyParts);
            }
        }
        let values: usize = choice.parts.iter().map(|part| part.values.len()).sum();
        if values > limits::FILTER_VALUES_MAX { Err(NotAChoice::TooMany) } else { Ok(choice) }
    }

    /// This choice and one more filter.
    #[must_use]
    pub fn and(mut self, part: WrittenFilter) -> Choice {
        let joins = |other: &&mut WrittenFilter| other.key == part.key && other.comparison == Comparison::Is;
        match self.parts.iter_mut().find(joins).filter(|_| part.comparison == Comparison::Is) {
            Some(other) => other.values.extend(part.values),
            None => self.parts.push(part),
        }
        self
    }

    /// This choice without the filter at a place.
    #[must_use]
    pub fn without(mut self, place: usize) -> Choice {
        if place < self.parts.len() {
            self.parts.remove(place);
        }
        self
    }

    /// Whether a condition on whole visits is among it.
    pub fn has_condition(&self) -> bool {
        self.parts.iter().any(|part| part.key == FilterKey::Where)
    }

    /// Whether all is wanted.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// What it is at a site.
    ///
    /// # Errors
    /// [`NotAChoice`] for goals that the site has not, and for filters that sums can't join.
    pub fn resolve(&self, site: &Site) -> Result<Chosen, NotAChoice> {
        let mut goals = self.parts.iter().filter(|part| part.key == FilterKey::Goal);
        let goal = goals.next().map(|part| goal(part, site)).transpose()?;
        if goals.next().is_some() {
            return Err(NotAChoice::Goals);
        }
        if self.parts.iter().any(|part| part.key == FilterKey::Where) {
            return Err(NotAChoice::OfVisits);
        }
        self.check_sections(site)?;
        let mut segment = None;
        let mut tests = Vec::new();
        for part in &self.parts {
            let Some(axis) = part.axis() else { continue };
            if part.key != FilterKey::Of(Dimension::Segment) {
                tests.push(Expr::Is(axis, part.test()));
                continue;
            }
            match part.comparison {
                Comparison::Is if part.values.len() == 1 => {}
                Comparison::Is => return Err(NotAChoice::Segments),
                Comparison::IsNot => return Err(NotAChoice::NotSegment),
                Comparison::Contains | Comparison::ContainsNot => return Err(NotAChoice::SegmentPart),
            }
            let numbers = visits::numbers(&part.values, site)?;
            segment = Some(scope_of(&numbers, site));
            tests.push(Expr::Is(axis, Test::Is(numbers)));
        }
        let sections_since = site.settings.sections.since;
        let chosen = Chosen { filters: few_filters(Expr::All(tests))?, goal, segment, sections_since };
        chosen.unnamed(site).map_or(Ok(chosen), |key| Err(NotAChoice::NotMet(NotMet::Property(key))))
    }

    /// Refuses sections where none are counted.
    fn check_sections(&self, site: &Site) -> Result<(), NotAChoice> {
        let is_asked = self.parts.iter().any(|part| part.key == FilterKey::Of(Dimension::Section));
        if is_asked && !site.has_sections() { Err(NotAChoice::NoSections(not_counted(site))) } else { Ok(()) }
    }

    /// The query text of an address that leads back to it, such as `filter=source:Google`; empty without filters.
    pub fn query(&self) -> String {
        let texts = self.parts.iter().flat_map(WrittenFilter::texts);
        texts.map(|text| format!("filter={}", escaped(&text))).collect::<Vec<_>>().join("&")
    }
}

fn goal(part: &WrittenFilter, site: &Site) -> Result<Goal, NotAChoice> {
    if site.id == SiteId::TOGETHER {
        return Err(NotAChoice::OfOneSite);
    }
    let (Comparison::Is, [name]) = (part.comparison, part.values.as_slice()) else { return Err(NotAChoice::Goals) };
    let found = site.settings.goals.iter().find(|goal| goal.name == *name).cloned();
    found.ok_or_else(|| NotAChoice::NoGoal(name.clone(), site.domain.to_string()))
}

/// A text as part of a query, with what may stand there as it is left readable.
pub fn escaped(text: &str) -> String {
    let escaped: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    escaped.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",")
}

impl WrittenFilter {
    /// The filter for one value.
    pub fn is(key: FilterKey, value: &str) -> WrittenFilter {
        WrittenFilter { key, comparison: Comparison::Is, values: vec![value.to_owned()] }
    }

    fn read(text: &str) -> Result<WrittenFilter, NotAChoice> {
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

    /// What it is written as, so that [`Choice::read`] reads it again.
    pub fn texts(&self) -> Vec<String> {
        let key = self.key.to_string();
        if self.comparison == Comparison::Is && all_one_value(&format!("{key}:x")).is_some_and(|(own, _)| own == key) {
            return self.values.iter().map(|value| format!("{key}:{value}")).collect();
        }
        vec![written(&key, self.comparison.sign(), &self.values)]
    }

    fn axis(&self) -> Option<Axis<Name>> {
        match &self.key {
            FilterKey::Of(dimension) => Some(Axis::Of(*dimension)),
            FilterKey::Prop(key) => Some(Axis::Prop { key: Name::from(key.as_str()), event: None }),
            FilterKey::Goal | FilterKey::Where => None,
        }
    }

    fn test(&self) -> Test {
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
    const fn sign(self) -> &'static str {
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

impl Chosen {
    /// The questions whether values of what is chosen were past the budget of a day: some of it may be among them.
    pub fn past_budget(&self, site: &Site, span: Span) -> Vec<Question> {
        past_budget::questions(site, span, &past_budget::tests_of(&self.filters, self.segments(site), &self.goal))
    }

    /// The only event that is looked at.
    pub fn event(&self) -> Option<&str> {
        match (&self.goal, self.filters.as_slice()) {
            (Some(Goal { target: Target::Event(event), .. }), []) => Some(event),
            (None, [Filter { axis: Axis::Of(Dimension::Event), test }]) => match test.named() {
                Some([event]) => Some(event),
                _ => None,
            },
            _ => None,
        }
    }

    /// The question about what is chosen alone. Conversion rates are of all visitors that the filters let pass. Of more than two
    /// dimensions it is estimated; nothing where that can't be.
    pub fn ask(&self, question: Question) -> Option<Question> {
        let question = Question { sections_since: self.sections_since, ..question };
        if self.condition().is_some() {
            return Some(self.ask_visits(question));
        }
        let event = self.event();
        // Properties are counted under their event, in cells of their own.
        if let (Some(event), Axis::Prop { key, event: None }) = (event, &question.axis) {
            let axis = Axis::Prop { key: key.clone(), event: Some(Name::from(event)) };
            return Some(Question { axis, ..question });
        }
        if let Some(goal) = &self.goal {
            return question.of_goals(&[&goal.target], &self.filters);
        }
        let asked = question.clone().under(&self.filters).or_else(|| question.estimated(None, &self.filters))?;
        let money = event.map_or_else(|| asked.money.clone(), |event| vec![Name::from(event)]);
        Some(Question { money, ..asked })
    }

    /// The first property that is chosen beside something else, and that the owner has not named.
    fn unnamed(&self, site: &Site) -> Option<String> {
        let is_event = matches!(&self.goal, Some(Goal { target: Target::Event(_), .. }));
        let is_met = self.filters.len() > 1 || self.goal.is_some() && !is_event;
        self.filters.iter().filter(|_| is_met).find_map(|filter| match &filter.axis {
            Axis::Prop { key, event: None } if site.named_property(key).is_none() => Some(key.to_string()),
            _ => None,
        })
    }

    /// What is counted of it.
    pub fn scope(&self) -> Scope {
        let of_visits = self.condition().map(|condition| match condition.scope() {
            Some(ConditionScope::Visits) => Scope::Visits,
            Some(ConditionScope::Property(_)) => Scope::Events,
            _ => Scope::Hits,
        });
        if let Some(scope) = of_visits.filter(|_| self.goal.is_none()) {
            return scope;
        }
        let is = |of: fn(&Axis<Name>) -> bool| self.filters.iter().any(|filter| of(&filter.axis));
        let is_of_hits = |axis: &Axis<Name>| match axis {
            Axis::Of(Dimension::Page | Dimension::Segment) => false,
            Axis::Of(dimension) => !dimension.is_of_visit(),
            _ => false,
        };
        match &self.goal {
            Some(Goal { target: Target::Event(_), .. }) => Scope::EventGoal,
            Some(_) => Scope::PageGoal,
            None if self.segment == Some(SegmentScope::Properties) => Scope::Events,
            None if is(|axis| !matches!(axis, Axis::Of(dimension) if *dimension != Dimension::Event)) => Scope::Events,
            None if self.segment == Some(SegmentScope::Hits) || is(is_of_hits) => Scope::Hits,
            None if is(|axis| *axis == Axis::Of(Dimension::Page)) => Scope::Pages,
            None => Scope::Visits,
        }
    }

    /// Whether all is wanted.
    pub fn is_all(&self) -> bool {
        self.filters.is_empty() && self.goal.is_none()
    }

    /// Whether it is a filter on sections, alone or beside others.
    pub fn is_of_sections(&self) -> bool {
        self.filters.iter().any(|filter| filter.axis == SECTIONS)
    }

    /// Whether two dimensions have to be known together for it, which are not kept by hour, nor are sections; those of a segment are.
    pub fn is_of_two(&self) -> bool {
        let is_of_sums = self.condition().is_none();
        is_of_sums
            && (self.segment.is_some()
                || self.is_of_sections()
                || self.filters.len() + usize::from(self.goal.is_some()) > 1)
    }
}

impl Scope {
    /// What stands for single hits: pageviews or events.
    pub fn hits(self) -> Metric {
        match self {
            Scope::Visits | Scope::Pages | Scope::Hits => Metric::Pageviews,
            Scope::Events | Scope::EventGoal | Scope::PageGoal => Metric::Events,
        }
    }

    /// Whether it is about a goal.
    pub fn is_goal(self) -> bool {
        matches!(self, Scope::EventGoal | Scope::PageGoal)
    }
}

#[cfg(test)]
mod tests;
