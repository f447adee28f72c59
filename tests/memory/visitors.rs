//! Visitors with marks of their own, and their requests in every wire format, on connections that stay open.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::needles::Needles;
use crate::restarts::lives::LifeAddress;

/// Somebody who can be told from all others.
pub struct Visitor {
    number: usize,
    agent: String,
    address: IpAddr,
    mail: String,
}

/// Kinds of requests, in turn.
const KINDS: usize = 15;

impl Visitor {
    /// One whose marks are looked for.
    pub fn numbered(number: usize) -> Visitor {
        let address = match number % 2 {
            0 => IpAddr::from(Ipv4Addr::new(198, 18, 100 + (number / 250) as u8, (number % 250) as u8 + 1)),
            _ => IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0x5eed, 0x1000 + number as u16, 0xa1, 0xb2, 0xc3, 0xd4)),
        };
        Visitor::with(number, "marked", address)
    }

    /// One of many others.
    pub fn stranger(number: usize) -> Visitor {
        let address = match number % 2 {
            0 => IpAddr::from(Ipv4Addr::from(0x0b00_0000 + number as u32)),
            _ => IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0x0dd, number as u16, 1, 2, 3, 4)),
        };
        Visitor::with(number, "ordinary", address)
    }

    fn with(number: usize, word: &str, address: IpAddr) -> Visitor {
        let agent = format!("{word}{number:07}");
        Visitor { number, agent, address, mail: format!("{word}-{number:07}@people.example") }
    }

    /// What is looked for.
    pub fn add_to(&self, needles: &mut Needles) {
        needles.text("agent", self.number, &self.agent);
        needles.text("mail", self.number, &self.mail);
        needles.address(self.number, self.address);
    }

    /// A request of the kind whose turn it is. Each brings agent, address and a mail address.
    pub fn request(&self, number: usize) -> Vec<u8> {
        let mail = &self.mail;
        let page = format!("https://example.com/p{}?mail={mail}", number % 50);
        let referrer = format!("https://reader.example.org/?user={mail}");
        let ours = format!(r#"{{"n":"pageview","u":"{page}","d":"example.com","r":"{referrer}"}}"#);
        let matomo = format!("idsite=example.com&rec=1&url={page}&urlref={referrer}&uid={mail}");
        let umami = format!(
            r#"{{"type":"event","payload":{{"website":"example.com","url":"/u?mail={mail}","referrer":"{referrer}","hostname":"example.com","data":{{"who":"{mail}"}}}}}}"#
        );
        let auth = "Authorization: Bearer nobodys-token\r\n";
        match number % KINDS {
            0 | 1 => self.post("/api/event", "", &ours),
            2 => self.get(&format!("/pixel.gif?d=example.com&u={page}&r={referrer}"), ""),
            3 => self.post(
                "/api/event",
                "",
                &format!(r#"{{"n":"Sent {mail}","u":"{page}","d":"example.com","p":{{"who":"{mail}","n":1}}}}"#),
            ),
            4 => self.post("/api/event", auth, &ours),
            5 => self.chunked("/api/event", &ours),
            6 => self.post("/api/send", "", &umami),
            7 => self.get(&format!("/matomo.php?{matomo}"), ""),
            8 => self.post("/matomo.php", "", &format!(r#"{{"requests":["?{matomo}"]}}"#)),
            9 => self.get(&format!("/count?p=/c&t={mail}&r={referrer}"), "Host: example.com\r\n"),
            10 => self.post("/api/event", "", &format!(r#"{{"n":"pageview","u":"{page}","d":"{mail}"#)),
            11 => self.get(&format!("/no/such/page?mail={mail}"), ""),
            12 => self.post(
                "/api/event",
                "",
                &format!(r#"{{"n":"pageview","u":"{page}","d":"other.example","r":"{referrer}"}}"#),
            ),
            13 => self.get(&format!("/collect?h=https://example.com&p=/f&r={referrer}&mail={mail}"), ""),
            _ => self.get(&format!("/privacy/example.com?mail={mail}"), ""),
        }
    }

    fn head(&self, first: &str, more: &str) -> String {
        let host = if more.contains("Host:") { "" } else { "Host: stats.example.net\r\n" };
        format!(
            "{first} HTTP/1.1\r\n{host}User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) {} Firefox/140.0\r\nX-Forwarded-For: {}\r\nReferer: https://example.com/?from={}\r\n{more}",
            self.agent, self.address, self.mail
        )
    }

    fn get(&self, target: &str, more: &str) -> Vec<u8> {
        format!("{}\r\n", self.head(&format!("GET {target}"), more)).into_bytes()
    }

    fn post(&self, target: &str, more: &str, body: &str) -> Vec<u8> {
        let head = self.head(&format!("POST {target}"), more);
        format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    fn chunked(&self, target: &str, body: &str) -> Vec<u8> {
        let head = self.head(&format!("POST {target}"), "Transfer-Encoding: chunked\r\n");
        format!("{head}Content-Type: application/json\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into_bytes()
    }
}

/// A connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    address: Arc<LifeAddress>,
}

impl Connection {
    /// A new one.
    pub fn to(address: &Arc<LifeAddress>) -> Connection {
        let stream = TcpStream::connect(address.now()).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Connection { stream, address: address.clone() }
    }

    /// Sends something without waiting for an answer.
    pub fn send_part(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends a request and waits for its answer. A connection that the server ended is followed by a new one.
    pub fn ask(&mut self, request: &[u8]) -> Option<Connection> {
        self.send_part(request);
        let ends = self.read_answers(1);
        ends.then(|| Connection::to(&self.address))
    }

    /// Reads so many whole answers; tells whether the last was the last of the connection.
    pub fn read_answers(&mut self, count: usize) -> bool {
        let (mut bytes, mut piece, mut left, mut ends) = (Vec::new(), [0; 4_096], count, false);
        while left > 0 {
            let read = self.stream.read(&mut piece).unwrap();
            assert!(read > 0, "it ended within an answer: {}", bytes.escape_ascii());
            bytes.extend_from_slice(&piece[..read]);
            while let Some((len, is_last)) = answer(&bytes) {
                bytes.drain(..len);
                (left, ends) = (left - 1, is_last);
            }
        }
        ends
    }
}

/// The length of the whole answer that bytes begin with, and whether its connection ends with it.
fn answer(bytes: &[u8]) -> Option<(usize, bool)> {
    let head_len = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..head_len]).to_lowercase();
    let ends = head.contains("connection: close");
    let len = match head.split_once("content-length: ") {
        Some((_, rest)) => head_len + rest.split("\r\n").next()?.parse::<usize>().ok()?,
        None if head.contains("transfer-encoding: chunked") => {
            head_len + memchr::memmem::find(&bytes[head_len..], b"\r\n0\r\n\r\n").map(|end| end + 7)?
        }
        None => head_len,
    };
    (bytes.len() >= len).then_some((len, ends))
}
