//! The pieces of answers to beacons that formats share. An answer holds no input.

use std::sync::LazyLock;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::super::failure;
use crate::collector::Outcome;

/// An answer to a beacon: its body is small and whole.
pub type WireAnswer = Response<Full<Bytes>>;

/// A transparent picture of one pixel, GIF89a.
const PIXEL: [u8; 43] = [
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0x21, 0xf9, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02,
    0x01, 0x44, 0x00, 0x3b, 0x00,
];

/// The header that says why a beacon is not counted.
pub const REJECTED: &str = "x-headcount-rejected";
/// The header that names past days on which visitors are counted under two salts.
const REPEATED: &str = "x-headcount-repeated-days";

/// The answers that nearly all messages get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsualAnswer {
    /// All of a message of Plausible's format or ours is taken.
    Accepted,
    /// The picture of one pixel, which nobody keeps.
    Picture,
}

/// Their headers, made once: clones are cheaper than inserts.
static ACCEPTED: LazyLock<HeaderMap> =
    LazyLock::new(|| with_cors(plain(StatusCode::ACCEPTED, "ok")).into_parts().0.headers);
static PICTURE: LazyLock<HeaderMap> = LazyLock::new(|| {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("image/gif")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache, must-revalidate, private")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ])
});

impl UsualAnswer {
    /// The answer.
    pub fn answer(self) -> WireAnswer {
        match self {
            UsualAnswer::Accepted => whole(StatusCode::ACCEPTED, ACCEPTED.clone(), Bytes::from_static(b"ok")),
            UsualAnswer::Picture => picture(StatusCode::OK),
        }
    }
}

/// What a message is answered. The usual answers need not be made again for each.
pub enum WireReply {
    /// One of the usual answers.
    Usual(UsualAnswer),
    /// An answer of its own.
    Made(WireAnswer),
}

impl WireReply {
    /// The answer, whichever it is.
    pub fn into_answer(self) -> WireAnswer {
        match self {
            WireReply::Usual(usual) => usual.answer(),
            WireReply::Made(answer) => answer,
        }
    }
}

/// The picture of one pixel, which nobody keeps.
pub fn picture(status: StatusCode) -> WireAnswer {
    whole(status, PICTURE.clone(), Bytes::from_static(&PIXEL))
}

/// Any page may read the answer.
pub fn with_cors(mut answer: WireAnswer) -> WireAnswer {
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    answer
}

/// A line of text.
pub fn plain(status: StatusCode, text: impl Into<Bytes>) -> WireAnswer {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    whole(status, HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]), text.into())
}

/// JSON that any page may read.
pub fn json(status: StatusCode, value: &Value) -> WireAnswer {
    let kind = HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, kind),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ]);
    whole(status, headers, value.to_string().into())
}

/// An answer of these parts.
pub fn whole(status: StatusCode, headers: HeaderMap, body: Bytes) -> WireAnswer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

/// Sets a header to a text of our own.
pub fn set(answer: &mut WireAnswer, name: &'static str, value: &'static str) {
    answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
}

/// Tells the owner of a site why a beacon is not counted. Browsers show the header to scripts only where it is exposed.
pub fn note_reasons(headers: &mut HeaderMap, outcomes: &[Outcome]) {
    let mut reasons: Vec<&str> = outcomes.iter().filter_map(|outcome| reason(*outcome)).collect();
    // Of thousands each is named once.
    if reasons.len() > crate::limits::SITES_OF_A_BEACON_MAX {
        reasons.sort_unstable();
        reasons.dedup();
    }
    if let Ok(value) = HeaderValue::from_str(&reasons.join(", "))
        && !reasons.is_empty()
    {
        headers.insert(HeaderName::from_static(REJECTED), value);
    }
}

/// Tells a server on which past days visitors count twice.
pub fn note_days(headers: &mut HeaderMap, days: &[String]) {
    if let Ok(value) = HeaderValue::from_str(&days.join(", "))
        && !days.is_empty()
    {
        headers.insert(HeaderName::from_static(REPEATED), value);
    }
}

/// The label of why a beacon is not counted.
pub fn reason(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Accepted => None,
        Outcome::Rejected(reason) => Some(reason.label()),
        Outcome::Lost => Some("lost"),
    }
}

/// The answer when nothing was taken because the collector can't keep up. Whoever is told to try again counts twice for
/// each site that took the first try, so it is only for those of whom none was taken.
pub fn overloaded(outcomes: &[Outcome], shape: AnswerShape) -> Option<WireAnswer> {
    if !outcomes.iter().any(|outcome| outcome.is_overload()) || outcomes.contains(&Outcome::Accepted) {
        return None;
    }
    let mut answer = failure::overloaded(shape);
    note_reasons(answer.headers_mut(), outcomes);
    Some(answer)
}

/// What an error of a wire format looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerShape {
    /// A line of text.
    Text,
    /// JSON with the key `error`.
    Json,
    /// The error of Umami's API.
    UmamiJson,
    /// The error of Matomo's reporting API.
    Message,
}

impl AnswerShape {
    /// An error, as a client of the format reads it.
    pub fn error(self, status: StatusCode, sentence: &'static str) -> WireAnswer {
        match self {
            AnswerShape::Text => with_cors(plain(status, sentence)),
            AnswerShape::Json => json(status, &json!({ "error": sentence })),
            AnswerShape::UmamiJson => json(status, &umami_error(status.as_u16(), sentence)),
            AnswerShape::Message => json(status, &json!({"result": "error", "message": sentence})),
        }
    }
}

/// An error as Umami's API has it.
pub fn umami_error(status: u16, message: &str) -> Value {
    let code = if status < 500 { "bad-request" } else { "server-error" };
    json!({"error": {"message": message, "code": code, "status": status}})
}

/// What a browser is told that asks before it sends.
#[derive(Debug)]
pub struct Preflight {
    methods: &'static str,
    headers: &'static str,
    age_s: Option<&'static str>,
    with_credentials: bool,
}

impl Preflight {
    /// For Plausible's clients and ours.
    pub const EVENT: Preflight = Preflight {
        methods: "POST, OPTIONS",
        headers: "Authorization,Content-Type,Accept,Origin,User-Agent,DNT,Cache-Control,X-Requested-With",
        age_s: Some("1728000"),
        with_credentials: true,
    };
    /// For Umami's.
    pub const UMAMI: Preflight =
        Preflight { methods: "GET, DELETE, POST, PUT", headers: "*", age_s: Some("86400"), with_credentials: false };
    /// For GoatCounter's.
    pub const GOATCOUNTER: Preflight = Preflight {
        methods: "GET, POST",
        headers: "Authorization, Content-Type, Idempotency-Key",
        age_s: None,
        with_credentials: false,
    };
    /// For Matomo's.
    pub const MATOMO: Preflight =
        Preflight { methods: "GET, POST", headers: "*", age_s: None, with_credentials: false };

    /// The answer.
    pub fn answer(&self) -> WireAnswer {
        let mut answer = plain(StatusCode::NO_CONTENT, "");
        set(&mut answer, "access-control-allow-origin", "*");
        set(&mut answer, "access-control-allow-methods", self.methods);
        set(&mut answer, "access-control-allow-headers", self.headers);
        if let Some(age_s) = self.age_s {
            set(&mut answer, "access-control-max-age", age_s);
        }
        if self.with_credentials {
            set(&mut answer, "access-control-allow-credentials", "true");
        }
        answer
    }
}
