//! Strangers guess passwords: that costs them time, and keeps nobody out.

use std::slice::from_ref;
use std::sync::atomic::{AtomicBool, Ordering};

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
    let from = ("x-forwarded-for", "192.0.2.9".to_owned());
    let enter = |device: &[(&'static str, String)], name: &str| {
        let headers = [device, from_ref(&from)].concat();
        world.form("/sign-in", &headers, &[("name", name), ("password", PASSWORD)])
    };
    let is_over = AtomicBool::new(false);
    let (url, agent) = (world.url().to_owned(), ureq::Agent::config_builder().http_status_as_error(false).build());
    std::thread::scope(|scope| {
        // All that are held from this network at once, and some more.
        for number in 0..limits::TRIES_OPEN_PER_NETWORK + 8 {
            let (url, agent, is_over) = (&url, ureq::Agent::from(agent.clone()), &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let guess = agent.post(format!("{url}/sign-in")).header("origin", url);
                    let guess = guess.header("x-forwarded-for", format!("192.0.2.{number}"));
                    let _ = guess.send_form([("name", "Ana"), ("password", "a guess of it")]);
                }
            });
        }
        let turned_away = || {
            let answer =
                (0..1_000).map(|_| enter(&[], "Ana")).find(|answer| answer.status == 429).expect("a full network");
            assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().unwrap() >= 5));
            assert!(answer.text().contains("Too many passwords are being tried just now."), "{}", answer.text());
        };
        turned_away();
        let known = enter(from_ref(&device), "Ana");
        assert_eq!(known.status, 303, "{}", known.text());
        for (device, name) in [(("cookie", device.1.replace("=", "=A")), "Ana"), (device.clone(), "owner")] {
            let others = (0..1_000).any(|_| enter(from_ref(&device), name).status == 429);
            assert!(others, "{name}: a forged one, or one of another user, is nobody's");
        }
        // The password is part of it.
        set_password(&world, "Ana", "seven grey herons");
        set_password(&world, "Ana", PASSWORD);
        assert!((0..1_000).any(|_| enter(from_ref(&device), "Ana").status == 429));
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(world.metrics().contains("outcome=\"turned_away\""));
}
