//! In: the stages of a request. Out: what each holds, by the names of its fields. Forgets: what is empty.

use crate::beacon::mail::Asker;
use crate::beacon::{Beacon, Kind, Request};
use crate::cell::{Axis, Cell, Dimension, NOT_SET, Tally};
use crate::collector::mail::MailHit;
use crate::counts::{Name, Sums};
use crate::hit::{Hit, path};
use crate::page::explained::{ExplainedCell, ExplainedMessage, ExplainedStage, MaskedText, StageName};
use crate::site::AddressMode;

const TOKEN: &str = "64 bits that stand for address and agent, until the day's salt is wiped";

fn stage(stage: StageName, holds: Vec<(&str, String)>) -> ExplainedStage {
    let there = holds.into_iter().filter(|(_, value)| !value.is_empty());
    ExplainedStage { stage, holds: there.map(|(field, value)| (field.to_owned(), value)).collect() }
}

fn yes(is_so: bool) -> String {
    if is_so { "yes".into() } else { String::new() }
}

/// What a request holds.
pub(super) fn of_request(request: &Request<'_>) -> ExplainedStage {
    let hints = if *request.hints == crate::beacon::NO_HINTS { String::new() } else { "sent".to_owned() };
    stage(
        StageName::Request,
        vec![
            ("address", request.address.0.to_string()),
            ("user_agent", request.user_agent.to_owned()),
            ("hints", hints),
            ("accept_language", request.accept_language.to_owned()),
            ("referer", request.referer.to_owned()),
            ("origin", request.origin.to_owned()),
            ("query", request.query.to_owned()),
            ("body", String::from_utf8_lossy(request.body).into_owned()),
            ("opted_out", yes(request.opted_out)),
            ("prefetch", yes(request.prefetch)),
        ],
    )
}

/// What a beacon holds.
pub(super) fn of_beacon(beacon: &Beacon) -> ExplainedStage {
    let sender = &beacon.sender;
    let pairs = |pairs: &[(String, String)]| {
        pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
    };
    stage(
        StageName::Beacon,
        vec![
            ("site", beacon.site.clone()),
            ("kind", kind(&beacon.kind)),
            ("url", beacon.url.clone()),
            ("referrer", beacon.referrer.clone()),
            ("props", pairs(&beacon.props)),
            (
                "revenue",
                beacon.revenue.as_ref().map_or_else(String::new, |it| format!("{} {}", it.amount, it.currency)),
            ),
            ("language", beacon.language.clone()),
            ("screen", beacon.screen.unwrap_or_default().to_owned()),
            ("sender.address", sender.address.0.to_string()),
            ("sender.agent", sender.agent.0.clone()),
            ("sender.time_zone", sender.time_zone.clone().unwrap_or_default()),
            ("sender.automated", yes(sender.automated)),
            ("sender.opted_out", yes(sender.opted_out)),
        ],
    )
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Pageview => "pageview".to_owned(),
        Kind::Event { name, interactive: true } => format!("event {name}"),
        Kind::Event { name, interactive: false } => format!("event {name}, not interactive"),
        Kind::Engagement { ms, scroll } => {
            let scroll = scroll.map_or_else(String::new, |scroll| format!(", {scroll} % scrolled"));
            let ms = if *ms == Kind::SINCE_LAST_HIT_MS { "all since the last hit".into() } else { format!("{ms} ms") };
            format!("engagement, {ms}{scroll}")
        }
    }
}

/// What a hit holds. Of the token is told that there is one, not which.
pub(super) fn of_hit(hit: &Hit) -> ExplainedStage {
    let network = "32 bits that stand for the network, until the day's salt is wiped";
    let mut holds = vec![
        ("local", format!("{} {:02}:00", hit.local.day, hit.local.hour.0)),
        ("token", if hit.token.is_some() { TOKEN.to_owned() } else { "none".to_owned() }),
        ("network", hit.network.map_or_else(String::new, |_| network.to_owned())),
        ("kind", kind(&hit.kind)),
    ];
    holds.extend(
        Dimension::ALL
            .map(|dimension| (dimension.name(), hit.value(dimension).to_owned()))
            .into_iter()
            .filter(|(name, value)| !(*value == NOT_SET || value == "Direct / None" && *name == "referrer")),
    );
    let props: Vec<String> = hit.props.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let money = hit
        .watched
        .money
        .as_ref()
        .map_or_else(String::new, |money| format!("{} thousandths of {}", money.thousandths, money.currency));
    holds.extend([
        ("props", props.join(", ")),
        ("watched.patterns", hit.watched.patterns.join(", ")),
        ("watched.money", money),
        ("watched.properties", hit.watched.properties.join(", ")),
    ]);
    stage(StageName::Hit, holds)
}

/// What a request for the picture of a mail counts as, and what it adds to the campaign's row of the day.
pub(super) fn of_mail(hit: &MailHit, address: AddressMode) -> ExplainedMessage {
    let (asker, column) = match hit.kind.asker {
        Asker::Reader => ("a person", "opened"),
        Asker::Proxy => ("a mail provider, for one of many persons", "opened"),
        Asker::Relay => ("a relay, whether the mail is opened or not", "relays"),
        Asker::Scanner => ("a program", "scanners"),
    };
    let is_known = hit.kind.asker == Asker::Reader && address != AddressMode::None;
    let token = if is_known { TOKEN.to_owned() } else { String::new() };
    let mail =
        stage(StageName::Mail, vec![("campaign", hit.campaign.clone()), ("asker", asker.to_owned()), ("token", token)]);
    let mut changes = vec![(column, 1)];
    changes.extend(is_known.then_some(("readers", 1)));
    let cell = ExplainedCell { axis: "mail".to_owned(), value: hit.campaign.clone(), changes };
    ExplainedMessage { stages: vec![mail], cells: vec![cell], ..ExplainedMessage::default() }
}

