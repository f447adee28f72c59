//! What a reader must know before they trust a number.

use super::InstanceState;
use super::answers::{AnswerKey, Answers};
use super::site_view::{Audience, SECTIONS_TAB, SiteView};
use crate::beacon::address::HiddenProxy;
use crate::cell::{Dimension, OTHER};
use crate::limits;
use crate::page::cards::Tab;
use crate::page::words::Words;
use crate::report::period::Range;
use crate::report::sections::{self, SECTIONS};
use crate::report::taken_out;
use crate::site::{AddressMode, Day, SiteId, Target};
use crate::store::{TakenOut, TakenOutOf};

/// All of them.
pub(super) fn notices(
    view: &SiteView,
    range: &Range,
    (found, unvisited, days_kept_from): (&Answers, u64, Option<Day>),
    marks: &[TakenOut],
    instance: &InstanceState,
) -> Vec<String> {
    let (site, words, mut notices) = (view.site, view.words, Vec::new());
    if view.audience == Audience::Public {
        return std::iter::once(open(view)).chain(told_of(words, marks)).collect();
    }
    notices.extend(instance.hidden_proxy.map(|hidden| hidden_proxy(words, hidden)));
    if instance.may_repeat {
        notices.push(words.notice_repeat.to_owned());
    }
    if instance.lacks_journal {
        notices.push(words.notice_journal.to_owned());
    }
    if let Some(why) = instance.storing {
        notices.push(words.one(words.notice_degraded, why));
    }
    if let Some((_, zone)) = site.schedule.next().filter(|(from, _)| *from > instance.now) {
        notices.push(words.one(words.notice_zone, zone));
    }
    notices.extend(past_budget(view, found, marks));
    if unvisited > 0 {
        notices.push(words.one(words.notice_unvisited, words.count(unvisited as f64)));
    }
    notices.extend(days_kept_from.map(|day| words.one(words.notice_months_alone, words.date(day, words.date_long))));
    notices.extend(told_of(words, marks));
    let is_unsure = |is_estimated: bool| {
        let mut lines = found.values().flatten().filter(|line| line.bounds.is_some());
        lines.any(|line| line.is_estimated() == is_estimated)
    };
    notices.extend(is_unsure(false).then(|| words.notice_at_most.to_owned()));
    notices.extend(is_unsure(true).then(|| words.notice_estimated.to_owned()));
    notices.extend(counted_since(view, range));
    notices.extend(sections_since(view, range, found));
    notices
}

/// That a segment, or a pattern, is not counted of all these days.
fn counted_since(view: &SiteView, range: &Range) -> Option<String> {
    let (site, words) = (view.site, view.words);
    let date = |day: Day| words.date(day, words.date_long);
    if view.is_counted(&range.span) {
        return None;
    }
    if let Some(segment) = view.chosen.segment(site) {
        return Some(words.two(words.notice_segment_since, &segment.name, date(segment.first_day(site))));
    }
    let goal = view.chosen.goal.as_ref().filter(|goal| matches!(goal.target, Target::Pattern(_)))?;
    Some(words.one(words.notice_pattern_since, date(site.schedule.locate(goal.since()).day)))
}

/// That sections are not counted of all these days, where they are shown.
fn sections_since(view: &SiteView, range: &Range, found: &Answers) -> Option<String> {
    let is_shown = view.chosen.is_of_sections() || found.contains_key(&AnswerKey::Panel(SECTIONS_TAB));
    let day = sections::begun_within(view.site, std::iter::once(&SECTIONS).filter(|_| is_shown), range.span)?;
    Some(view.words.one(view.words.notice_sections_since, view.words.date(day, view.words.date_long)))
}

