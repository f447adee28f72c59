//! In: the bytes that a connection has brought. Out: a beacon's request, if one stands there that leaves nothing to doubt.
//! Forgets: all headers that no wire format hears of.
//!
//! What is read here, hyper would read the same way: both use httparse with the same settings. Whatever decides where a request
//! ends, and is not one plain `Content-Length`, is left to hyper.

use std::mem::MaybeUninit;

use httparse::{Header, Status};

use crate::beacon::address::Header as Forwarding;
use crate::limits;
use crate::server::ingest::{AtOnce, HeaderFields};
use crate::server::routes::{self, WireRoute};

/// A request that is answered at once.
pub struct FastMessage<'b, 'h> {
    /// Where it arrives, and what answers it.
    pub route: (&'static WireRoute, AtOnce),
    /// How.
    pub method: &'b str,
    /// Its query, without the question mark.
    pub query: &'b str,
    /// Its headers.
    pub fields: FieldList<'b, 'h>,
    /// Its body.
    pub body: &'b [u8],
    /// How many bytes it has, from its first line to the end of its body.
    pub len: usize,
}

/// What stands at the beginning of some bytes.
pub enum Inbound<'b, 'h> {
    /// A request that is answered at once.
    Message(FastMessage<'b, 'h>),
    /// The beginning of something.
    Part {
        /// Whether only a body is still to come.
        is_body: bool,
    },
    /// Anything else.
    Other {
        /// The length of the request, if it is one without a body, after which the connection goes on.
        alone: Option<usize>,
    },
}

/// Room for the headers of a request.
pub type HeaderRoom<'b> = [MaybeUninit<Header<'b>>; limits::FAST_HEADERS_MAX];

/// Headers as they were sent.
#[derive(Clone, Copy)]
pub struct FieldList<'b, 'h>(&'h [Header<'b>]);

impl HeaderFields for FieldList<'_, '_> {
    fn each<'a>(&'a self, mut show: impl FnMut(&str, &'a [u8])) {
        for field in self.0 {
            let mut small = [0; limits::FAST_HEADER_NAME_BYTES_MAX];
            let Some(small) = small.get_mut(..field.name.len()) else { continue };
            small.copy_from_slice(field.name.as_bytes());
            small.make_ascii_lowercase();
            if let Ok(name) = std::str::from_utf8(small) {
                show(name, field.value);
            }
        }
    }

    fn first(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    fn forwarding<'a>(&'a self, asked: Forwarding<'a>) -> impl Iterator<Item = &'a [u8]> {
        let name = match asked {
            Forwarding::ForwardedFor => "x-forwarded-for",
            Forwarding::Forwarded => "forwarded",
            Forwarding::RealIp => "x-real-ip",
            Forwarding::CloudflareIp => "cf-connecting-ip",
            Forwarding::CloudflareIpv6 => "cf-connecting-ipv6",
            Forwarding::Named(name) => name,
        };
        self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }
}

/// What stands at the beginning of `bytes`, which are never empty.
pub fn arrived<'b, 'h>(bytes: &'b [u8], room: &'h mut HeaderRoom<'b>) -> Inbound<'b, 'h> {
    let mut request = httparse::Request::new(&mut []);
    let head_len = match request.parse_with_uninit_headers(bytes, room) {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return Inbound::Part { is_body: false },
        Err(_) => return OTHER,
    };
    let (Some(method), Some(target), Some(1)) = (request.method, request.path, request.version) else { return OTHER };
    let fields = FieldList(request.headers);
    let Some(body_len) = fields.framing() else { return OTHER };
    if !target.bytes().all(is_plain) {
        return OTHER;
    }
    let alone = (body_len.is_none() && matches!(method, "GET" | "HEAD" | "OPTIONS")).then_some(head_len);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let route = routes::fast(method, path).filter(|_| !fields.wants_more());
    let (Some(route), true) = (route, body_len.is_some() == (method == "POST")) else {
        return Inbound::Other { alone };
    };
    let len = head_len + body_len.unwrap_or_default();
    match bytes.get(head_len..len) {
        Some(body) => Inbound::Message(FastMessage { route, method, query, fields, body, len }),
        None => Inbound::Part { is_body: true },
    }
}

const OTHER: Inbound<'static, 'static> = Inbound::Other { alone: None };

/// Whether a byte means the same to every reader of addresses.
fn is_plain(byte: u8) -> bool {
    (0x21..0x7f).contains(&byte) & !matches!(byte, b'"' | b'#' | b'<' | b'>')
}

impl FieldList<'_, '_> {
    /// The length of the body that is announced, if one is; nothing where anything else than that is said of how the request
    /// ends, or of what comes after it.
    fn framing(&self) -> Option<Option<usize>> {
        let mut body_len = None;
        for field in self.0 {
            let is = |name: &str| field.name.eq_ignore_ascii_case(name);
            let doubtful = match field.name.len() {
                14 if is("content-length") => {
                    let is_second = body_len.is_some();
                    body_len = Some(small_number(field.value)?);
                    is_second
                }
                10 => is("connection") && !field.value.eq_ignore_ascii_case(b"keep-alive"),
                17 => is("transfer-encoding"),
                7 => is("upgrade") || is("trailer"),
                6 => is("expect"),
                2 => is("te"),
                14 => is("http2-settings"),
                _ => false,
            };
            if doubtful {
                return None;
            }
        }
        Some(body_len)
    }

    /// Whether it asks for what only the adapters can give that wait for something.
    fn wants_more(&self) -> bool {
        self.first("authorization").is_some() || self.first("x-debug-request").is_some()
    }
}

/// The length of a body that is read here.
fn small_number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0, |number, digit| 10 * number + usize::from(digit - b'0'));
    Some(number).filter(|number| *number <= limits::BODY_BYTES_FREE)
}
