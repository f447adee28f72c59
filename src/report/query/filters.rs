//! Reads the key `filters` of a query, as far as sums of two dimensions can answer it.
//!
//! Sums know how two dimensions meet, so one filter and one breakdown, or two filters. Filters on the same dimension are one filter, and
//! so are filters on dimensions that imply one another (a city lies in one country).

use serde_json::{Map, Value};

use super::parse::{array, mismatch, object, refuse, shown, text};
use super::{Asked, QueryError, segments};
use crate::cell::dimension::{DIMENSIONS, DimensionRow, ValueOf};
use crate::cell::{Axis, Dimension, Expression, Filter, NOT_SET, Test};
use crate::counts::Name;
use crate::limits;
use crate::report::place_names;

/// What a query lets pass.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filters {
    /// As written.
    pub(super) echo: Vec<Value>,
    /// Goals that visitors must have reached; each test is of their names.
    pub(super) goals: Vec<Test>,
    /// The filters, each on dimensions that imply one another.
    pub(super) filters: Vec<Filter<Name>>,
}

/// Tests and how they are joined.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A test of a dimension's value.
    Is(Axis<Name>, Test),
    /// All of these hold.
    All(Vec<Expr>),
    /// One of these holds.
    Any(Vec<Expr>),
    /// This does not hold.
    Not(Box<Expr>),
    /// The visit has an event for which this holds. Sums do not know that; whole visits do.
    Done(Box<Expr>),
}

/// Reads the list of filters.
pub(super) fn filters(value: &Value) -> Result<Filters, QueryError> {
    let items = array("#/filters", value)?;
    let mut filters = Filters { echo: items.to_vec(), ..Filters::default() };
    let mut rest = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match read(&format!("#/filters/{at}"), item, 0, false)? {
            Node::Goal(test) => filters.goals.push(test),
            Node::Expr(expr) => rest.push(expr),
        }
    }
    let rest = Expr::All(rest);
    if expressions_in(&rest) > limits::EXPRESSIONS_MAX {
        let most = limits::EXPRESSIONS_MAX;
        return refuse("#/filters", &format!("Expected a maximum of {most} regular expressions."));
    }
    if values_in(&rest) + filters.goals.iter().map(Test::len).sum::<usize>() > limits::QUERY_VALUES_MAX {
        let most = limits::QUERY_VALUES_MAX;
        return refuse("#/filters", &format!("Expected a maximum of {most} items in all filters together."));
    }
    filters.filters = few_filters(rest)?;
    Ok(filters)
}

/// How many values, expressions and lists there are.
pub(super) fn values_in(expr: &Expr) -> usize {
    match expr {
        Expr::Is(_, test) => test.len(),
        Expr::All(list) | Expr::Any(list) => 1 + list.iter().map(values_in).sum::<usize>(),
        Expr::Not(item) | Expr::Done(item) => values_in(item),
    }
}

/// How many regular expressions there are.
pub(super) fn expressions_in(expr: &Expr) -> usize {
    let of_test = |test: &Test| match test {
        Test::Matches(list) => list.len(),
        Test::Not(test) => match &**test {
            Test::Matches(list) => list.len(),
            _ => 0,
        },
        _ => 0,
    };
    match expr {
        Expr::Is(_, test) => of_test(test),
        Expr::All(list) | Expr::Any(list) => list.iter().map(expressions_in).sum(),
        Expr::Not(item) | Expr::Done(item) => expressions_in(item),
    }
}

/// One item of the list of filters.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Goal(Test),
    Expr(Expr),
}

/// Reads an item of the list; `of_visits` says whether whole visits are asked, which know what they have done.
pub(super) fn read(place: &str, value: &Value, depth: usize, of_visits: bool) -> Result<Node, QueryError> {
    let items = array(place, value)?;
    let Some(name) = items.first().and_then(Value::as_str).filter(|_| depth <= limits::FILTER_DEPTH_MAX) else {
        return refuse(place, &format!("Invalid filter {}", shown(value)));
    };
    let inner = |at: usize, value: &Value| match read(&format!("{place}/{at}"), value, depth + 1, of_visits)? {
        Node::Expr(expr) => Ok(expr),
        Node::Goal(_) => refuse(place, "`event:goal` filters stand at the top of the list, not within others."),
    };
    let expr = match (name, items) {
        ("and" | "or", [_, list]) => {
            let list = array(&format!("{place}/1"), list)?.iter().map(|item| inner(1, item));
            let list = list.collect::<Result<Vec<_>, _>>()?;
            if name == "and" { Expr::All(list) } else { Expr::Any(list) }
        }
        ("not", [_, item]) => Expr::Not(Box::new(inner(1, item)?)),
        ("has_done", [_, item]) if of_visits => Expr::Done(Box::new(inner(1, item)?)),
        ("has_not_done", [_, item]) if of_visits => Expr::Not(Box::new(Expr::Done(Box::new(inner(1, item)?)))),
        ("has_done" | "has_not_done", _) => {
            let sentence =
                "joins events of the same visit, which sums do not know; ask for `visit:entry_page` or a goal.";
            return Err(QueryError(format!("Filter `{name}` {sentence}")));
        }
        (_, [_, dimension, values, rest @ ..]) if rest.len() <= 1 => {
            return leaf(place, (name, dimension, values), rest.first());
        }
        _ => return refuse(place, &format!("Invalid filter {}", shown(value))),
    };
    Ok(Node::Expr(expr))
}