/// That something was taken out, and that days are gone.
fn told_of(words: &Words, marks: &[TakenOut]) -> Vec<String> {
    let date = |day| words.date(day, words.date_long);
    let days = |mark: &TakenOut| match mark.first == mark.last {
        true => date(mark.first),
        false => format!("{} – {}", date(mark.first), date(mark.last)),
    };
    let what = |mark: &TakenOut| {
        let of = match mark.of {
            TakenOutOf::Everything => words.taken_out_everything,
            TakenOutOf::Of(dimension) => words.title(dimension),
            TakenOutOf::Properties => words.taken_out_properties,
            TakenOutOf::Days | TakenOutOf::Damaged | TakenOutOf::SetAside(_) => return None,
        };
        Some(format!("{of} ({})", days(mark)))
    };
    let told: Vec<String> = marks.iter().filter_map(what).take(limits::MARKS_TOLD).collect();
    let taken = (!told.is_empty()).then(|| words.one(words.notice_taken_out, told.join(", ")));
    let gone = marks.iter().find(|mark| mark.of == TakenOutOf::Days);
    let gone = gone.map(|mark| words.one(words.notice_days_gone, date(Day(mark.last.0 + 1))));
    let damaged: Vec<String> = marks.iter().filter(|mark| mark.of == TakenOutOf::Damaged).map(days).collect();
    let shown = damaged.get(..limits::MARKS_TOLD).unwrap_or(&damaged).join(", ");
    let damaged = (!damaged.is_empty()).then(|| words.one(words.notice_damaged, shown));
    let apart = |mark: &TakenOut| match mark.of {
        TakenOutOf::SetAside(of) => {
            Some(format!("{} ({})", of.map_or(words.bots, |dimension| words.title(dimension)), days(mark)))
        }
        _ => None,
    };
    let apart: Vec<String> = marks.iter().filter_map(apart).take(limits::MARKS_TOLD).collect();
    let apart = (!apart.is_empty()).then(|| words.one(words.notice_set_aside, apart.join(", ")));
    taken.into_iter().chain(gone).chain(damaged).chain(apart).collect()
}

/// What is wrong with the settings of proxies. No address is named.
fn hidden_proxy(words: &Words, hidden: HiddenProxy) -> String {
    match hidden {
        HiddenProxy::Private => words.notice_proxy.to_owned(),
        HiddenProxy::Public => words.notice_proxy_public.to_owned(),
        HiddenProxy::Delivery(name) => words.one(words.notice_proxy_delivery, name),
        HiddenProxy::Contradictory => words.notice_proxy_headers.to_owned(),
        HiddenProxy::Unnamed => words.notice_proxy_unnamed.to_owned(),
    }
}

/// What is shown to everybody, and what is not.
fn open(view: &SiteView) -> String {
    let is_by_hits = view.site.settings.address == AddressMode::None;
    let text = if is_by_hits { view.words.share_notice_hits } else { view.words.share_notice };
    view.words.one(text, view.site.settings.small_counts_k)
}

/// What to say when some values are not counted by name.
fn past_budget(view: &SiteView, found: &Answers, marks: &[TakenOut]) -> Option<String> {
    let has_other = |dimension: &Dimension| {
        found.get(&AnswerKey::Panel(Tab::Of(*dimension))).is_some_and(|l| l.iter().any(|l| &*l.value == OTHER))
    };
    let titles: Vec<&str> = Dimension::ALL
        .iter()
        .chain(&[Dimension::Section])
        .filter(|d| has_other(d))
        .map(|d| view.words.title(*d))
        .collect();
    let is_behind_filter =
        found.iter().any(|(key, lines)| matches!(key, AnswerKey::PastBudget(_)) && !lines.is_empty());
    if titles.is_empty() && !is_behind_filter {
        return None;
    }
    let keys = if view.chosen.is_all() { "--values-max N" } else { "--values-max N --pair-cells-max N" };
    let place = if titles.is_empty() { view.words.the_filter.to_owned() } else { titles.join(", ") };
    if view.site.id == SiteId::TOGETHER {
        return Some(view.words.one(view.words.together_budget, place));
    }
    let command = format!("`headcount site set {} {keys}`", view.site.domain);
    let may_be_other = taken_out::may_be_other(view.site.settings.k_at_rest.is_none(), marks);
    let text = if may_be_other { view.words.notice_other } else { view.words.notice_budget };
    Some(view.words.two(text, place, command))
}
