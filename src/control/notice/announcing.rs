//! Puts off what a site's notice has to announce first ([`crate::site::NoticeSettings::announce_days`]): changes towards more data.
//! Those towards less act at once.

use serde_json::{Value, json};

use super::super::campaign::{self, CampaignCommand};
use super::super::segment::{self, SegmentCommand};
use super::super::share::ShareCommand;
use super::super::{Command, CommandRefusal, Done, Reply, find, funnel, goal, refuse, site};
use super::NoticeCommand;
use crate::collector::Collector;
use crate::limits;
use crate::notice::{NoticeFacts, facts};
use crate::operator::AnnouncedChange;
use crate::page::text::site::{described, line, set_to};
use crate::site::{DataDirection, Day, Moment, Site, SiteChange, SiteSetting};
use crate::store::StoreError;

/// The site whose notice a command may change.
pub(in super::super) fn told_of(command: &Command) -> Option<&str> {
    match command {
        Command::SiteAdd { domain, .. } | Command::SiteEnsure { domain } | Command::SiteSet { domain, .. } => {
            Some(domain)
        }
        Command::GoalAdd { site, .. }
        | Command::GoalRemove { site, .. }
        | Command::FunnelAdd { site, .. }
        | Command::FunnelRemove { site, .. }
        | Command::Segment(SegmentCommand::Add { site, .. } | SegmentCommand::Remove { site, .. })
        | Command::Campaign(CampaignCommand::Set { site, .. } | CampaignCommand::Remove { site, .. })
        | Command::Share(ShareCommand::Add { site, .. } | ShareCommand::Remove { site, .. })
        | Command::Notice(NoticeCommand::Set { site, .. } | NoticeCommand::Withdraw { site, .. }) => Some(site),
        // Whatever else changes a notice is found at the next look at all of them.
        _ => None,
    }
}

/// Carries a command out, or puts it off as far as its site's notice has to announce it first. What was announced and can't be done
/// any more after it is taken back.
pub(in super::super) fn run(command: Command, collector: &Collector, carry_out: impl Fn(Command) -> Done) -> Done {
    let found = told_of(&command).and_then(|name| find(collector, name).ok());
    let Some(site) = found else { return carry_out(command) };
    if let Command::SiteSet { change, .. } = &command {
        return set(&site, change, collector, carry_out);
    }
    if site.settings.notice.announce_days > 0 {
        let after = planned(&command, &site, collector)?;
        if after.is_some_and(|after| is_more(&told(&site, collector), &told(&after, collector))) {
            let all = Announcement::all(collector, &site)?;
            check_room(&site, all.len() + 1)?;
            check(&command, &announced_site(&site, &all, collector), collector)?;
            let announced = announce(&site, &command, collector)?;
            return Ok(Reply::new(announced.sentence(&site), announced.described(&site)));
        }
    }
    let mut reply = carry_out(command)?;
    withdraw_impossible(&site, collector, &mut reply)?;
    Ok(reply)
}

/// What a command makes more of that a notice does not tell.
pub(super) fn untold(command: &Command) -> impl Iterator<Item = &'static str> {
    let change = if let Command::SiteSet { change, .. } = command { change.clone() } else { SiteChange::default() };
    SiteSetting::all().filter(move |it| change.has(it)).filter_map(|it| DataDirection::untold(it.name))
}

/// The site as a command would make it, if it is one that can be put off.
pub(super) fn planned(command: &Command, site: &Site, collector: &Collector) -> Result<Option<Site>, CommandRefusal> {
    let now = collector.clock().now();
    Ok(Some(match command {
        Command::SiteSet { change, .. } => {
            let settings = site::changed(site.settings.clone(), change, &site.domain, collector)?;
            Site { settings, ..site.clone() }
        }
        Command::GoalAdd { target, name, .. } => goal::planned(site, target, name.as_deref(), now)?.0,
        Command::FunnelAdd { name, steps, .. } => funnel::planned(site, name, steps, now)?.0,
        Command::Segment(SegmentCommand::Add { name, condition, .. }) => {
            segment::planned(site, name, condition, now)?.0
        }
        Command::Campaign(CampaignCommand::Set { name, sent, .. }) => campaign::planned(site, name, *sent)?,
        _ => return Ok(None),
    }))
}

/// What a notice tells of a site alone.
fn told(site: &Site, collector: &Collector) -> NoticeFacts {
    facts(site, &[], collector.tools().places.detail(), collector.clock().now())
}

/// Whether more is watched.
fn is_more(before: &NoticeFacts, after: &NoticeFacts) -> bool {
    let watched = |facts: &NoticeFacts| {
        [facts.has_goals, facts.has_money, facts.has_funnels, facts.has_segments, facts.has_mails]
    };
    watched(before).into_iter().zip(watched(after)).any(|(before, after)| after && !before)
}

