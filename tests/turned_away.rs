//! How soon and with what requests are turned away that no honest client sends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::world::World;

/// The first line of the answer to bytes that are sent as they are, on a connection that stays open.
fn status_line(world: &World, bytes: &str) -> String {
    let mut stream = TcpStream::connect(world.url().strip_prefix("http://").unwrap()).unwrap();
    // Half of the wait for bodies: who waits for one fails here.
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = [0; 1024];
    let len = stream.read(&mut answer).expect("an answer while the connection is open");
    String::from_utf8_lossy(&answer[..len]).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_wrong_token_is_told_before_the_body_comes() {
    let world = World::start();
    let head = "POST /api/v2/query HTTP/1.1\r\nhost: h\r\nauthorization: Bearer wrong\r\ncontent-length: 100\r\n\r\n";
    assert_eq!(status_line(&world, head), "HTTP/1.1 401 Unauthorized");
}

#[test]
fn a_head_has_a_bound() {
    let world = World::start();
    let with = |len: usize| format!("GET /api/health HTTP/1.1\r\nhost: h\r\nx-long: {}\r\n\r\n", "x".repeat(len));
    assert_eq!(status_line(&world, &with(16 * 1024)), "HTTP/1.1 200 OK");
    // No end of the head is sent, so that nothing is left unread at the end.
    let long = &with(33 * 1024)[..32 * 1024];
    assert_eq!(status_line(&world, long), "HTTP/1.1 431 Request Header Fields Too Large");
}

#[test]
fn a_query_has_a_bound() {
    let world = World::start();
    let answer = world.query(serde_json::json!({"site_id": "x".repeat(300 * 1024)}));
    assert_eq!((answer.status, answer.text().as_str()), (413, "{\"error\":\"the request is too large\"}"));
}
