//! In: requests for pictures and links of mail campaigns. Out: the picture, or the way to where the link was signed for. Forgets:
//! the request, with every key of its query; `count=no` says that it is not to be counted.

use std::net::IpAddr;

use hyper::header::{HeaderValue, LOCATION};
use hyper::{Method, StatusCode};

use super::answers::{WireAnswer, note_reasons, picture as gif, plain, set};
use super::intake::refuse;
use super::{App, Said, client};
use crate::beacon::Refusal;
use crate::beacon::mail::{self, Act, Link};
use crate::collector::Outcome;
use crate::control::campaign::KEY;
use crate::limits;
use crate::rejection::Rejection;
use crate::secret;
use crate::server::arriving::ArrivingBody;
use crate::server::failure::{FailureCause, stored};

/// `GET /e/DOMAIN/CAMPAIGN.gif`
pub async fn picture(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> WireAnswer {
    let outcome = match mail::of_picture(request.uri().path()) {
        Some((site, campaign)) => count(&request, peer, app, &site, &campaign, Act::Opened),
        None => refuse(&Refusal { reason: Rejection::BadUrl, sites: Vec::new() }, &app.collector),
    };
    let mut answer = gif(StatusCode::OK);
    note_reasons(answer.headers_mut(), &[outcome]);
    answer
}

/// `GET /l/LINK`
pub async fn link(request: hyper::Request<ArrivingBody>, peer: IpAddr, app: &App) -> Result<WireAnswer, FailureCause> {
    let signed = request.uri().path().trim_start_matches("/l/").to_owned();
    let collector = app.collector.clone();
    // What is longer than any address was never signed.
    let is_short = signed.len() <= 2 * limits::URL_BYTES_MAX;
    let key = stored(move || collector.operators().known_key(KEY)).await?.filter(|_| is_short);
    let link = key.and_then(|key| Link::of_text(&secret::verified(&key, &signed)?));
    let is_declined = mail::is_declined(request.uri().query());
    let to = |link: &Link| if is_declined { link.to_without_campaign() } else { link.to.clone() };
    let target = link.as_ref().and_then(|link| HeaderValue::from_str(&to(link)).ok());
    let (Some(link), Some(target)) = (link, target) else {
        return Ok(plain(StatusCode::NOT_FOUND, "This link was not made here, or is not whole."));
    };
    let outcome = count(&request, peer, app, &link.site, &link.campaign, Act::Clicked);
    let mut answer = plain(StatusCode::FOUND, "");
    answer.headers_mut().insert(LOCATION, target);
    set(&mut answer, "cache-control", "no-store");
    set(&mut answer, "referrer-policy", "no-referrer");
    note_reasons(answer.headers_mut(), &[outcome]);
    Ok(answer)
}

fn count(
    request: &hyper::Request<ArrivingBody>,
    peer: IpAddr,
    app: &App,
    site: &str,
    campaign: &str,
    act: Act,
) -> Outcome {
    if mail::is_declined(request.uri().query()) {
        return app.collector.decline_mail(site);
    }
    let client = client(request.headers(), peer, app);
    let heard = Said::by(request.headers());
    let said = heard.request("", &[], client);
    let is_head = request.method() == Method::HEAD;
    app.collector.mail(&said, site, campaign, act, is_head).err().unwrap_or(Outcome::Accepted)
}
