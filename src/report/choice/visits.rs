//! Any filters as one condition on whole visits, for days whose visits are in memory; and segments, which are conditions with a name.

use std::fmt;

use super::{Choice, Chosen, Comparison, FilterKey, NotAChoice, WrittenFilter, goal};
use crate::cell::condition::written;
use crate::cell::{Axis, Condition, ConditionScope, Dimension, Filter, PAGEVIEW, Test};
use crate::counts::Name;
use crate::counts::snapshot::is_known;
use crate::report::{Question, goals};
use crate::site::{Day, NamedProperty, Segment, Site, SiteId, Target};
use crate::store::RowsBy;

impl Choice {
    /// What it is at a site where whole visits are asked: every filter can be joined with every other.
    ///
    /// # Errors
    /// [`NotAChoice`] for goals and segments that the site has not, and for hits of which not all that is asked is kept together.
    pub fn of_visits(&self, site: &Site) -> Result<Chosen, NotAChoice> {
        let mut goals = self.parts.iter().filter(|part| part.key == FilterKey::Goal);
        let goal = goals.next().map(|part| goal(part, site)).transpose()?;
        if goals.next().is_some() {
            return Err(NotAChoice::Goals);
        }
        let others = self.parts.iter().filter(|part| part.key != FilterKey::Goal);
        let condition = Condition::all(others.map(|part| part.condition(site)).collect::<Result<Vec<_>, _>>()?);
        self.check_sections(site)?;
        Ok(Chosen { sections_since: site.settings.sections.since, ..Chosen::of_visits(condition, goal)? })
    }

    /// What it is written as for [`Condition::read`], so that a segment can be made of it; nothing where no condition is the same. A goal
    /// is the event or page that it watches.
    pub fn as_condition(&self, site: &Site) -> Option<String> {
        let texts = self.parts.iter().map(|part| part.as_condition(site));
        Some(texts.collect::<Option<Vec<_>>>()?.join(" and "))
    }
}

impl WrittenFilter {
    fn condition(&self, site: &Site) -> Result<Condition<Name>, NotAChoice> {
        if self.key == FilterKey::Where {
            let all = self.values.iter().map(|text| Condition::read(text));
            return Ok(Condition::all(all.collect::<Result<Vec<_>, _>>()?));
        }
        if self.key == FilterKey::Of(Dimension::Segment) {
            let found = self.values.iter().map(|value| condition_of(segment(value, site)?));
            let any = Condition::any(found.collect::<Result<Vec<_>, _>>()?);
            return match self.comparison {
                Comparison::Is => Ok(any),
                Comparison::IsNot => Ok(any.negated()),
                Comparison::Contains | Comparison::ContainsNot => Err(NotAChoice::SegmentPart),
            };
        }
        let Some(axis) = self.axis() else { return Ok(Condition::All(Vec::new())) };
        Ok(match self.test() {
            Test::Not(test) => Condition::Is(Filter { axis, test: *test }).negated(),
            test => Condition::Is(Filter { axis, test }),
        })
    }

    fn as_condition(&self, site: &Site) -> Option<String> {
        let sign = self.comparison.sign();
        let key = self.key.to_string();
        Some(match &self.key {
            FilterKey::Of(Dimension::Segment) => {
                let texts = self.values.iter().filter_map(|value| site.segment(value));
                let any = texts.map(|segment| format!("({})", segment.condition)).collect::<Vec<_>>().join(" or ");
                let not = if self.comparison == Comparison::IsNot { "not " } else { "" };
                (!any.is_empty()).then(|| format!("{not}({any})"))?
            }
            FilterKey::Of(_) | FilterKey::Prop(_) => written(&key, sign, &self.values),
            FilterKey::Where => self.values.iter().map(|text| format!("({text})")).collect::<Vec<_>>().join(" and "),
            FilterKey::Goal => match &goal(self, site).ok()?.target {
                Target::Event(event) => written("event", "=", std::slice::from_ref(event)),
                // It is reached by being shown.
                Target::Page(page) => {
                    format!("event={PAGEVIEW} and {}", written("page", "=", std::slice::from_ref(page)))
                }
                Target::Pattern(_) => return None,
            },
        })
    }
}

impl Chosen {
    /// What a condition and a goal let pass.
    ///
    /// # Errors
    /// [`NotAChoice::NotKept`]
    pub fn of_visits(condition: Condition<Name>, goal: Option<crate::site::Goal>) -> Result<Chosen, NotAChoice> {
        if !condition.is_known() {
            return Err(NotAChoice::NotKept);
        }
        Ok(Chosen { filters: vec![Filter::of_visits(condition)], goal, segment: None, sections_since: None })
    }

