//! Names within their budgets, and past them.

use super::*;

const PAGE: Dimension = Dimension::Page;

/// Somebody in a network of their own.
fn by(who: u64) -> Bringer {
    Bringer { who, network: who as u32, brings: true }
}

#[test]
fn a_name_has_one_number() {
    let mut names = DayNames::default();
    assert!(names.is_empty());
    let google = names.value(Dimension::Source, "Google", by(1));
    assert_eq!(names.value(Dimension::Source, "Google", by(2)), google);
    assert_eq!(names.value(Dimension::UtmSource, "Google", by(2)), google);
    assert_eq!(&**names.text(google), "Google");
    assert_eq!(names.find("Bing"), None);
    assert_eq!((names.find(""), names.find(OTHER)), (Some(Sym::EMPTY), Some(Sym::OTHER)));
    assert_eq!(names.value(PAGE, NOT_SET, by(1)), Sym::NOT_SET);
    assert_eq!(names.len(), 4);
}

#[test]
fn past_the_budget_values_are_other_but_missing_ones_are_not() {
    let mut names = DayNames::with_budget(2);
    let kept = ["/a", "/b"].map(|page| names.value(PAGE, page, by(1)));
    assert_eq!(names.value(PAGE, "/c", by(1)), Sym::OTHER);
    assert_eq!(["/a", "/b"].map(|page| names.value(PAGE, page, by(2))), kept);
    assert_eq!(names.find("/c"), None, "what is not taken in takes no room");
    // A name that another dimension has taken in is no exception.
    names.value(Dimension::Event, "/d", by(1));
    assert_eq!(names.value(PAGE, "/d", by(1)), Sym::OTHER);
    let source = ["a", "b", "c"].map(|source| names.value(Dimension::Source, source, by(1)));
    assert_eq!(source[2], Sym::OTHER);
    assert_ne!(names.value(Dimension::Source, Dimension::Source.missing(), by(1)), Sym::OTHER);
}

#[test]
fn what_a_second_network_brings_gets_in() {
    let mut names = DayNames::with_budget(4);
    for page in 0..1_000 {
        names.value(PAGE, &format!("/flood/{page}"), by(page));
    }
    assert_eq!(names.value(PAGE, "/honest", by(1)), Sym::OTHER);
    assert_eq!(names.value(PAGE, "/honest", by(1)), Sym::OTHER);
    let honest = names.value(PAGE, "/honest", by(2));
    assert_eq!(&**names.text(honest), "/honest");
    assert_eq!(names.value(PAGE, "/honest", by(1)), honest);
    // Room for half as much again, and then no more.
    for (page, who) in (0..100).flat_map(|page| [(page, 1), (page, 2)]) {
        names.value(PAGE, &format!("/pairs/{page}"), by(who));
    }
    assert_eq!(names.len(), 3 + 4 + 2);
}

#[test]
fn a_flood_of_one_use_leaves_what_waits_for_another() {
    let mut names = DayNames::with_budget(4);
    let sources = ["a", "b", "c", "d"].map(|source| names.value(Dimension::Source, source, by(1)));
    assert!(!sources.contains(&Sym::OTHER));
    assert_eq!(names.value(Dimension::Source, "honest", by(1)), Sym::OTHER);
    for page in 0..=2 * limits::WAITING_NAMES_MAX {
        names.value(PAGE, &format!("/flood/{page}"), by(3));
    }
    assert!(names.waiting.len() <= limits::WAITING_NAMES_MAX);
    assert_ne!(names.value(Dimension::Source, "honest", by(2)), Sym::OTHER);
}

#[test]
fn a_channel_and_source_gets_in_with_its_second_network() {
    let mut names = DayNames::with_budget(2);
    let visit = |names: &mut DayNames, channel: &str, source: &str, who| {
        let mut values = [Sym::NOT_SET; FIXED.len()];
        for (dimension, text) in [(Dimension::Channel, channel), (Dimension::Source, source)] {
            values[dimension.place_in_fixed().unwrap()] = names.value(dimension, text, by(who));
        }
        let tuples = names.tuples(&values, by(who));
        names.tuples.values.value(tuples, Dimension::ChannelAndSource)
    };
    for source in ["a", "b"] {
        assert_ne!(visit(&mut names, "Referral", source, 1), Sym::OTHER);
    }
    // Both parts are known by now.
    assert_eq!(visit(&mut names, "Social", "a", 1), Sym::OTHER);
    assert_eq!(visit(&mut names, "Social", "a", 1), Sym::OTHER);
    let joined = visit(&mut names, "Social", "a", 2);
    assert_eq!(&**names.text(joined), "Social\u{1f}a");
    assert_eq!(visit(&mut names, "Social", "a", 1), joined);
}

#[test]
fn properties_share_a_budget_over_all_keys() {
    let mut names = DayNames::with_budget(2);
    let (plan, pro) = names.prop("plan", "pro", by(1));
    assert_eq!(names.prop("plan", "pro", by(1)), (plan, pro));
    names.prop("size", "pro", by(1));
    assert_eq!(names.prop("plan", "free", by(1)), (plan, Sym::OTHER));
    assert_eq!(names.prop("third", "x", by(1)), (Sym::OTHER, Sym::OTHER));
}

/// Displaces what should give way, and tells how many names that were.
fn displace(names: &mut DayNames) -> usize {
    let lightest = names.lightest();
    names.retire(&lightest, false).len()
}

