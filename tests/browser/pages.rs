//! In: requests of a browser for the pages of a measured site. Out: `tests/pages/*.html`, with the collector and the
//! site's domain filled in. Forgets: nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// A small web server on a port of its own, so that what its pages send to the collector crosses origins.
pub struct Pages {
    port: u16,
}

impl Pages {
    /// Serves pages that name `domain` as their site. The server's thread ends with the process.
    pub fn start(collector: &str, domain: &str) -> Pages {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (collector, domain) = (collector.to_owned(), domain.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (collector, domain) = (collector.clone(), domain.clone());
                // Browsers open connections ahead of need; one that stays silent must not keep the others waiting.
                std::thread::spawn(move || answer(&stream, &collector, &domain));
            }
        });
        Pages { port }
    }

    /// The address of a path on a host that the browser finds here.
    pub fn at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }
}

fn answer(mut stream: &TcpStream, collector: &str, domain: &str) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next()?.ok()?;
    // A connection that is closed before its request is read would be reset.
    while !lines.next()?.ok()?.is_empty() {}
    let path = request.split([' ', '?']).nth(1)?;
    let (status, kind, body) = file(path);
    let body = body.replace("{{collector}}", collector).replace("{{domain}}", domain);
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n");
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).ok()
}

/// What stands at a path: a page that was made for it, a file without a tracker, or the page for missing ones.
fn file(path: &str) -> (&'static str, &'static str, String) {
    const HTML: &str = "text/html; charset=utf-8";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let page = |name: &str| std::fs::read_to_string(folder.join(name));
    if path.starts_with("/files/") || path == "/there" || path == "/favicon.ico" {
        return ("200 OK", "text/plain", "A file.".to_owned());
    }
    match page(path.trim_start_matches('/')) {
        Ok(body) => ("200 OK", HTML, body),
        Err(_) => ("404 Not Found", HTML, page("404.html").unwrap()),
    }
}