    /// The condition on whole visits that it is, if it is one.
    pub fn condition(&self) -> Option<&Condition<Name>> {
        self.filters.first().and_then(Filter::condition)
    }

    /// A question about what its condition lets pass, and of that what reaches its goal.
    pub(super) fn ask_visits(&self, question: Question) -> Question {
        let whole = self.filters.clone();
        let Some((condition, goal)) = self.condition().zip(self.goal.as_ref()) else {
            return question.filtered(self.filters.first().cloned());
        };
        let both = Condition::all([condition.clone(), reaching(&goal.target)]);
        Question { whole, ..question.filtered(Some(Filter::of_visits(both))) }
    }

    /// The segment that it is about, if it is one.
    pub fn segment<'s>(&self, site: &'s Site) -> Option<&'s Segment> {
        match self.segments(site).as_slice() {
            [segment] => Some(segment),
            _ => None,
        }
    }

    pub(super) fn segments<'s>(&self, site: &'s Site) -> Vec<&'s Segment> {
        let named = self.filters.iter().filter(|filter| filter.axis == Axis::Of(Dimension::Segment));
        let named = named.filter_map(|filter| filter.test.named()).flatten();
        named.filter_map(|number| site.segment(number)).collect()
    }

    /// The last day on which it is not counted, or not as a whole: patterns, segments, sections and named properties by others are counted from their
    /// declaration on.
    pub fn not_counted_on(&self, site: &Site) -> Option<Day> {
        let pattern = self.goal.as_ref().and_then(|goal| Some(Day(goal.first_day(site)?.0 - 1)));
        let segments = self.segments(site).into_iter().map(|segment| Day(segment.first_day(site).0 - 1));
        let is_met = self.filters.len() + usize::from(self.goal.is_some()) > 1;
        let properties = named_among(self.filters.iter().filter(|_| is_met).map(|filter| &filter.axis), site);
        let properties = properties.into_iter().map(|property| property.not_counted_on(site));
        let sections = site.settings.sections.since.filter(|_| self.is_of_sections()).map(|day| Day(day.0 - 1));
        pattern.into_iter().chain(segments).chain(properties).chain(sections).max()
    }
}

/// The hits that reach a goal. A page is reached by being shown.
pub fn reaching(target: &Target) -> Condition<Name> {
    let shown = Filter { axis: Axis::Of(Dimension::Event), test: Test::Is(vec![PAGEVIEW.to_owned()]) };
    let view = (!matches!(target, Target::Event(_))).then_some(Condition::Is(shown));
    Condition::all([Condition::Is(goals::filter(target))].into_iter().chain(view))
}

/// The segment of a site that has this name or number.
///
/// # Errors
/// [`NotAChoice::NoSegment`], [`NotAChoice::OfOneSite`]
pub fn segment<'s>(text: &str, site: &'s Site) -> Result<&'s Segment, NotAChoice> {
    if site.id == SiteId::TOGETHER {
        return Err(NotAChoice::OfOneSite);
    }
    site.segment(text).ok_or_else(|| NotAChoice::NoSegment(text.to_owned(), site.domain.to_string()))
}

fn condition_of(segment: &Segment) -> Result<Condition<Name>, NotAChoice> {
    segment_condition(segment).ok_or(NotAChoice::NotKept)
}

/// What a segment lets pass; nothing where this version cannot read it.
pub fn segment_condition(segment: &Segment) -> Option<Condition<Name>> {
    Condition::read(&segment.condition).ok()
}

/// The numbers of the segments that are named, as their values are counted.
pub(super) fn numbers(values: &[String], site: &Site) -> Result<Vec<String>, NotAChoice> {
    values.iter().map(|value| Ok(segment(value, site)?.number.to_string())).collect()
}

/// What the segments with these numbers let pass: whole visits, or hits of some.
pub fn scope_of(numbers: &[String], site: &Site) -> SegmentScope {
    let of = |number: &String| {
        let condition = site.segment(number).and_then(|segment| Condition::read(&segment.condition).ok());
        match condition.as_ref().and_then(Condition::scope) {
            Some(ConditionScope::Visits) => SegmentScope::Visits,
            Some(ConditionScope::Property(_)) => SegmentScope::Properties,
            _ => SegmentScope::Hits,
        }
    };
    numbers.iter().map(of).max().unwrap_or(SegmentScope::Visits)
}

/// What segments let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SegmentScope {
    /// Whole visits.
    Visits,
    /// Hits.
    Hits,
    /// Hits that carry a property.
    Properties,
}