fn leaf(
    place: &str,
    (name, dimension, values): (&str, &Value, &Value),
    modifiers: Option<&Value>,
) -> Result<Node, QueryError> {
    let any_case = modifiers.map_or(Ok(false), |value| any_case(place, value))?;
    let Some((is_not, plain)) = operator(name) else {
        return refuse(&format!("{place}/0"), &format!("Invalid operator {}", shown(&Value::from(name))));
    };
    let values = if dimension == Dimension::Segment.api_name() { &segments::as_texts(values) } else { values };
    let test = test(&format!("{place}/2"), plain, values, any_case)?;
    let test = if is_not { Test::Not(Box::new(test)) } else { test };
    let dimension_text = text(&format!("{place}/1"), dimension)?;
    match super::parse::dimension(dimension_text) {
        Some(Asked::Named(dimension)) => Ok(Node::Expr(Expr::Is(Axis::Of(dimension), by_name(dimension, test)))),
        Some(Asked::Goal) if !is_not && plain != "matches" => Ok(Node::Goal(test)),
        Some(Asked::Goal) => refuse(place, "`event:goal` can be filtered by `is` and `contains`."),
        Some(Asked::Value(axis)) if axis == Axis::Of(Dimension::PreviousPage) => {
            Ok(Node::Expr(Expr::Is(axis, of_pages_before(test))))
        }
        Some(Asked::Value(axis)) => {
            let test = axis.test(test);
            Ok(Node::Expr(Expr::Is(axis, test)))
        }
        _ => refuse(&format!("{place}/1"), &format!("Invalid dimension {}", shown(dimension))),
    }
}

/// A test of the names of places as one of their values. An empty name is none.
fn by_name(dimension: Dimension, test: Test) -> Test {
    match (dimension, with_not_set(test)) {
        (_, Test::Not(inner)) => Test::Not(Box::new(by_name(dimension, *inner))),
        (Dimension::Country, test) => {
            let known = place_names::countries().keys().copied().chain([NOT_SET]);
            let passing = known.filter(|code| test.passes(place_names::english(dimension, code)));
            let mut codes: Vec<String> = passing.map(str::to_owned).collect();
            codes.sort_unstable();
            Test::Is(codes)
        }
        (Dimension::City, test) => Test::Implied(Dimension::City, Box::new(test)),
        (_, test) => test,
    }
}

/// A test of pages before others. That there was none is no page: it passes where it is named alone.
pub(in crate::report) fn of_pages_before(test: Test) -> Test {
    match test.named() {
        Some(names) if !names.is_empty() => test,
        _ => Test::All(vec![test, Test::Not(Box::new(Test::Is(vec![NOT_SET.to_owned()])))]),
    }
}

/// The same test, which takes the empty text for what is not set.
fn with_not_set(test: Test) -> Test {
    match test {
        Test::Is(mut texts) => {
            texts.iter_mut().filter(|text| text.is_empty()).for_each(|text| *text = NOT_SET.to_owned());
            Test::Is(texts)
        }
        Test::Not(inner) => Test::Not(Box::new(with_not_set(*inner))),
        other => other,
    }
}

/// Whether an operator negates, and what it is without.
fn operator(name: &str) -> Option<(bool, &'static str)> {
    Some(match name {
        "is" => (false, "is"),
        "is_not" => (true, "is"),
        "contains" => (false, "contains"),
        "contains_not" => (true, "contains"),
        "matches" => (false, "matches"),
        "matches_not" => (true, "matches"),
        _ => return None,
    })
}

fn any_case(place: &str, value: &Value) -> Result<bool, QueryError> {
    let place = format!("{place}/3");
    let found: &Map<String, Value> = object(&place, value)?;
    match found.iter().next() {
        None => Ok(false),
        Some((key, Value::Bool(is_sensitive))) if key == "case_sensitive" && found.len() == 1 => Ok(!is_sensitive),
        Some((key, value)) if key == "case_sensitive" => mismatch(&format!("{place}/{key}"), "Boolean", value),
        Some((key, _)) => refuse(&format!("{place}/{key}"), "Schema does not allow additional properties."),
    }
}

