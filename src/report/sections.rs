//! Questions about sections of pages, which are counted from a day on: days before are left out, of what shares are taken of as well.

use super::plan::is_of;
use super::{Question, Span};
use crate::cell::{Axis, Dimension};
use crate::counts::Name;
use crate::site::{Day, Site, SiteId};
use crate::store::Grain;

/// Sections as an axis.
pub const SECTIONS: Axis<Name> = Axis::Of(Dimension::Section);

/// Why a site has no sections.
pub fn not_counted(site: &Site) -> String {
    if site.id == SiteId::TOGETHER {
        return "sections of several sites are not told together".to_owned();
    }
    format!(
        "sections are not counted for {0}; `headcount site set {0} --section-depth 1` counts them from now on",
        site.domain
    )
}

/// The first day of which sections are counted, if what is asked for is about them and a span begins before it.
pub fn begun_within<'a>(site: &Site, mut axes: impl Iterator<Item = &'a Axis<Name>>, span: Span) -> Option<Day> {
    site.settings.sections.since.filter(|since| *since > span.first_day() && axes.any(|axis| *axis == SECTIONS))
}

impl Question {
    /// Whether sections are what it is split by or filtered by.
    fn is_of_sections(&self) -> bool {
        is_of(self, Dimension::Section) || self.further.iter().any(|filter| filter.axis == SECTIONS)
    }

    /// Whether all of a span is counted as far as it is about sections.
    pub(crate) fn is_counted_on(&self, span: Span) -> bool {
        !self.is_of_sections() || self.sections_since.is_none_or(|since| since <= span.first_day())
    }

    /// The same about the days that are counted, if not all are.
    pub(super) fn over_counted_days(&self) -> Option<Question> {
        let since = self.sections_since.filter(|_| !self.is_counted_on(self.span))?;
        let first = if self.span.grain == Grain::Hour { since.0.saturating_mul(24) } else { since.0 };
        // Of no day there is nothing to cut.
        let until = self.until.filter(|_| first <= self.span.last);
        Some(Question { span: Span { first, ..self.span }, until, ..self.clone() })
    }
}
