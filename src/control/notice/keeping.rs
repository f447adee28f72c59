//! Keeps the versions of notices: makes a new one when what a site's visitors are told has changed, and carries out announced changes
//! when their day has come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::{Command, Reply, carry_out};
use super::{announcing, places};
use crate::cell::Dimension;
use crate::collector::Collector;
use crate::hit::place::Detail;
use crate::meter::FailureKind;
use crate::notice::{
    AnnouncedFacts, KnownNotice, NoticeBasis, NoticeCause, NoticeFacts, NoticeLanguages, NoticeTranslations, compose,
    facts, kept_facts,
};
use crate::operator::KeptNotice;
use crate::site::{Moment, Site, SiteId};
use crate::store::StoreError;

/// The version of the program, which may say the same in other words.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// The languages of notices as they are now. Files are read again where they have changed.
pub fn languages(collector: &Collector) -> Arc<NoticeLanguages> {
    let operators = collector.operators();
    let read = || NoticeLanguages::of(operators.language_files());
    collector.notices().languages(operators.language_file_states(), read)
}

/// What the notice of a site tells now, with what it announces.
///
/// # Errors
/// [`StoreError`]
pub fn facts_of(collector: &Collector, site: &Site) -> Result<NoticeFacts, StoreError> {
    Ok(told(collector, site, collector.clock().now())?.0)
}

/// What it tells at a moment, and when that changes by itself.
fn told(collector: &Collector, site: &Site, now: Moment) -> Result<(NoticeFacts, Option<Moment>), StoreError> {
    let operators = collector.operators();
    let (shares, changes) = (operators.shares(site.id)?, operators.announced(site.id)?);
    let place = place_of(collector, site)?;
    let ends = shares.iter().filter_map(|share| share.until).chain(site.schedule.next().map(|(from, _)| from));
    let begins = shares.iter().filter_map(|share| share.from).chain(changes.iter().map(|change| change.from));
    let until = ends.chain(begins).filter(|moment| *moment > now).min();
    let mut moments: Vec<Moment> = changes.iter().map(|change| change.from).collect();
    moments.extend(shares.iter().filter_map(|share| share.from));
    moments.retain(|from| *from > now);
    // A new zone is told of its own day, not of the first change behind it.
    if !moments.is_empty() {
        moments.extend(site.schedule.next().map(|(from, _)| from).filter(|from| *from > now));
    }
    moments.sort_unstable();
    moments.dedup();
    let (mut later, mut announced) = (site.clone(), Vec::<AnnouncedFacts>::new());
    for from in moments {
        let mut more = BTreeSet::new();
        for change in changes.iter().filter(|change| change.from == from) {
            // What makes no sense any more when its day comes will not be done then either.
            let Ok(command) = serde_json::from_str(&change.command) else { continue };
            if let Ok(Some(planned)) = announcing::planned(&command, &later, collector) {
                more.extend(announcing::untold(&command).map(str::to_owned));
                later = planned;
            }
        }
        let (day, facts) = (site.schedule.locate(from).day.to_string(), facts(&later, &shares, place, from));
        // What acts on one day is told once.
        if let Some(before) = announced.pop_if(|before| before.from == day) {
            more.extend(before.more);
        }
        announced.push(AnnouncedFacts { from: day, facts, more: more.into_iter().collect() });
    }
    Ok((NoticeFacts { announced, ..facts(site, &shares, place, now) }, until))
}

/// How much of a place is counted. A command without a server may not know the server's configuration: what was told last holds.
fn place_of(collector: &Collector, site: &Site) -> Result<Detail, StoreError> {
    let configured = collector.tools().places.detail();
    if collector.counts() {
        return Ok(configured);
    }
    let last = collector.operators().notices(site.id, 1)?;
    let told = |facts: NoticeFacts| match () {
        () if facts.has(Dimension::City) => Detail::City,
        () if facts.has(Dimension::Region) => Detail::Region,
        () if facts.has(Dimension::Country) => Detail::Country,
        () => Detail::None,
    };
    Ok(last.first().and_then(kept_facts).map_or(configured, told))
}

/// The version of a site's notice that is in force, made if it is not there yet. What is due is done first.
///
/// # Errors
/// [`StoreError`]
pub fn in_force(collector: &Collector, site: &Site, base_url: &str) -> Result<KeptNotice, StoreError> {
    if !collector.operators().announced_until(collector.clock().now())?.is_empty() {
        collector.alone(|| act_due(collector, base_url));
    }
    let directory = collector.directory();
    let site = directory.get(site.id).map_or(site, |site| site);
    if known(collector, site.id, &languages(collector)).is_some()
        && let Some(last) = collector.operators().notices(site.id, 1)?.pop()
    {
        return Ok(last);
    }
    match up_to_date(collector, site)? {
        Ok(kept) => Ok(kept),
        // Others may make it at the same time.
        Err(_) => collector.alone(|| {
            let directory = collector.directory();
            keep(collector, directory.get(site.id).map_or(site, |site| site))
        }),
    }
}

/// The same for whoever holds the right to change things already, as commands do.
///
/// # Errors
/// [`StoreError`]
pub(super) fn in_force_alone(collector: &Collector, site: &Site) -> Result<KeptNotice, StoreError> {
    keep(collector, site)
}

/// The version that is in force, where it was looked at before and nothing has changed since.
fn known(collector: &Collector, site: SiteId, languages: &Arc<NoticeLanguages>) -> Option<KnownNotice> {
    let revision = collector.operators().revision(site);
    collector.notices().known(site, revision, languages, collector.clock().now())
}