/// What the memory of a visitor has of a hit.
pub(super) fn of_visit(hit: &Hit) -> ExplainedStage {
    let token =
        if hit.token.is_some() { "by the token, in a table of its own" } else { "nowhere: the site keeps no tokens" };
    stage(
        StageName::Visit,
        vec![
            ("found", token.to_owned()),
            ("last", "the time of the last hit, to the millisecond".to_owned()),
            (
                "visits",
                "start, length, numbers of source, place and client, first and last page, hits by hour".to_owned(),
            ),
            ("page_visits", "page, host and event by number, hits, visible time, deepest scroll".to_owned()),
            ("props", if hit.props.is_empty() { String::new() } else { "keys and values by number".to_owned() }),
        ],
    )
}

/// The texts of a beacon that are not the same in the hit.
pub(super) fn masked(beacon: &Beacon, hit: &Hit) -> Vec<MaskedText> {
    let mut all = vec![changed("url", &beacon.url, &hit.page)];
    if let Kind::Event { name, .. } = &beacon.kind {
        all.push(changed("event", name, hit.event()));
    }
    all.push(changed("referrer", &beacon.referrer, hit.value(Dimension::Referrer)));
    for ((key, value), (kept_key, kept)) in beacon.props.iter().zip(sent_props(beacon, hit)) {
        all.push(changed("props key", key, kept_key));
        all.push(changed(&format!("props {kept_key}"), value, kept));
    }
    all.extend(campaign(beacon, hit));
    all.into_iter().flatten().collect()
}

/// The properties of the hit that were sent, in their order: some events get another in front.
fn sent_props<'a>(beacon: &Beacon, hit: &'a Hit) -> impl Iterator<Item = (&'a str, &'a str)> {
    let added = hit.props.len().saturating_sub(beacon.props.len());
    hit.props.iter().skip(added).map(|(key, value)| (key.as_str(), value.as_str()))
}

/// Values of campaign keys, as the address has them and as they are kept.
fn campaign(beacon: &Beacon, hit: &Hit) -> Vec<Option<MaskedText>> {
    let query = beacon.url.split_once('?').map_or("", |(_, query)| query);
    let sent: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let keys = [
        ("utm_source", Dimension::UtmSource),
        ("utm_medium", Dimension::UtmMedium),
        ("utm_campaign", Dimension::UtmCampaign),
        ("utm_content", Dimension::UtmContent),
        ("utm_term", Dimension::UtmTerm),
    ];
    let of_key = |(key, dimension): (&str, Dimension)| {
        let (_, value) = sent.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(key))?;
        changed(key, value, hit.value(dimension))
    };
    keys.into_iter().map(of_key).collect()
}

fn changed(field: &str, before: &str, after: &str) -> Option<MaskedText> {
    let is_nothing = before.is_empty() || before == after;
    let masks = path::placeholders(after).filter(|mask| !before.contains(mask)).map(str::to_owned).collect();
    let text = || MaskedText { field: field.to_owned(), before: before.to_owned(), after: after.to_owned(), masks };
    (!is_nothing).then(text)
}

/// The cells that sums change over the day, the total first, dimensions in the order of their table.
pub(super) fn cells(sums: &Sums) -> Vec<ExplainedCell> {
    let mut days: Vec<&(Cell<Name>, Tally)> = sums.days.iter().collect();
    days.sort_by(|(a, _), (b, _)| a.cmp(b));
    days.into_iter()
        .map(|(cell, tally)| ExplainedCell {
            axis: axis(&cell.axis),
            // What two values are joined by is not for the eye.
            value: cell.value.replace(char::is_control, ", "),
            changes: changes(*tally),
        })
        .collect()
}

fn axis(axis: &Axis<Name>) -> String {
    match axis {
        Axis::Total => "total".to_owned(),
        Axis::Of(dimension) => dimension.name().to_owned(),
        Axis::Prop { key, event: None } => format!("prop:{key}"),
        Axis::Prop { key, event: Some(event) } => format!("prop:{key} of {event}"),
        Axis::Revenue { event, within: None } => format!("money of {event}"),
        Axis::Revenue { event, within: Some((key, currency)) } => format!("money of {event} in {currency} by {key}"),
        Axis::Funnel(number) => format!("funnel {number}"),
    }
}

fn changes(tally: Tally) -> Vec<(&'static str, i64)> {
    let all = [
        ("visitors", tally.visitors),
        ("visits", tally.visits),
        ("pageviews", tally.pageviews),
        ("events", tally.events),
        ("bounces", tally.bounces),
        ("seconds", tally.seconds),
        ("engaged_visits", tally.engaged_visits),
        ("engaged_ms", tally.engaged_ms),
        ("scroll", tally.scroll),
        ("revenue", tally.revenue),
    ];
    all.into_iter().filter(|(_, by)| *by != 0).collect()
}