fn test(place: &str, plain: &str, values: &Value, any_case: bool) -> Result<Test, QueryError> {
    let items = array(place, values)?;
    if items.is_empty() {
        return refuse(place, "Expected a minimum of 1 items but got 0.");
    }
    if items.len() > limits::FILTER_VALUES_MAX {
        return refuse(place, &format!("Expected a maximum of {} items.", limits::FILTER_VALUES_MAX));
    }
    let texts = items.iter().enumerate().map(|(at, item)| text(&format!("{place}/{at}"), item).map(str::to_owned));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let folded = || -> Vec<String> {
        texts.iter().map(|text| if any_case { text.to_lowercase() } else { text.clone() }).collect()
    };
    let test = match plain {
        "is" => Test::Is(folded()),
        "contains" => Test::Contains(folded().into()),
        _ => return expressions(place, &texts, any_case),
    };
    Ok(if any_case { Test::AnyCase(Box::new(test)) } else { test })
}

fn expressions(place: &str, texts: &[String], any_case: bool) -> Result<Test, QueryError> {
    if texts.len() > limits::EXPRESSIONS_MAX {
        return refuse(place, &format!("Expected a maximum of {} items.", limits::EXPRESSIONS_MAX));
    }
    match texts.iter().map(|text| Expression::of(text, any_case)).collect() {
        Some(expressions) => Ok(Test::Matches(expressions)),
        None => refuse(place, "Invalid regular expression; write it as RE2 reads it, and not too long."),
    }
}

/// The filters that tests come down to, each on a dimension of its own: two that sums know, or some more whose answer is estimated.
///
/// # Errors
/// The sentence that says why there are no such filters, and what can be asked.
pub fn few_filters(expr: Expr) -> Result<Vec<Filter<Name>>, QueryError> {
    let expr = flat(expr);
    let mut axes: Vec<&Axis<Name>> = Vec::new();
    collect(&expr, &mut axes);
    if let Some(property) = property_under_event(&expr, &axes) {
        return Ok(vec![property]);
    }
    let list = match expr {
        Expr::All(list) => list,
        other => vec![other],
    };
    let mut groups: Vec<Vec<Expr>> = Vec::new();
    for expr in list {
        let joined = groups.iter_mut().find(|group| is_one(group.iter().chain([&expr])));
        match joined {
            Some(group) => group.push(expr),
            None => groups.push(vec![expr]),
        }
    }
    if groups.len() > limits::ESTIMATED_DIMENSIONS_MAX {
        let all = Expr::All(groups.into_iter().flatten().collect());
        let mut axes = Vec::new();
        collect(&all, &mut axes);
        return Err(independent(&axes));
    }
    groups.into_iter().map(|group| one_filter(flat(Expr::All(group)))).collect()
}

/// Whether tests are one filter: of one property, or of dimensions of which one tells the others.
fn is_one<'e>(exprs: impl Iterator<Item = &'e Expr>) -> bool {
    let mut axes: Vec<&Axis<Name>> = Vec::new();
    exprs.for_each(|expr| collect(expr, &mut axes));
    let dimensions: Option<Vec<Dimension>> = axes.iter().map(|axis| dimension_of(axis)).collect();
    match dimensions {
        Some(dimensions) => DIMENSIONS.finest(&dimensions).is_some(),
        None => axes.len() == 1,
    }
}

/// The one filter that tests on dimensions that imply one another come down to.
fn one_filter(expr: Expr) -> Result<Filter<Name>, QueryError> {
    let mut axes: Vec<&Axis<Name>> = Vec::new();
    collect(&expr, &mut axes);
    if let [axis @ Axis::Prop { .. }] = axes.as_slice() {
        return Ok(Filter { axis: (*axis).clone(), test: built(&expr, Dimension::Event, Coarser::Tested) });
    }
    let dimensions: Option<Vec<Dimension>> = axes.iter().map(|axis| dimension_of(axis)).collect();
    let Some(dimensions) = dimensions else { return Err(joined_by_or(&axes)) };
    let Some(DimensionRow { dimension: finest, value_of, .. }) = DIMENSIONS.finest(&dimensions).copied() else {
        return Err(joined_by_or(&axes));
    };
    let implied: Vec<Dimension> = dimensions.into_iter().filter(|dimension| *dimension != finest).collect();
    if let Some(coarser) = implied.first()
        && value_of != ValueOf::Joint
        && built(&expr, finest, Coarser::Passing).passes(NOT_SET)
    {
        return Err(QueryError(format!(
            "Where `{}` is not set, sums do not know `{}`; name the values of `{}` that you want with `is`.",
            finest.api_name(),
            coarser.api_name(),
            finest.api_name()
        )));
    }
    Ok(Filter { axis: Axis::Of(finest), test: built(&expr, finest, Coarser::Tested) })
}

