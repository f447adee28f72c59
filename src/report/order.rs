//! The order of lines: what a report asks for, and what stands first where it asks for none.

use std::cmp::Ordering;

use super::Line;
use super::place_names::english;
use crate::cell::Dimension;

/// What lines are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The bucket.
    Time,
    /// The value, by its bytes.
    Value,
    /// The second value.
    Second,
    /// The English name of the value, which is of this dimension.
    Name(Dimension),
    /// That of the second value.
    SecondName(Dimension),
    /// The metric at this place of [`Line::metrics`].
    Metric(usize),
}

/// One step of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: By,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// The order of a report that asks for none: the earliest first, and within a bucket the most of the first metric.
pub const ORDER: [Order; 2] =
    [Order { by: By::Time, descending: false }, Order { by: By::Metric(0), descending: true }];

/// Puts lines in order. What is not measured comes last, whatever the direction; ties stand by value, then by time, so
/// that pages of a report never overlap.
pub fn sort(lines: &mut [Line], order: &[Order]) {
    lines.sort_by(|a, b| {
        let steps = order.iter().map(|step| step.compare(a, b));
        let rest = a.value.cmp(&b.value).then_with(|| a.second.cmp(&b.second)).then(a.bucket.cmp(&b.bucket));
        steps.fold(Ordering::Equal, Ordering::then).then(rest)
    });
}

impl Order {
    fn compare(self, a: &Line, b: &Line) -> Ordering {
        let turned = |order: Ordering| if self.descending { order.reverse() } else { order };
        match self.by {
            By::Time => turned(a.bucket.cmp(&b.bucket)),
            By::Value => turned(a.value.cmp(&b.value)),
            By::Second => turned(a.second.cmp(&b.second)),
            By::Name(dimension) => turned(english(dimension, &a.value).cmp(english(dimension, &b.value))),
            By::SecondName(dimension) => {
                let of =
                    |line: &Line| line.second.as_deref().map_or_else(String::new, |v| english(dimension, v).into());
                turned(of(a).cmp(&of(b)))
            }
            By::Metric(place) => {
                let of = |line: &Line| line.metrics.get(place).copied().flatten();
                match (of(a), of(b)) {
                    (Some(a), Some(b)) => turned(a.total_cmp(&b)),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Tally;
    use crate::counts::Name;

    #[test]
    fn ties_stand_by_value_and_nothing_measured_comes_last() {
        let line = |bucket: Option<i32>, value: &str, metric: Option<f64>| Line {
            bucket,
            value: Name::from(value),
            second: None,
            tally: Tally::ZERO,
            money: Vec::new(),
            is_money_known: true,
            bounds: None,
            metrics: vec![metric],
        };
        let mut lines = [
            line(Some(2), "a", Some(9.0)),
            line(Some(1), "none", None),
            line(Some(1), "c", Some(2.0)),
            line(Some(1), "b", Some(2.0)),
            line(Some(1), "d", Some(5.0)),
        ];
        let values = |lines: &[Line]| lines.iter().map(|line| line.value.to_string()).collect::<Vec<_>>();
        sort(&mut lines, &ORDER);
        assert_eq!(values(&lines), ["d", "b", "c", "none", "a"]);
        sort(&mut lines, &[Order { by: By::Metric(0), descending: false }]);
        assert_eq!(values(&lines), ["b", "c", "d", "a", "none"]);
        sort(&mut lines, &[Order { by: By::Value, descending: true }]);
        assert_eq!(values(&lines), ["none", "d", "c", "b", "a"]);
    }
}