/// Changes the settings of a site: at once those that lead to less, later those that lead to more.
fn set(site: &Site, change: &SiteChange, collector: &Collector, carry_out: impl Fn(Command) -> Done) -> Done {
    let command = |change| Command::SiteSet { domain: site.domain.to_string(), change };
    let settings = site::changed(site.settings.clone(), change, &site.domain, collector)?;
    let is_later = put_off(site, &Site { settings, ..site.clone() }, change, collector);
    let now = change.only(|setting| !is_later(setting));
    let later = SiteSetting::all().filter(|setting| is_later(setting));
    let later: Vec<Command> = later.map(|setting| command(change.only(|it| it.name == setting.name))).collect();
    // Whoever sets something anew no longer wants what was announced of it.
    let all = Announcement::all(collector, site)?;
    let (replaced, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|announced| announced.is_of(change));
    // Whatever is refused is refused before anything changes.
    let between = planned(&command(now.clone()), site, collector)?.unwrap_or_else(|| site.clone());
    if !later.is_empty() {
        check_room(site, others.len() + later.len())?;
        let between = announced_site(&between, &others, collector);
        later.iter().try_for_each(|command| check(command, &between, collector))?;
    }
    // The same reply as where nothing is put off, with what is said of that.
    let mut reply = match now.is_empty() && !later.is_empty() {
        true => Reply::new(line(site), described(site)),
        false => carry_out(command(now))?,
    };
    for announced in replaced {
        collector.operators().withdraw(site.id, announced.change.id)?;
        reply.text.push_str(&format!("\n{} was announced, and is taken back: it is set anew.", announced.what()));
    }
    // Its days may be others by now.
    let directory = collector.directory();
    let site = directory.get(site.id).map_or(site, |site| site);
    for command in &later {
        let announced = announce(site, command, collector)?;
        reply.text = format!("{}\n{}", reply.text, announced.sentence(site));
    }
    withdraw_impossible(site, collector, &mut reply)?;
    let announced = Announcement::all(collector, site)?;
    reply.json["announced"] = announced.iter().map(|it| it.described(site)).collect();
    Ok(reply)
}

/// Which settings of a change the notice has to announce.
fn put_off(
    site: &Site,
    proposed: &Site,
    change: &SiteChange,
    collector: &Collector,
) -> impl Fn(&SiteSetting) -> bool + use<> {
    let leads_to_more = |setting: &&SiteSetting| {
        let (before, after) = (setting.value(site), setting.value(proposed));
        // A page that was left out may have another name then.
        let undoes = DataDirection::names_pages(setting.name) && !site.settings.exclude.paths.is_empty();
        let is_more = match DataDirection::of(setting.name) {
            Some(direction) => direction.is_more(&before, &after),
            None => before != after && told(site, collector) != told(proposed, collector),
        };
        change.has(setting) && (is_more || undoes && before != after)
    };
    let announces = site.settings.notice.announce_days > 0;
    let settings = SiteSetting::all().filter(|_| announces).filter(leads_to_more);
    let names: Vec<&'static str> = settings.map(|setting| setting.name).collect();
    move |setting| names.contains(&setting.name)
}

/// A site with all that its notice announces.
fn announced_site(site: &Site, announced: &[Announcement], collector: &Collector) -> Site {
    let commands = announced.iter().filter_map(|announced| announced.command.as_ref());
    commands.fold(site.clone(), |site, command| planned(command, &site, collector).ok().flatten().unwrap_or(site))
}

/// Refuses what could not be done on its day.
fn check(command: &Command, later: &Site, collector: &Collector) -> Result<(), CommandRefusal> {
    match planned(command, later, collector) {
        Err(refusal) if !refusal.is_failure => {
            refuse(format!("with what is announced already, this can't be done on its day: {}", refusal.refused))
        }
        other => other.map(drop),
    }
}

fn check_room(site: &Site, announced: usize) -> Result<(), CommandRefusal> {
    let most = limits::ANNOUNCED_CHANGES_MAX;
    if announced > most {
        return refuse(format!("{} announces at most {most} changes; withdraw one first", site.domain));
    }
    Ok(())
}

/// Takes back what a site's notice announces and what can't be done any more, and says so behind an answer.
fn withdraw_impossible(site: &Site, collector: &Collector, reply: &mut Reply) -> Result<(), StoreError> {
    let directory = collector.directory();
    let Some(mut later) = directory.get(site.id).map(|site| (**site).clone()) else { return Ok(()) };
    for announced in Announcement::all(collector, site)? {
        match announced.command.as_ref().map(|command| planned(command, &later, collector)) {
            Some(Ok(Some(planned))) => later = planned,
            Some(Err(refusal)) if !refusal.is_failure => {
                collector.operators().withdraw(site.id, announced.change.id)?;
                let what = announced.what();
                reply.text.push_str(&format!("\n{what} was announced, and is taken back: {}", refusal.refused));
            }
            _ => {}
        }
    }
    Ok(())
}

/// From when on something that is opened now is open: at once, unless the notice has to announce it.
pub(in super::super) fn opens(collector: &Collector, site: &Site) -> Option<Moment> {
    (site.settings.notice.announce_days > 0).then(|| due(site, collector.clock().now()))
}

