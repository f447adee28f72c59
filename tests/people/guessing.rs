//! Strangers guess passwords: that costs them time, and keeps nobody out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use headcount::limits;

use super::{PASSWORD, enter, set_password, status, world};
use crate::world::{Answer, World};

const GUESSED: &str = "passwords are being guessed";

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

/// Guesses as many passwords from one network as are held at once, and some more, until it is over.
fn guess(url: &str, number: usize, is_over: &AtomicBool) {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    // Some do not wait for the answer.
    let agent = ureq::Agent::from(config.timeout_global(Some(Duration::from_secs(4))).build());
    while !is_over.load(Ordering::Relaxed) {
        let guess = agent.post(format!("{url}/sign-in")).header("origin", url);
        let guess = guess.header("x-forwarded-for", format!("192.0.2.{number}"));
        let answer = guess.send_form([("name", "Ana"), ("password", "a guess of it")]);
        if answer.is_ok_and(|answer| answer.status() == 429) {
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// What the owner of a password gets in that network, beside the guessers.
fn among_guessers(world: &World, device: &(&'static str, String), name: &str) -> Answer {
    let headers = [device.clone(), ("x-forwarded-for", "192.0.2.9".to_owned())];
    world.form("/sign-in", &headers, &[("name", name), ("password", PASSWORD)])
}

#[test]
fn a_browser_that_was_signed_in_waits_for_no_stranger() {
    let world = world();
    world.expect_in_log(GUESSED);
    let before = enter(&world, "Ana", PASSWORD, "192.0.2.9");
    let device = device(&before);
    assert!(
        device.1.starts_with("headcount_device_") && status(&world, "/example.com", &device) == 401,
        "{}",
        device.1
    );
    world.form("/sign-out", &[before.cookie()], &[]);
    let (url, is_over) = (world.url().to_owned(), AtomicBool::new(false));
    let turned_away = |device: &(&'static str, String), name: &str| {
        let all = (0..1_000).map(|_| among_guessers(&world, device, name));
        all.into_iter().find(|answer| answer.status == 429).expect("a full network")
    };
    std::thread::scope(|scope| {
        for number in 0..limits::TRIES_OPEN_PER_NETWORK + 8 {
            let (url, is_over) = (&url, &is_over);
            scope.spawn(move || guess(url, number, is_over));
        }
        let full = turned_away(&("cookie", String::new()), "Ana");
        assert!(full.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().unwrap() >= 5));
        assert!(full.text().contains("Too many passwords are being tried just now."), "{}", full.text());
        let known = among_guessers(&world, &device, "Ana");
        assert_eq!(known.status, 303, "{}", known.text());
        // A forged one, one of another user, one of another password.
        turned_away(&("cookie", device.1.replace('=', "=A")), "Ana");
        turned_away(&device, "owner");
        set_password(&world, "Ana", "seven grey herons");
        set_password(&world, "Ana", PASSWORD);
        turned_away(&device, "Ana");
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(world.metrics().contains("outcome=\"turned_away\""));
}
