//! Crowds of connections that are of no use: whoever comes gets in, and is answered.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::Duration;

use crate::program::{Program, answer_of, pageview, rest_of};

/// With descriptors for 200, connections are for half of them.
const FEW: &str = "ulimit -n 200; exec \"$@\"";
const HELD: usize = 250;

/// Fails unless a new client is answered on either path.
fn check_new_client(program: &Program, how: &str) {
    program.count("/new");
    let health = program.health();
    let connections = &health["connections"];
    assert!(connections["gave_way"].as_u64() > Some(0), "{how}: {connections}");
    assert!(connections["open"].as_u64() <= connections["most"].as_u64().map(|most| most + 20), "{how}: {connections}");
    let warned = program.log().lines().filter(|line| line.contains("more connections, or bytes")).count();
    assert!((1..=2).contains(&warned), "{how}: once a minute, {warned}");
}

fn held(program: &Program, begin: impl Fn(&mut TcpStream)) -> Vec<TcpStream> {
    let one = |_| {
        let mut stream = program.connect();
        begin(&mut stream);
        stream
    };
    (0..HELD).map(one).collect()
}

#[test]
fn who_does_nothing_gives_way() {
    let program = Program::behind(FEW, &[], |_| {});
    let half_body = pageview("/half", "");
    let half_body = &half_body[..half_body.len() - 5];
    let crowds: [(&str, &str); 5] = [
        ("silent", ""),
        ("half a head", "POST /api/event HTTP/1.1\r\nhost: h\r\n"),
        ("half a head for hyper", "DELETE /api/event HTTP/1.1\r\nhost: h\r\n"),
        ("half a body", half_body),
        ("half a form", "POST /sign-in HTTP/1.1\r\nhost: h\r\norigin: http://h\r\ncontent-length: 99\r\n\r\nname=a"),
    ];
    for (how, begin) in crowds {
        let crowd = held(&program, |stream| drop(stream.write_all(begin.as_bytes())));
        check_new_client(&program, how);
        drop(crowd);
    }
}

#[test]
fn who_has_asked_and_waits_gives_way_too() {
    let program = Program::behind(FEW, &[], |_| {});
    let crowd = held(&program, |stream| {
        stream.write_all(pageview("/once", "").as_bytes()).unwrap();
        assert!(answer_of(stream).starts_with("HTTP/1.1 202"));
    });
    check_new_client(&program, "idle");
    drop(crowd);
}

#[test]
fn who_comes_together_with_others_has_time_to_ask() {
    let program = Program::behind(FEW, &[], |_| {});
    let idle = held(&program, |stream| {
        stream.write_all(pageview("/once", "").as_bytes()).unwrap();
        assert!(answer_of(stream).starts_with("HTTP/1.1 202"));
    });
    let mut coming: Vec<TcpStream> = (0..60).map(|_| program.connect()).collect();
    for stream in &mut coming {
        stream.write_all(pageview("/new", "connection: close\r\n").as_bytes()).unwrap();
    }
    for stream in &mut coming {
        assert!(rest_of(stream).starts_with("HTTP/1.1 202"));
    }
    drop(idle);
}

#[test]
fn who_never_reads_gives_way() {
    let program = Program::behind(FEW, &[], |_| {});
    // More answers than the system keeps for them, on the fast path and on hyper's.
    let once = pageview("/much", "").repeat(100);
    let page = "GET /headcount.js HTTP/1.1\r\nhost: h\r\n\r\n".repeat(200);
    for (how, begin) in [("beacons", &once), ("pages", &page)] {
        let crowd = held(&program, |stream| {
            stream.set_nonblocking(true).unwrap();
            while stream.write(begin.as_bytes()).is_ok_and(|sent| sent == begin.len()) {}
        });
        check_new_client(&program, how);
        drop(crowd);
    }
}

#[test]
fn a_network_that_is_no_proxy_has_a_share() {
    let program = Program::behind(FEW, &["--trusted-proxies", "192.0.2.0/24"], |_| {});
    let from = |host: u8| Ipv4Addr::new(127, 0, 9, host).into();
    let crowd: Vec<TcpStream> = (0..60).map(|host| program.connect_from(from(host + 1))).collect();
    let mut other = program.connect();
    other.write_all(pageview("/a", "").as_bytes()).unwrap();
    assert!(answer_of(&mut other).starts_with("HTTP/1.1 202"));
    let connections = program.health()["connections"].clone();
    assert!(connections["open"].as_u64() < Some(40) && connections["gave_way"].as_u64() > Some(20), "{connections}");
    // The oldest are closed, the youngest are served.
    let [mut first, .., mut last] = <[TcpStream; 60]>::try_from(crowd).unwrap();
    assert_eq!(first.read(&mut [0]).unwrap_or(0), 0);
    last.write_all(pageview("/b", "connection: close\r\n").as_bytes()).unwrap();
    assert!(rest_of(&mut last).starts_with("HTTP/1.1 202"));
}

#[test]
fn who_closes_a_half_after_a_whole_request_is_answered() {
    let program = Program::start();
    let page = "GET /sign-in HTTP/1.1\r\nhost: h\r\n\r\n".to_owned();
    for number in 0..8 {
        let by_hyper = pageview(&format!("/by-hyper/{number}"), "expect: 100-continue\r\n");
        for request in [pageview(&format!("/{number}"), ""), by_hyper, page.clone()] {
            let mut stream = program.connect();
            stream.write_all(request.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let answer = rest_of(&mut stream);
            let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
            assert!(answer.starts_with("HTTP/1.1 20"), "{request} {answer}");
        }
    }
    assert_eq!(program.metric("headcount_hits_counted_total"), 2 * 8);
}

/// Requests whose answers need nothing of their bodies.
const WITHOUT_NEED: [&str; 8] = [
    "POST /api/v2/query",
    "POST /api/events",
    "POST /nothing",
    "POST /health",
    "PUT /api/event",
    "GET /api/event",
    "GET /health",
    "DELETE /example.com",
];

#[test]
fn a_connection_goes_on_behind_a_body_that_its_answer_did_not_need() {
    let program = Program::start();
    for asked in WITHOUT_NEED {
        let mut stream = program.connect();
        write!(stream, "{asked} HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n").unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert!(stream.peek(&mut [0]).is_err(), "{asked}: an answer that does not wait for it");
        stream.set_read_timeout(None).unwrap();
        stream.write_all(b"12345").unwrap();
        let answer = answer_of(&mut stream).to_ascii_lowercase();
        assert!(!answer.contains("connection: close"), "{asked}: {answer}");
        stream.write_all(pageview("/next", "").as_bytes()).unwrap();
        assert!(answer_of(&mut stream).starts_with("HTTP/1.1 202"), "{asked}");
    }
}

#[test]
fn an_answer_behind_which_a_body_is_missing_says_that_it_is_the_last_one() {
    let program = Program::start();
    for (asked, more) in
        WITHOUT_NEED.into_iter().map(|asked| (asked, "expect: 100-continue\r\n")).chain([("POST /nothing", "")])
    {
        let mut stream = program.connect();
        write!(stream, "{asked} HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n{more}\r\n").unwrap();
        let answer = rest_of(&mut stream).to_ascii_lowercase();
        assert!(answer.contains("connection: close") && !answer.starts_with("http/1.1 100"), "{asked}: {answer}");
    }
}