const SEGMENTS: Axis<Name> = Axis::Of(Dimension::Segment);

/// What is not counted by what else a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotMet {
    /// A segment, by its name: it asks for hits with a property, of which it is not kept on which pages they were.
    Segment(String),
    /// A property, by its key, that the owner has not named.
    Property(String),
}

impl fmt::Display for NotMet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotMet::Segment(name) => write!(
                f,
                "the segment {name:?} is of hits with a property: with which event and in which visit they came is kept, not on which page"
            ),
            NotMet::Property(key) => write!(
                f,
                "the property {key:?} is counted by itself and under its events; name it with `headcount site set DOMAIN --property {key}` \
                 to have it counted by every dimension from then on"
            ),
        }
    }
}

/// What of a question is not counted by what else it is about, if anything is not.
pub fn not_met(question: &Question, site: &Site) -> Option<NotMet> {
    unnamed(question, site).or_else(|| asked_segments(question, site).1.into_iter().next())
}

/// The first property that would have to be counted by another dimension, and is not.
fn unnamed(question: &Question, site: &Site) -> Option<NotMet> {
    let filters = question.filter.iter().chain(&question.further).map(|filter| &filter.axis);
    let mut axes: Vec<&Axis<Name>> = filters.chain([&question.axis]).filter(|axis| **axis != Axis::Total).collect();
    axes.dedup();
    let is_unnamed = |axis: &&&Axis<Name>| match axis {
        Axis::Prop { key, event: None } => site.named_property(key).is_none(),
        _ => false,
    };
    match axes.iter().find(is_unnamed).filter(|_| axes.len() > 1)? {
        Axis::Prop { key, .. } => Some(NotMet::Property(key.to_string())),
        _ => None,
    }
}

/// The same question where it lists segments, without those of which it is not kept how they meet what else it is about; and these.
///
/// # Errors
/// What is not counted by what else it is about, where nothing is left.
pub fn met_segments(question: Question, site: &Site) -> Result<(Question, Vec<NotMet>), NotMet> {
    if let Some(property) = unnamed(&question, site) {
        return Err(property);
    }
    let (met, not_met) = asked_segments(&question, site);
    let Some(first) = not_met.first() else { return Ok((question, not_met)) };
    let rows = question.cut.rows;
    let (is_first, is_second) = (question.axis == SEGMENTS && rows != RowsBy::Nothing, rows == RowsBy::Both);
    if met.is_empty() || !is_first && !is_second {
        return Err(first.clone());
    }
    let kept = Test::Is(met.iter().map(|segment| segment.number.to_string()).collect());
    let mut question = question;
    match question.filter.as_mut().filter(|_| !is_first) {
        Some(filter) => filter.test = kept,
        None => question.cut.kept = Some(kept),
    }
    Ok((question, not_met))
}

/// The segments that a question is about: those of which it is kept how they meet the rest of it, and the others.
fn asked_segments<'s>(question: &Question, site: &'s Site) -> (Vec<&'s Segment>, Vec<NotMet>) {
    let filter = question.filter.as_ref();
    let sides =
        [(Some(&question.axis), question.cut.kept.as_ref()), (filter.map(|of| &of.axis), filter.map(|of| &of.test))];
    let axes: Vec<&Axis<Name>> = sides.iter().filter_map(|(axis, _)| *axis).collect();
    if !axes.contains(&&SEGMENTS) {
        return (Vec::new(), Vec::new());
    }
    let tests = || sides.iter().filter(|(axis, _)| *axis == Some(&SEGMENTS)).filter_map(|(_, test)| *test);
    let is_asked = |segment: &&Segment| tests().all(|test| test.passes(&segment.number.to_string()));
    let others: Vec<&Axis<Name>> = axes.into_iter().filter(|axis| **axis != SEGMENTS).collect();
    let (met, others): (Vec<&Segment>, Vec<&Segment>) =
        site.settings.segments.iter().filter(is_asked).partition(|segment| {
            let condition = segment_condition(segment);
            others.iter().all(|axis| condition.as_ref().is_some_and(|condition| is_known(condition, &[*axis])))
        });
    (met, others.into_iter().map(|segment| NotMet::Segment(segment.name.clone())).collect())
}

/// The named properties among axes.
pub fn named_among<'s>(axes: impl IntoIterator<Item = &'s Axis<Name>>, site: &Site) -> Vec<&NamedProperty> {
    let named = axes.into_iter().filter_map(|axis| match axis {
        Axis::Prop { key, event: None } => site.named_property(key),
        _ => None,
    });
    named.collect()
}
