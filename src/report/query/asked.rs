//! The names in the API of what was asked for.

use super::{Asked, Direction};
use crate::cell::Axis;
use crate::counts::Name;
use crate::report::Interval;

impl Asked {
    /// The name in the API; `time` is called by the width it picked, once there is one.
    pub(super) fn name(&self, interval: Option<Interval>) -> String {
        match self {
            Asked::Time(asked) => match asked.or(interval) {
                None => "time".into(),
                Some(Interval::Hour) => "time:hour".into(),
                Some(Interval::Day) => "time:day".into(),
                Some(Interval::Week) => "time:week".into(),
                Some(Interval::Month) => "time:month".into(),
            },
            Asked::Value(Axis::Of(dimension)) => dimension.api_name().into(),
            Asked::Named(dimension) => format!("{}_name", dimension.api_name()),
            Asked::Value(Axis::Prop { key, .. }) => format!("event:props:{key}"),
            Asked::Goal => "event:goal".into(),
            Asked::Value(_) => String::new(),
        }
    }
}

impl Asked {
    /// The dimension or property that it is by.
    pub(super) fn axis(&self) -> Option<Axis<Name>> {
        match self {
            Asked::Value(axis) => Some(axis.clone()),
            Asked::Named(dimension) => Some(Axis::Of(*dimension)),
            Asked::Time(_) | Asked::Goal => None,
        }
    }
}

impl Direction {
    pub(super) fn name(self) -> &'static str {
        if self == Direction::Descending { "desc" } else { "asc" }
    }
}