/// What is known of the versions of some sites that are in force, in their order.
///
/// # Errors
/// [`StoreError`]
pub fn all_in_force(
    collector: &Collector,
    sites: &[Arc<Site>],
    base_url: &str,
) -> Result<Vec<KnownNotice>, StoreError> {
    if !collector.operators().announced_until(collector.clock().now())?.is_empty() {
        collector.alone(|| act_due(collector, base_url));
    }
    let languages = languages(collector);
    let found = |site: &Arc<Site>| match known(collector, site.id, &languages) {
        Some(known) => Ok(known),
        None => Ok(known_of(&in_force(collector, site, base_url)?)),
    };
    sites.iter().map(found).collect()
}

fn known_of(kept: &KeptNotice) -> KnownNotice {
    let honours_signals = kept_facts(kept).is_some_and(|facts| facts.honours_signals);
    KnownNotice { from: kept.from, honours_signals }
}

/// A version that is to be kept.
struct NewNotice {
    facts: String,
    texts: String,
    last: Option<KeptNotice>,
    cause: NoticeCause,
    basis: NoticeBasis,
}

/// The last version if nothing has changed since, else what the next one tells.
fn up_to_date(collector: &Collector, site: &Site) -> Result<Result<KeptNotice, Box<NewNotice>>, StoreError> {
    let (at, revision) = (collector.clock().now(), collector.operators().revision(site.id));
    let languages = languages(collector);
    let (told, until) = told(collector, site, at)?;
    let last = collector.operators().notices(site.id, 1)?.pop();
    let texts: NoticeTranslations = languages
        .codes()
        .into_iter()
        .filter_map(|code| Some((code.to_owned(), compose(&told, languages.texts(code)?))))
        .collect::<BTreeMap<_, _>>();
    collector.notices().note_composed();
    let texts = json(&texts)?;
    // An older version may have kept the same facts otherwise.
    let is_same = last.as_ref().and_then(kept_facts).as_ref() == Some(&told);
    let cause = match &last {
        None => NoticeCause::First,
        Some(_) if is_same => NoticeCause::Program,
        Some(_) => NoticeCause::Settings,
    };
    let basis = NoticeBasis { revision, languages, at, until };
    Ok(match last {
        Some(last) if is_same && last.texts == texts => {
            collector.notices().note(site.id, basis, known_of(&last));
            Ok(last)
        }
        last => Err(Box::new(NewNotice { facts: json(&told)?, texts, last, cause, basis })),
    })
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.to_string()))
}

/// Makes a new version of a site's notice if there is something new; gives the one in force. Nobody else may change anything meanwhile.
///
/// # Errors
/// [`StoreError`]
fn keep(collector: &Collector, site: &Site) -> Result<KeptNotice, StoreError> {
    let NewNotice { facts, texts, last, cause, basis } = match up_to_date(collector, site)? {
        Ok(kept) => return Ok(kept),
        Err(new) => *new,
    };
    let new = KeptNotice {
        number: last.map_or(0, |last| last.number) + 1,
        from: collector.clock().now(),
        cause: cause.name().to_owned(),
        program: PROGRAM.to_owned(),
        facts,
        texts,
    };
    collector.operators().add_notice(site.id, &new)?;
    // Nobody else has changed anything meanwhile.
    let revision = collector.operators().revision(site.id);
    collector.notices().note(site.id, NoticeBasis { revision, ..basis }, known_of(&new));
    Ok(new)
}

/// Keeps the notice of a site after a command. The command is done: a failure here is told, and healed at the next look.
pub(in super::super) fn after_command(collector: &Collector, name: &str, reply: &mut Reply) {
    let directory = collector.directory();
    let Some(site) = directory.find(name) else { return };
    if let Err(error) = keep(collector, site) {
        collector.meter().failed(FailureKind::Command, "the notice of a site", &error);
        reply.text.push_str(&format!("\nThe new version of the notice could not be stored: {error}"));
    }
}

/// Makes the announced changes whose time has come. Each that fails is said to have failed, and holds up no other: one that can't
/// be made any more is dropped, and one that the store could not make is tried again.
pub(in super::super) fn act_due(collector: &Collector, base_url: &str) {
    let operators = collector.operators();
    let failed = |why: &dyn std::fmt::Display| {
        collector.meter().failed(FailureKind::Command, "an announced change", why);
    };
    let due = operators.announced_until(collector.clock().now());
    for change in due.unwrap_or_else(|error| {
        failed(&error);
        Vec::new()
    }) {
        match serde_json::from_str::<Command>(&change.command) {
            Err(error) => failed(&error),
            Ok(command) => {
                if let Err(refusal) = carry_out(command, None, collector, base_url) {
                    failed(&refusal.refused);
                    if refusal.is_failure {
                        continue;
                    }
                }
            }
        }
        if let Err(error) = operators.withdraw(change.site, change.id) {
            failed(&error);
        }
    }
}

/// Makes what is due, and a new version of each notice that has changed by itself: by a day that has come, an end of a share, or a
/// new version of the program. Of a site of which nothing has changed since it was looked at, nothing is read.
///
/// # Errors
/// [`StoreError`], the first one; other sites are looked at all the same.
pub fn look(collector: &Collector, base_url: &str) -> Result<(), StoreError> {
    collector.alone(|| {
        act_due(collector, base_url);
        let (directory, languages) = (collector.directory(), languages(collector));
        collector.notices().keep_only(|site| directory.get(site).is_some());
        let is_new = |site: &Arc<Site>| known(collector, site.id, &languages).is_none();
        let looked = directory.all().into_iter().filter(is_new).map(|site| {
            let held = places::hold(collector, &site)?;
            keep(collector, held.as_ref().unwrap_or(&site)).map(drop)
        });
        looked.fold(Ok(()), Result::and)
    })
}