#[test]
fn one_network_alone_gets_a_share_of_a_budget() {
    let mut names = DayNames::with_budget(4_000);
    let one = by(1);
    let pages: Vec<String> = (0..3_000).map(|page| format!("/{page}")).collect();
    let named = pages.iter().filter(|page| names.value(PAGE, page, one) != Sym::OTHER).count();
    assert_eq!(named, 1_000);
    assert!((0..2_000).all(|page| names.value(PAGE, &format!("/honest/{page}"), by(2 + page)) != Sym::OTHER));
    assert_ne!(names.value(PAGE, "/2999", by(2)), Sym::OTHER, "a second network brings it");
    assert_eq!(names.value(PAGE, "/2998", one), Sym::OTHER);
    // What others bring too is not the network's alone any more.
    for page in &pages[..10] {
        names.value(PAGE, page, by(9));
    }
    assert_ne!(names.value(PAGE, "/2998", one), Sym::OTHER);
}

#[test]
fn what_came_past_the_budget_pushes_out_what_one_network_brought() {
    let mut names = DayNames::with_budget(8);
    for page in 0..30 {
        names.value(PAGE, &format!("/flood/{page}"), by(100 + page));
    }
    let honest =
        |names: &mut DayNames, page: u64| [1, 2].map(|who| names.value(PAGE, &format!("/honest/{page}"), by(who)))[1];
    let before: Vec<Sym> = (0..3).map(|page| honest(&mut names, page)).collect();
    assert!(names.wants_displacement() && !before.contains(&Sym::OTHER));
    let displaced = names.lightest();
    assert!(displaced.names.iter().all(|(of, text)| *of == Use::Value(PAGE) && text.starts_with("/flood/")));
    assert_eq!(names.retire(&displaced, false).len(), 3);
    assert!(!names.wants_displacement());
    assert_eq!(names.retire(&displaced, false), [], "they are gone");
    assert_eq!((0..3).map(|page| honest(&mut names, page)).collect::<Vec<_>>(), before);
    // What gave way waits like others.
    let (_, gone) = &displaced.names[0];
    assert_eq!(names.value(PAGE, gone, by(500)), Sym::OTHER);
    assert_ne!(names.value(PAGE, gone, by(501)), Sym::OTHER);
}

#[test]
fn where_all_are_heavy_twice_the_weight_is_needed() {
    let mut names = DayNames::with_budget(4);
    for (page, who) in (0..6).flat_map(|page| [(page, 1), (page, 2)]) {
        names.value(PAGE, &format!("/{page}"), by(who));
    }
    displace(&mut names);
    for (page, who) in (6..20).flat_map(|page| [(page, 1), (page, 2)]) {
        names.value(PAGE, &format!("/{page}"), by(who));
        displace(&mut names);
    }
    let full = names.len();
    for who in 3..6 {
        assert_eq!(names.value(PAGE, "/read", by(who)), Sym::OTHER);
    }
    assert!(!names.wants_displacement(), "3 networks are not twice 2");
    names.value(PAGE, "/read", by(6));
    assert!(names.wants_displacement() && displace(&mut names) > 0);
    assert_ne!(names.value(PAGE, "/read", by(7)), Sym::OTHER);
    assert!(names.len() <= full + 1);
}

#[test]
fn what_is_declared_or_carries_money_stays() {
    let mut names = DayNames::with_budget(4);
    let event = Use::Value(Dimension::Event);
    let goal = names.admit_declared(event, "Signup", by(1));
    let sale = names.value(Dimension::Event, "Sale", by(1));
    assert!(names.keep_event(sale));
    let (key, value) = names.prop("plan", "pro", by(1));
    assert!(names.keep_prop(key, value));
    for number in 0..40 {
        for who in [number, 1_000 + number] {
            names.value(Dimension::Event, &format!("e{number}"), by(who));
            names.prop(&format!("k{number}"), "x", by(who));
            names.prop("plan", &format!("v{number}"), by(who));
        }
        displace(&mut names);
    }
    assert_eq!(names.value(Dimension::Event, "Signup", by(9)), goal);
    assert_eq!(names.value(Dimension::Event, "Sale", by(9)), sale);
    assert_eq!(names.prop("plan", "pro", by(9)), (key, value));
    // The fullest day has room for what the owner declares.
    assert_ne!(names.admit_declared(event, "Late goal", by(9)), Sym::OTHER);
}

#[test]
fn numbers_are_given_again_when_sums_are_handed_out() {
    let mut names = DayNames::with_budget(4);
    let mut longest = 0;
    for round in 0..50_u64 {
        for number in 0..6 {
            let page = format!("/{round}/{number}");
            // Each round is brought by more networks than the one before, up to where all bits are set.
            (0..2 << round.min(7)).for_each(|who| _ = names.value(PAGE, &page, by(who * 7 + round)));
        }
        let (gone, before) = (names.lightest(), names.texts().iter().cloned().collect::<Vec<_>>());
        for gone in names.retire(&gone, false) {
            let GoneName::In(_, sym) = gone else { panic!("pages are no properties") };
            assert_eq!(names.text(sym), &before[sym.0 as usize], "sums may name it still");
        }
        names.free_retired();
        longest = longest.max(names.len());
    }
    assert!(longest < 30, "{longest} numbers");
    for sym in (3..names.len() as u32).map(Sym) {
        let text = names.text(sym).clone();
        assert!(names.find(&text).is_none_or(|found| found == sym), "two numbers of {text}");
    }
}