/// When a change that is announced now acts: at the beginning of the site's day that comes when it was announced for long enough.
fn due(site: &Site, now: Moment) -> Moment {
    let days = i32::try_from(site.settings.notice.announce_days).unwrap_or(i32::MAX);
    let today = site.schedule.locate(now).day;
    site.schedule.start_of(Day(today.0.saturating_add(days).saturating_add(1)))
}

pub(super) fn announce(site: &Site, command: &Command, collector: &Collector) -> Result<Announcement, CommandRefusal> {
    let (now, text) = (collector.clock().now(), serde_json::to_string(command)?);
    let from = due(site, now);
    let id = collector.operators().announce(site.id, now, from, &text)?;
    let change = AnnouncedChange { id, site: site.id, announced: now, from, command: text };
    Ok(Announcement { change, command: Some(command.clone()) })
}

/// A change that the notice of a site announces.
#[derive(Debug)]
pub struct Announcement {
    /// As it is kept.
    pub change: AnnouncedChange,
    /// What will be done; nothing where a later version of the program has announced it.
    command: Option<Command>,
}

impl Announcement {
    /// What the notice of a site announces, in the order in which it acts.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn all(collector: &Collector, site: &Site) -> Result<Vec<Announcement>, StoreError> {
        let changes = collector.operators().announced(site.id)?;
        let read =
            |change: AnnouncedChange| Announcement { command: serde_json::from_str(&change.command).ok(), change };
        Ok(changes.into_iter().map(read).collect())
    }

    /// Whether it is about a setting that a change is about.
    fn is_of(&self, change: &SiteChange) -> bool {
        match &self.command {
            Some(Command::SiteSet { change: announced, .. }) => {
                SiteSetting::all().any(|setting| announced.has(setting) && change.has(setting))
            }
            _ => false,
        }
    }

    /// The change of a setting that it makes, if it does.
    pub(super) fn change_of(&self, setting: &str) -> Option<SiteChange> {
        let Some(Command::SiteSet { change, .. }) = &self.command else { return None };
        let part = change.only(|it| it.name == setting);
        (!part.is_empty()).then_some(part)
    }

    /// The day on which it acts.
    fn day(&self, site: &Site) -> Day {
        site.schedule.locate(self.change.from).day
    }

    /// What will be done, in words of the command line.
    pub fn what(&self) -> String {
        match &self.command {
            Some(Command::SiteSet { change, .. }) => {
                let settings = SiteSetting::all().filter(|setting| change.has(setting));
                let named: Vec<String> = settings.map(|setting| setting_line(setting, change)).collect();
                named.join(" ")
            }
            Some(Command::GoalAdd { target, .. }) => format!("goal {target}"),
            Some(Command::FunnelAdd { name, .. }) => format!("funnel {name:?}"),
            Some(Command::Segment(SegmentCommand::Add { name, .. })) => format!("segment {name:?}"),
            Some(Command::Campaign(CampaignCommand::Set { name, .. })) => format!("campaign {name:?}"),
            _ => "a change".to_owned(),
        }
    }

    /// Whether it is known by these words: a goal by its name, too.
    fn is_called(&self, what: &str) -> bool {
        let name = match &self.command {
            Some(Command::GoalAdd { name: Some(name), .. }) => Some(format!("goal {name}")),
            _ => None,
        };
        self.what() == what || name.is_some_and(|name| name == what)
    }

    /// What is said of it.
    pub fn sentence(&self, site: &Site) -> String {
        let (what, day, id) = (self.what(), self.day(site), self.change.id);
        format!(
            "{what} acts from {day} on, and the notice announces it until then; `headcount notice withdraw --site {} --change {id}` \
             takes it back.",
            site.domain
        )
    }

    /// The same for scripts.
    pub fn described(&self, site: &Site) -> Value {
        json!({"change": self.change.id, "what": self.what(), "from": self.day(site).to_string()})
    }
}

/// Refuses what needs something that a site's notice only announces; `what` is as [`Announcement::what`] has it.
pub(in super::super) fn refuse_waiting(collector: &Collector, site: &Site, what: &str) -> Result<(), CommandRefusal> {
    let all = Announcement::all(collector, site)?;
    match all.iter().find(|announced| announced.is_called(what)) {
        Some(announced) => refuse(format!("it is not there yet: {}", announced.sentence(site))),
        None => Ok(()),
    }
}

/// What a list says of those that a site's notice announces and that a command would show, each on a line of its own.
///
/// # Errors
/// [`StoreError`]
pub(in super::super) fn waiting(
    collector: &Collector,
    site: &Site,
    is_shown: fn(&Command) -> bool,
) -> Result<String, StoreError> {
    let all = Announcement::all(collector, site)?;
    let waiting = all.iter().filter(|announced| announced.command.as_ref().is_some_and(is_shown));
    Ok(waiting.map(|announced| format!("\n{}", announced.sentence(site))).collect())
}

/// A setting as a flag has it.
fn setting_line(setting: &SiteSetting, change: &SiteChange) -> String {
    let value = change.value(setting).map(|value| set_to(setting, value)).unwrap_or_default();
    format!("--{} {value}", setting.flag)
}
