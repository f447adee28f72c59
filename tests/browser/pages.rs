//! Serves `tests/pages/*.html` as a measured site, with the collector and the site's domain filled in.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use headcount::notice::NoticeLanguages;
use headcount::notice::snippet::snippet;

/// A small web server on a port of its own, so that what its pages send to the collector crosses origins.
pub struct Pages {
    port: u16,
    served: Arc<Mutex<Vec<String>>>,
}

/// What a path has instead of a file: the folder of [`super::cases`], in whose place the case's page stands.
pub const CASE: &str = "/case/";

impl Pages {
    /// Serves pages that name `domain` as their site. The server's thread ends with the process.
    pub fn start(collector: &str, domain: &str) -> Pages {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (collector, domain) = (collector.to_owned(), domain.to_owned());
        let served = Arc::new(Mutex::new(Vec::new()));
        let asked = served.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (collector, domain, asked) = (collector.clone(), domain.clone(), asked.clone());
                // Browsers open connections ahead of need; one that stays silent must not keep the others waiting.
                std::thread::spawn(move || answer(&stream, &collector, &domain, &asked));
            }
        });
        Pages { port, served }
    }

    /// Whether a browser has asked for a path.
    pub fn has_served(&self, path: &str) -> bool {
        self.served.lock().unwrap().iter().any(|served| served == path)
    }

    /// The address of a path on a host that the browser finds here.
    pub fn at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }
}

fn answer(mut stream: &TcpStream, collector: &str, domain: &str, asked: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next()?.ok()?;
    // A connection that is closed before its request is read would be reset.
    let head: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let path = request.split([' ', '?']).nth(1)?;
    asked.lock().unwrap().push(path.to_owned());
    let (status, kind, body) = file(path);
    let host = request_host(&head);
    let body = body.replace("{{collector}}", collector).replace("{{domain}}", domain).replace("{{origin}}", &host);
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n");
    stream.write_all(format!("{answer}\r\n{body}").as_bytes()).ok()
}

/// The page's own origin.
fn request_host(head: &[String]) -> String {
    let host = head.iter().find_map(|line| line.strip_prefix("Host: ").or(line.strip_prefix("host: ")));
    format!("http://{}", host.unwrap_or_default())
}

/// The piece of HTML by which visitors opt out.
pub fn opt_out() -> String {
    snippet(NoticeLanguages::default().english(), true)
}

/// What stands at a path: a page that was made for it, a file without a tracker, or the page for missing ones.
fn file(path: &str) -> (&'static str, &'static str, String) {
    const HTML: &str = "text/html; charset=utf-8";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let page = |name: &str| std::fs::read_to_string(folder.join(name));
    if path.starts_with("/files/") || path == "/there" || path == "/favicon.ico" {
        return ("200 OK", "text/plain", "A file.".to_owned());
    }
    if path == "/opt-out.html" {
        return ("200 OK", HTML, page("plain.html").unwrap() + &opt_out());
    }
    if let Some(case) = path.strip_prefix(CASE) {
        let number = case.split('/').next().and_then(|number| number.parse().ok());
        let html = super::cases::all().get(number.unwrap_or(usize::MAX)).map(|case| case.html.clone());
        return ("200 OK", HTML, page("case.html").unwrap().replace("{{case}}", &html.unwrap_or_default()));
    }
    match page(path.trim_start_matches('/')) {
        Ok(body) => ("200 OK", HTML, body),
        Err(_) => ("404 Not Found", HTML, page("404.html").unwrap()),
    }
}
