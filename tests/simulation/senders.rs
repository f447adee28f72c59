//! Who visits the sites of a simulation, and what they send. Their addresses, agents and queries must be found on no disk.

use std::net::{IpAddr, Ipv4Addr};

use headcount::beacon::{Beacon, ClientIp, NO_HINTS, Request, fathom, pixel, plausible, simple, umami};

use crate::dice::Dice;

const PAGES: [&str; 6] = ["/", "/pricing", "/docs/start", "/blog/how-many", "/about", "/contact"];
const REFERRERS: [&str; 4] = ["", "https://www.google.com/", "https://news.ycombinator.com/", "https://example.net/x"];
const SECRET: &str = "canary-of-a-query";

/// Somebody.
#[derive(Debug, Clone)]
pub struct SimVisitor {
    address: Ipv4Addr,
    agent: String,
    /// What they looked at last.
    page: &'static str,
}

impl SimVisitor {
    /// One of a few networks.
    pub fn born(dice: &mut Dice) -> SimVisitor {
        let address = Ipv4Addr::new(198, 51, 100 + dice.below(3) as u8, dice.below(250) as u8 + 1);
        let build = 1_000_000 + dice.below(8_999_999);
        let agent = format!("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/{build} Firefox/140.0");
        SimVisitor { address, agent, page: PAGES[0] }
    }

    /// What must be found on no disk.
    pub fn canaries(&self) -> [String; 2] {
        [self.address.to_string(), self.agent.clone()]
    }

    /// Sends something to a site: the beacons in it.
    pub fn send(&mut self, domain: &str, dice: &mut Dice) -> Vec<Beacon> {
        let kind = dice.below(100);
        let referrer = format!("{}?q={SECRET}", dice.pick(&REFERRERS));
        let referrer = if referrer.starts_with('?') { "" } else { &referrer };
        if kind < 70 {
            self.page = *dice.pick(&PAGES[..]);
        }
        let url = format!("https://{domain}{}?token={SECRET}", self.page);
        match kind {
            0..40 => self.ask("", &message("pageview", domain, &url, referrer), plausible),
            40..50 => self.ask(&encoded(&[("d", domain), ("u", &url), ("r", referrer)]), "", pixel),
            50..60 => {
                let query = encoded(&[("hostname", domain), ("type", "pageview"), ("path", self.page)]);
                self.ask(&query, "", |request| simple::parse(request).into_iter().collect())
            }
            60..70 => {
                let host = format!("https://{domain}");
                let query = encoded(&[("h", &host), ("p", self.page), ("sid", domain), ("r", referrer)]);
                self.ask(&query, "", |request| fathom::parse(request).into_iter().collect())
            }
            70..78 => self.ask("", &message("Signup", domain, &url, ""), plausible),
            78..92 => {
                let body = format!(r#"{{"n":"engagement","u":"{url}","d":"{domain}","e":1500,"sd":40}}"#);
                self.ask("", &body, plausible)
            }
            92..96 => {
                let payload = format!(r#"{{"website":"{domain}","hostname":"{domain}","url":"{}"}}"#, self.page);
                let body = format!(r#"{{"type":"event","payload":{payload}}}"#);
                self.ask("", &body, |request| umami::parse(request).into_iter().collect())
            }
            96..98 => self.program(&url, domain),
            _ => self.ask("", &message("pageview", "nobody.test", &url, ""), plausible),
        }
    }

    /// A crawler's pageview.
    fn program(&self, url: &str, domain: &str) -> Vec<Beacon> {
        let agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)".to_owned();
        let program = SimVisitor { agent, ..self.clone() };
        program.ask("", &message("pageview", domain, url, ""), plausible)
    }

    fn ask(&self, query: &str, body: &str, read: impl Fn(&Request<'_>) -> Vec<Beacon>) -> Vec<Beacon> {
        self.with_request(query, body, |request| read(request))
    }

    /// A request of theirs.
    pub fn with_request<T>(&self, query: &str, body: &str, read: impl FnOnce(&Request<'_>) -> T) -> T {
        read(&Request {
            query,
            body: body.as_bytes(),
            address: ClientIp(IpAddr::V4(self.address)),
            way: Default::default(),
            user_agent: &self.agent,
            hints: &NO_HINTS,
            accept_language: "de",
            referer: "",
            origin: "",
            forwarded: "",
            opted_out: false,
            prefetch: false,
        })
    }
}

/// What no disk may hold of anybody.
pub fn secret() -> &'static str {
    SECRET
}

fn plausible(request: &Request<'_>) -> Vec<Beacon> {
    plausible::parse(request).unwrap_or_default()
}

fn pixel(request: &Request<'_>) -> Vec<Beacon> {
    pixel::parse(request).unwrap_or_default()
}

fn message(name: &str, domain: &str, url: &str, referrer: &str) -> String {
    format!(r#"{{"n":"{name}","u":"{url}","d":"{domain}","r":"{referrer}"}}"#)
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