/// Lists within lists become one, and a list of one its item.
fn flat(expr: Expr) -> Expr {
    let Expr::All(list) = expr else { return expr };
    let mut all = Vec::new();
    for item in list.into_iter().map(flat) {
        match item {
            Expr::All(inner) => all.extend(inner),
            other => all.push(other),
        }
    }
    match all.len() {
        1 => all.remove(0),
        _ => Expr::All(all),
    }
}

fn collect<'a>(expr: &'a Expr, axes: &mut Vec<&'a Axis<Name>>) {
    match expr {
        Expr::Is(axis, _) if axes.contains(&axis) => {}
        Expr::Is(axis, _) => axes.push(axis),
        Expr::All(list) | Expr::Any(list) => list.iter().for_each(|item| collect(item, axes)),
        Expr::Not(item) | Expr::Done(item) => collect(item, axes),
    }
}

fn dimension_of(axis: &Axis<Name>) -> Option<Dimension> {
    match axis {
        Axis::Of(dimension) => Some(*dimension),
        _ => None,
    }
}

/// What becomes of tests of dimensions that the finest one implies.
#[derive(Clone, Copy, PartialEq)]
enum Coarser {
    /// They are made, of the value that is implied.
    Tested,
    /// They pass, whatever the value.
    Passing,
    /// They fail; within a negation that lets pass the whole.
    Failing,
}

/// The test of the finest dimension.
fn built(expr: &Expr, finest: Dimension, coarser: Coarser) -> Test {
    let all = |list: &[Expr]| list.iter().map(|item| built(item, finest, coarser)).collect::<Vec<_>>();
    match expr {
        Expr::Is(Axis::Of(dimension), test) if *dimension != finest => match coarser {
            Coarser::Tested => Test::Implied(*dimension, Box::new(test.clone())),
            Coarser::Passing => Test::All(Vec::new()),
            Coarser::Failing => Test::Any(Vec::new()),
        },
        Expr::Is(_, test) => test.clone(),
        Expr::All(list) => Test::All(all(list)),
        Expr::Any(list) => Test::Any(all(list)),
        // Is not asked of sums.
        Expr::Done(_) => Test::Any(Vec::new()),
        Expr::Not(item) => {
            let turned = match coarser {
                Coarser::Tested => Coarser::Tested,
                Coarser::Passing => Coarser::Failing,
                Coarser::Failing => Coarser::Passing,
            };
            Test::Not(Box::new(built(item, finest, turned)))
        }
    }
}

/// The filter on a property under one event, which has cells of its own; nothing if it is not that.
fn property_under_event(expr: &Expr, axes: &[&Axis<Name>]) -> Option<Filter<Name>> {
    let Expr::All(list) = expr else { return None };
    let event = list.iter().find_map(|item| match item {
        Expr::Is(Axis::Of(Dimension::Event), Test::Is(names)) if names.len() == 1 => names.first(),
        _ => None,
    })?;
    let props = list.iter().filter_map(|item| match item {
        Expr::Is(Axis::Prop { key, .. }, test) => Some((key, test.clone())),
        _ => None,
    });
    let props: Vec<_> = props.collect();
    let (key, _) = props.first().filter(|_| axes.len() == 2 && props.len() + 1 == list.len())?;
    let axis = Axis::Prop { key: (*key).clone(), event: Some(Name::from(event.as_str())) };
    Some(Filter { axis, test: Test::All(props.into_iter().map(|(_, test)| test).collect()) })
}

fn independent(axes: &[&Axis<Name>]) -> QueryError {
    let more = if axes.len() > 2 { "leave out some of them" } else { "ask for one of them" };
    QueryError(format!(
        "Filters on {} are independent of each other, and sums are kept of any two dimensions and tell of no more than four: {more}, or \
         filter by dimensions that imply each other, such as city, region and country.",
        names(axes)
    ))
}

fn joined_by_or(axes: &[&Axis<Name>]) -> QueryError {
    QueryError(format!(
        "Filters on {} are independent of each other; of what they have in common sums are kept, so join them by `and`, or ask \
         for each alone.",
        names(axes)
    ))
}

fn names(axes: &[&Axis<Name>]) -> String {
    let name = |axis: &&Axis<Name>| format!("`{}`", Asked::Value((*axis).clone()).name(None));
    axes.iter().map(name).collect::<Vec<_>>().join(" and ")
}
