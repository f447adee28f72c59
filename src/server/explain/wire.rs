//! In: a request on the path of a wire format. Out: the messages in it, read by the parsers that count. Forgets: nothing.

use super::raw::RawRequest;
use crate::beacon::objects::Objects;
use crate::beacon::{Beacon, Refusal, Request, fathom, goatcounter, matomo, pixel, plausible, simple, umami};
use crate::rejection::Rejection;
use crate::server::ingest::{HeaderFields, WireAdapter};
use crate::server::routes::WIRE;
use crate::site::Directory;

/// Messages, each with what it tells or why it is none.
pub(super) type WireMessages = Vec<Result<Beacon, Refusal>>;

/// The paths to which messages are sent that count visits, and that of pictures of mails.
pub(super) fn paths() -> String {
    let is_explained = |adapter| counts(adapter) || matches!(adapter, WireAdapter::Mail);
    let paths = WIRE.iter().filter(|route| is_explained(route.adapter)).map(|route| route.path);
    paths.collect::<Vec<_>>().join(", ")
}

/// Whether messages of a format count visits: others ask for something, or are of mails.
fn counts(adapter: WireAdapter) -> bool {
    use WireAdapter::{CountMe, Heartbeat, Link, Mail, MatomoApi};
    !matches!(adapter, Heartbeat | CountMe | MatomoApi | Mail | Link)
}

/// The messages of a request; nothing where no message that counts is sent to its path.
pub(super) fn messages(
    adapter: WireAdapter,
    raw: &RawRequest,
    request: &Request<'_>,
    sites: &Directory,
) -> Option<WireMessages> {
    counts(adapter).then(|| match adapter {
        WireAdapter::Event => ours(request),
        WireAdapter::Bulk => listed(request),
        WireAdapter::Pixel => many(pixel::parse(request)),
        WireAdapter::Send => vec![umami::parse(request)],
        WireAdapter::Batch => umami::parse_batch(request).unwrap_or_else(|refusal| vec![Err(refusal)]),
        WireAdapter::Count | WireAdapter::CountApi => goatcounters(adapter, raw, request, sites),
        WireAdapter::Matomo => matomo::parse(request).map_or_else(|refusal| vec![Err(refusal)], |parsed| parsed.items),
        WireAdapter::Collect => vec![fathom::parse(request)],
        WireAdapter::Simple => vec![simple::parse(request)],
        WireAdapter::Append => vec![simple::parse_append(request)],
        WireAdapter::Heartbeat | WireAdapter::CountMe | WireAdapter::MatomoApi => Vec::new(),
        WireAdapter::Mail | WireAdapter::Link => Vec::new(),
    })
}

fn many(parsed: Result<Vec<Beacon>, Refusal>) -> WireMessages {
    parsed.map_or_else(|refusal| vec![Err(refusal)], |beacons| beacons.into_iter().map(Ok).collect())
}

fn ours(request: &Request<'_>) -> WireMessages {
    let parsed = plausible::parse(request);
    many(parsed.map_err(|refusal| Refusal { reason: refusal.rejection(), sites: refusal.sites }))
}

/// Many messages of our format, of which nothing is taken unless the list is whole.
fn listed(request: &Request<'_>) -> WireMessages {
    let mut objects = Objects::default();
    objects.add(request.body);
    let mut messages = Vec::new();
    while let Ok(Some(object)) = objects.cut_next() {
        messages.extend(ours(&Request { body: &object, ..*request }));
    }
    if objects.is_done() { messages } else { vec![Err(Refusal { reason: Rejection::NotJson, sites: Vec::new() })] }
}

fn goatcounters(adapter: WireAdapter, raw: &RawRequest, request: &Request<'_>, sites: &Directory) -> WireMessages {
    let named = raw.path.strip_prefix("/count/").filter(|site| !site.is_empty());
    let only = sites.only().map(|site| site.domain.as_str());
    let site = goatcounter::site(named, raw.headers.text("host"), request, |name| sites.find(name).is_some(), only);
    let Some(site) = site else {
        return vec![Err(Refusal { reason: Rejection::UnknownSite, sites: Vec::new() })];
    };
    let refused = |fault: goatcounter::RequestFault| Refusal { reason: fault.reason, sites: vec![site.clone()] };
    match adapter {
        WireAdapter::Count => vec![goatcounter::parse(request, &site).map_err(refused)],
        _ => match goatcounter::parse_api(request, &site) {
            Ok(items) => items.into_iter().map(|item| item.map_err(refused)).collect(),
            Err(fault) => vec![Err(refused(fault))],
        },
    }
}
