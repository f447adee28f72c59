//! Which part of a request a key of a JSON log has, and which of several keys for the same part is taken.
//!
//! Names by the documentation of their writers: nginx's variables, <https://caddyserver.com/docs/caddyfile/directives/log>,
//! <https://doc.traefik.io/traefik/observability/access-logs/>,
//! <https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/>,
//! <https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#httprequest>,
//! <https://learn.microsoft.com/azure/frontdoor/monitor-front-door>, <https://docs.konghq.com/hub/kong-inc/file-log/>,
//! <https://www.elastic.co/guide/en/ecs/current/>, <https://docs.bunny.net/cdn/logging>.

use std::collections::HashMap;

use super::super::parts::Part;

/// Which keys mean what.
#[derive(Clone, Default)]
pub(in super::super) struct Keys(HashMap<String, Part>);

impl Keys {
    /// Keys as somebody described them; nothing if they have not all that a pageview needs.
    pub(super) fn named(named: HashMap<String, Part>) -> Option<Keys> {
        let has = |parts: &[Part]| named.values().any(|part| parts.contains(part));
        let is_enough = has(&[Part::Client, Part::Peer, Part::Forwarded, Part::RealIp, Part::CloudflareIp])
            && has(&[Part::Time])
            && has(&[Part::Request, Part::Target, Part::Path])
            && has(&[Part::Status]);
        is_enough.then_some(Keys(named))
    }

    /// The part of a key, and its rank: 0 is best. Described keys are all that counts where there are any.
    pub(super) fn part(&self, parent: &str, key: &str, depth: u8) -> Option<(Part, u8)> {
        if !self.0.is_empty() {
            return self.0.get(key).map(|part| (*part, 0));
        }
        of_pair(parent, key).or_else(|| of_request(key)).or_else(|| of_client(key)).or_else(|| match of_line(key)? {
            found if depth == 0 => Some(found),
            // A time further in counts where the line has none of its own.
            (Part::Time, rank) => Some((Part::Time, rank + 4)),
            _ => None,
        })
    }
}

/// Whether a key holds what was answered, not what was asked.
pub(super) fn is_of_answer(parent: &str, key: &str) -> bool {
    matches!(key, "respheaders" | "responseheaders" | "tls") || (parent == "response" && key == "headers")
}

/// Keys that mean something only below another.
fn of_pair(parent: &str, key: &str) -> Option<(Part, u8)> {
    Some(match (parent, key) {
        ("url", "original" | "full") => (Part::Target, 0),
        ("url", "path") => (Part::Path, 1),
        ("url", "query") => (Part::Query, 1),
        ("url", "domain") => (Part::Host, 0),
        ("useragent", "original") => (Part::Agent, 1),
        ("client", "ip" | "address") => (Part::Client, 0),
        ("source" | "remote", "ip" | "address" | "addr") => (Part::Peer, 1),
        ("response", "status" | "statuscode" | "code") => (Part::Status, 0),
        ("request", "path") => (Part::Path, 1),
        ("request", "line") => (Part::Request, 0),
        _ => return None,
    })
}

fn of_request(key: &str) -> Option<(Part, u8)> {
    Some(match key {
        "request" | "requestline" | "httprequestline" => (Part::Request, 0),
        "requestmethod" | "clientrequestmethod" | "httpmethod" => (Part::Method, 0),
        "method" | "verb" | "csmethod" => (Part::Method, 1),
        "requesturi" | "clientrequesturi" | "requesturl" | "originalurl" => (Part::Target, 0),
        "uri" | "url" | "csuri" | "pathandquery" => (Part::Target, 1),
        "requestpath" | "path" | "urlpath" | "uripath" | "csuristem" | "documenturi" | "clientrequestpath" => {
            (Part::Path, 1)
        }
        "args" | "querystring" | "requestquery" | "uriparam" | "uriquery" | "csuriquery" => (Part::Query, 0),
        "query" => (Part::Query, 1),
        "status" | "statuscode" | "httpstatus" | "httpstatuscode" | "scstatus" | "edgeresponsestatus" => {
            (Part::Status, 0)
        }
        "downstreamstatus" | "responsestatus" | "responsecode" | "requeststatus" | "httpcode" => (Part::Status, 1),
        "originstatus" | "returncode" | "code" => (Part::Status, 2),
        "httpreferer" | "httpreferrer" | "requestreferer" | "requestreferrer" | "clientrequestreferer" => {
            (Part::Referrer, 0)
        }
        "referer" | "referrer" | "csreferer" | "requestheaderreferer" => (Part::Referrer, 1),
        "httpuseragent" | "requestuseragent" | "clientrequestuseragent" => (Part::Agent, 0),
        "useragent" | "agent" | "ua" | "csuseragent" | "browser" | "requestheaderuseragent" => (Part::Agent, 1),
        "acceptlanguage" | "httpacceptlanguage" | "requestacceptlanguage" => (Part::Language, 0),
        "httphost" | "requesthost" | "clientrequesthost" | "cshost" | "xhostheader" | "requestheaderhost" => {
            (Part::Host, 0)
        }
        "host" | "authority" | "requestauthority" => (Part::Host, 1),
        "vhost" | "virtualhost" | "domain" | "domainname" | "requestaddr" => (Part::Host, 2),
        "servername" => (Part::ServerName, 0),
        "secgpc" | "dnt" | "httpsecgpc" | "httpdnt" | "requestsecgpc" | "requestdnt" => (Part::OptOut, 0),
        _ => return None,
    })
}

fn of_client(key: &str) -> Option<(Part, u8)> {
    Some(match key {
        "clientip" | "clienthost" | "proxyprotocoladdr" | "cip" => (Part::Client, 0),
        "client" | "clientaddress" | "visitorip" => (Part::Client, 2),
        "clientaddr" => (Part::Client, 3),
        "remoteaddr" | "remoteip" | "remoteaddress" | "downstreamremoteaddress" => (Part::Peer, 0),
        "remotehost" | "remote" | "ip" | "ipaddress" | "sourceip" | "srcip" | "remoteaddrip" => (Part::Peer, 1),
        "realipremoteaddr" => (Part::Peer, 2),
        "httpxforwardedfor" | "xforwardedfor" | "requestxforwardedfor" | "forwardedfor" | "xff" => (Part::Forwarded, 0),
        "httpcfconnectingip" | "cfconnectingip" => (Part::CloudflareIp, 0),
        "httptrueclientip" | "trueclientip" => (Part::RealIp, 0),
        "httpxrealip" | "xrealip" | "realip" | "httpfastlyclientip" | "fastlyclientip" => (Part::RealIp, 1),
        _ => return None,
    })
}

/// Keys of the line as a whole, which mean something else further in.
fn of_line(key: &str) -> Option<(Part, u8)> {
    Some(match key {
        "timeiso8601" | "startutc" | "edgestarttimestamp" | "requesttimestamp" => (Part::Time, 0),
        "timestamp" | "ts" | "time" | "timelocal" | "msec" | "datetime" | "startedat" | "starttime" => (Part::Time, 1),
        "date" | "startlocal" | "edgeendtimestamp" | "unixtime" | "asctime" | "t" => (Part::Time, 2),
        "realtimetimestamp" => (Part::Time, 3),
        "log" => (Part::Message, 0),
        "message" | "shortmessage" | "textpayload" | "line" | "commonlog" => (Part::Message, 1),
        "msg" => (Part::Message, 2),
        "stream" => (Part::Stream, 0),
        _ => return None,
    })
}
