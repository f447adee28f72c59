//! The end of the program: what was sent is answered, whoever sends nothing more holds nobody up.

use std::io::Write;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::{Program, answer_of, pageview, rest_of};

/// Well below the time that open requests have at the end.
const SOON: Duration = Duration::from_secs(6);

#[test]
fn what_is_on_its_way_is_answered_and_told_to_be_the_last() {
    let mut program = Program::start();
    // One on the fast path, one on hyper's, each used before.
    let mut beacons = program.connect();
    beacons.write_all(pageview("/a", "").as_bytes()).unwrap();
    assert!(!answer_of(&mut beacons).contains("connection:"));
    let mut other = program.connect();
    let old = pageview("/b", "").replace("x-forwarded-for", "expect: 100-continue\r\nx-forwarded-for");
    other.write_all(old.as_bytes()).unwrap();
    assert!(answer_of(&mut other).contains("HTTP/1.1 202"));
    program.signal(Signal::TERM);
    program.until(|| program.log().contains("stopping").then_some(()));
    for (stream, page) in [(&mut beacons, "/c"), (&mut other, "/d")] {
        stream.write_all(pageview(page, "").as_bytes()).unwrap();
        let answer = rest_of(stream);
        assert!(answer.starts_with("HTTP/1.1 202") && answer.contains("connection: close\r\n"), "{answer}");
    }
    let (status, _) = program.end();
    assert!(status.success() && program.log().contains("everything is stored"), "{}", program.log());
}

#[test]
fn half_a_request_does_not_hold_up_the_end() {
    let whole = pageview("/a", "");
    let form = "POST /sign-in HTTP/1.1\r\nhost: h\r\norigin: http://h\r\ncontent-length: 99\r\n\r\nname=a";
    for (begun, is_answered) in [(&whole[..whole.len() - 5], true), (form, true), (&whole[..40], false)] {
        let mut program = Program::start();
        let mut stream = program.connect();
        stream.write_all(begun.as_bytes()).unwrap();
        // It is read before the next one is answered.
        program.count("/b");
        program.signal(Signal::TERM);
        let (status, took) = program.end();
        assert!(status.success() && took < SOON, "{begun}: {took:?}");
        if is_answered {
            let answer = rest_of(&mut stream);
            assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("connection: close"), "{begun}: {answer}");
        }
    }
}

#[test]
fn held_tries_at_passwords_are_answered_at_the_end() {
    let mut program = Program::start();
    let body = "name=owner&password=a+guess+of+it";
    let head = "POST /sign-in HTTP/1.1\r\nhost: h\r\norigin: http://h\r\ncontent-length";
    let guess = format!("{head}: {}\r\n\r\n{body}", body.len());
    let mut held: Vec<_> = (0..16).map(|_| program.connect()).collect();
    held.iter_mut().for_each(|stream| stream.write_all(guess.as_bytes()).unwrap());
    program.until(|| program.log().contains("passwords are being guessed").then_some(()));
    program.signal(Signal::TERM);
    let (status, took) = program.end();
    assert!(status.success() && took < SOON, "{took:?}");
    let answers: Vec<_> = held.iter_mut().map(rest_of).collect();
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 401") || answer.starts_with("HTTP/1.1 503")));
    assert!(answers.iter().any(|answer| answer.contains("503") && answer.contains("retry-after")), "{answers:?}");
}

#[test]
fn who_does_not_read_does_not_hold_up_the_end() {
    let page = "GET /headcount.js HTTP/1.1\r\nhost: h\r\n\r\n".repeat(100);
    for begun in [pageview("/much", "").repeat(100), page] {
        let mut program = Program::start();
        let mut stream = program.connect();
        stream.set_nonblocking(true).unwrap();
        while stream.write(begun.as_bytes()).is_ok_and(|sent| sent == begun.len()) {}
        program.signal(Signal::TERM);
        let (status, took) = program.end();
        assert!(status.success() && took < SOON, "{took:?}");
    }
}
