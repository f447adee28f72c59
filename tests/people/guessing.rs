//! Strangers guess passwords: that costs them time, and keeps nobody out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use headcount::limits;

use super::{PASSWORD, enter, set_password, status, world};
use crate::world::{Answer, World};

const GUESSED: &str = "passwords are being guessed";
/// Of those who go without an answer, some are held when the server ends.
const HELD: &str = "no turn came in time (POST /sign-in)";

#[test]
fn a_right_password_gets_in_however_many_were_wrong() {
    let world = world();
    world.expect_in_log(GUESSED);
    for number in 0..limits::TRIES_FREE_OF_NAME + 3 {
        let network = format!("198.51.{number}.1");
        assert_eq!(enter(&world, "ANA", &format!("guess number {number}"), &network).status, 401);
    }
    let right = enter(&world, "Ana", PASSWORD, "203.0.113.7");
    assert_eq!(right.status, 303, "{}", right.text());
    assert_eq!(enter(&world, "Bob", "whatever it is", "203.0.113.7").status, 401, "others may try");
    for number in 0..limits::TRIES_FREE + 2 {
        let neighbour = format!("192.0.2.{number}");
        assert_eq!(enter(&world, &format!("user{number}"), "whatever it is", &neighbour).status, 401);
    }
    assert_eq!(enter(&world, "Ana", PASSWORD, "192.0.2.200").status, 303, "from the same network");
    assert_eq!(status(&world, "/example.com", &right.cookie()), 200);
    let metrics = world.metrics();
    assert!(metrics.contains("headcount_sign_in_tries_total{secret=\"user\",outcome=\"right\"} 2"), "{metrics}");
    assert!(metrics.contains("headcount_sign_in_tries_total{secret=\"user\",outcome=\"wrong\"} 21"), "{metrics}");
    assert!(World::logged(&[GUESSED]) > 0);
}

fn device(answer: &Answer) -> (&'static str, String) {
    let cookies = answer.headers.iter().filter(|(name, value)| name == "set-cookie" && value.contains("_device_"));
    ("cookie", cookies.map(|(_, value)| value.split(';').next().unwrap()).collect::<Vec<_>>().join("; "))
}

/// What somebody in the guessers' network gets for a password, with cookies or without. Who guesses does not wait for long.
fn tried(url: &str, device: &str, name: &str, password: &str) -> Option<(u16, String)> {
    let longest = (password != PASSWORD).then(|| Duration::from_secs(4));
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(longest);
    let sent = ureq::Agent::from(config.build()).post(format!("{url}/sign-in")).header("origin", url);
    let sent = sent.header("x-forwarded-for", "192.0.2.9").header("cookie", device);
    let mut answer = sent.send_form([("name", name), ("password", password)]).ok()?;
    let wait = answer.headers().get("retry-after").map_or("", |wait| wait.to_str().unwrap()).to_owned();
    Some((answer.status().as_u16(), format!("{wait} {}", answer.body_mut().read_to_string().unwrap())))
}

fn guess_on(url: &str, device: &str, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        tried(url, device, "Ana", "a guess of it");
    }
}

#[test]
fn a_browser_that_was_signed_in_waits_for_no_stranger() {
    let world = world();
    [GUESSED, HELD].iter().for_each(|text| world.expect_in_log(text));
    let before = enter(&world, "Ana", PASSWORD, "192.0.2.9");
    let old = device(&before).1;
    assert!(old.starts_with("headcount_device_") && status(&world, "/example.com", &device(&before)) == 401, "{old}");
    set_password(&world, "Ana", "seven grey herons");
    set_password(&world, "Ana", PASSWORD);
    let known = device(&enter(&world, "Ana", PASSWORD, "192.0.2.9")).1;
    let forged = known.replace('=', "=A");
    let (url, is_over) = (world.url().to_owned(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        (0..40).for_each(|_| _ = scope.spawn(|| guess_on(&url, "", &is_over)));
        while World::logged(&[GUESSED]) == 0 {
            std::thread::yield_now();
        }
        // Without one, with a forged one, one of another password, one of another user: strangers, who wait beside the guessers.
        let others = [("", "Ana"), (&*forged, "Ana"), (&*old, "Ana"), (&*known, "owner")];
        let url = &*url;
        let others = others.map(|(device, name)| scope.spawn(move || tried(url, device, name, PASSWORD)));
        assert_eq!(tried(url, &known, "Ana", PASSWORD).unwrap().0, 303);
        assert!(others[..3].iter().all(|other| !other.is_finished()));
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(others.map(|other| other.join().unwrap().unwrap().0), [303, 303, 303, 401], "after a wait");
    });
}

#[test]
fn a_browser_has_some_tries_held_and_is_told_to_wait_with_more() {
    let world = world();
    [GUESSED, HELD].iter().for_each(|text| world.expect_in_log(text));
    let known = device(&enter(&world, "Ana", PASSWORD, "192.0.2.9")).1;
    let (url, is_over) = (world.url().to_owned(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        (0..limits::TRIES_OPEN_PER_BROWSER + 8).for_each(|_| _ = scope.spawn(|| guess_on(&url, &known, &is_over)));
        let turned_away = loop {
            if let Some((429, said)) = tried(&url, &known, "Ana", "a guess of it") {
                break said;
            }
        };
        is_over.store(true, Ordering::Relaxed);
        assert!(turned_away.split(' ').next().unwrap().parse::<u64>().unwrap() >= 5, "{turned_away}");
        assert!(turned_away.contains("Too many passwords are being tried just now."), "{turned_away}");
    });
    assert!(world.metrics().contains("outcome=\"turned_away\""));
}
