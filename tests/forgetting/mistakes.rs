//! What is mistyped is told, and only what lost something is marked.

use serde_json::json;

use super::{EVENT, PAGE, PLAN, SOURCE, done, of, order, refusal, world};
use crate::store::file::Database;
use crate::world::World;

fn marks(world: &World) -> Vec<String> {
    let day = |column| format!("date({column} * 86400, 'unixepoch')");
    let (first, last) = (day("first_day"), day("last_day"));
    let sql = format!("SELECT {first} || ' ' || {last} || ' ' || dimension FROM taken_out ORDER BY 1");
    Database::of(world.folder()).texts(&sql)
}

#[test]
fn a_mistyped_value_is_refused_with_the_one_that_is_counted() {
    let world = world();
    for (of_what, value, hint) in [
        ("source", "google", Some("--source \"Google\"")),
        ("page", "b", Some("--page \"/b\"")),
        ("page", "https://example.com/b?x=1#y", Some("--page \"/b\"")),
        ("page", "/B", Some("--page \"/b\"")),
        ("event", "Sign-up", Some("--event \"Signup\"")),
        ("prop", "plan=Pro", Some("--prop \"plan=pro\"")),
        ("event", "NoSuch", None),
        ("country", "XX", None),
        // It is counted, and not as a page.
        ("page", "/Signup", None),
    ] {
        for dry_run in [true, false] {
            let order = headcount::control::Command::SiteForget(of(&[(of_what, value)], None, dry_run));
            let refused = refusal(world.command(order));
            assert!(refused.contains("nothing of this is counted for example.com"), "{refused}");
            assert_eq!(
                refused.split_once("did you mean ").map(|(_, hint)| hint.trim_end_matches('?')),
                hint,
                "{value}"
            );
        }
    }
    assert_eq!(marks(&world), [""; 0], "nothing lost anything");
}

#[test]
fn marks_are_of_what_lost_something_and_from_its_first_day_to_its_last() {
    let world = world();
    world.pageview("/once").by("dan").ok();
    world.flush();
    // Page is 1, event another.
    done(&world, order(&[("page", "/once"), ("event", "NoSuch")], None));
    let page = headcount::cell::Dimension::Page.code();
    assert_eq!(marks(&world), [format!("2026-07-03 2026-07-03 {page}")]);
    done(&world, order(&[("source", SOURCE)], Some("2026-06-02..2026-07-01")));
    let source = headcount::cell::Dimension::Source.code();
    assert_eq!(marks(&world)[0], format!("2026-06-02 2026-06-30 {source}"));
    let told = |first: &str, last: &str| {
        let query = json!({"site_id": "example.com", "date_range": [first, last], "metrics": ["visits"]});
        world.query(query).json()["meta"]["warnings"].to_string()
    };
    assert!(!told("2026-06-01", "2026-06-01").contains("taken_out"));
    let warning = told("2026-06-02", "2026-06-03");
    assert!(warning.contains("Totals are whole."), "{warning}");
    done(&world, order(&[], Some("2026-05-01..2026-06-01")));
    world.expect_forgotten(6, 0);
    assert_eq!(marks(&world)[0], "2026-06-01 2026-06-01 0");
    assert!(told("2026-06-01", "2026-06-03").contains("Totals of other days are whole."));
    done(&world, order(&[("prop", &format!("plan={PLAN}")), ("page", PAGE), ("event", EVENT)], None));
    assert!(marks(&world).contains(&"2026-06-02 2026-07-03 100".to_owned()), "{:?}", marks(&world));
}
