//! Tests of filters as people write them.

use super::*;
use crate::site::{Domain, Moment, Schedule, Settings, SiteId};

fn site() -> Site {
    let goal = |name: &str, target: &str| Goal { name: name.into(), target: Target::read(target), since_ms: 0 };
    Site {
        id: SiteId(1),
        domain: Domain::parse("example.com").unwrap(),
        schedule: Schedule::utc(),
        settings: Settings { goals: vec![goal("Join", "Signup"), goal("Blog", "/blog/**")], ..Settings::default() },
        added: Moment(0),
    }
}

fn resolve(texts: &[&str]) -> Result<Chosen, NotAChoice> {
    Choice::read(texts.iter().copied()).and_then(|choice| choice.resolve(&site()))
}

#[test]
fn filters_are_read_as_they_are_written() {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    for (text, key, comparison, expected) in [
        ("source=Google,Bing", FilterKey::Of(Dimension::Source), Comparison::Is, &["Google", "Bing"][..]),
        ("source:Google,Bing", FilterKey::Of(Dimension::Source), Comparison::Is, &["Google,Bing"]),
        ("city=Berlin, DE-BE", FilterKey::Of(Dimension::City), Comparison::Is, &["Berlin, DE-BE"]),
        (
            "city!=Berlin, DE-BE,Bonn, DE-NW",
            FilterKey::Of(Dimension::City),
            Comparison::IsNot,
            &["Berlin, DE-BE", "Bonn, DE-NW"],
        ),
        (r"page~a\,b,c\\,\d", FilterKey::Of(Dimension::Page), Comparison::Contains, &["a,b", r"c\", r"\d"]),
        ("page!~/a=b", FilterKey::Of(Dimension::Page), Comparison::ContainsNot, &["/a=b"]),
        ("prop:plan=pro", FilterKey::Prop("plan".into()), Comparison::Is, &["pro"]),
        ("goal=Join", FilterKey::Goal, Comparison::Is, &["Join"]),
    ] {
        let part = WrittenFilter { key, comparison, values: values(expected) };
        assert_eq!(WrittenFilter::read(text), Ok(part.clone()), "{text}");
        let again =
            part.texts().iter().map(|text| WrittenFilter::read(text).unwrap()).fold(Choice::default(), Choice::and);
        assert_eq!(again.parts, [part], "{text}");
    }
    for wrong in ["", "source", "=x", "source=", "prop:=x", "source=a,,b", "ä", "!", "prop:"] {
        assert!(matches!(WrittenFilter::read(wrong), Err(NotAChoice::Form(_))), "{wrong}");
    }
    assert!(WrittenFilter::read("sauce=x").unwrap_err().to_string().contains("there are source, referrer"));
}

#[test]
fn an_address_leads_back_to_any_value() {
    let hostile = ["<script>\"'&%", "a b+c#d", "ü/\u{202e}", "\\,", "x".repeat(2_000).leak(), "a:b=c~d!=e"];
    for value in hostile {
        let choice = Choice::default().and(WrittenFilter::is(FilterKey::Of(Dimension::Page), value));
        let query = choice.query();
        assert!(query.starts_with("filter=page:") && query.bytes().all(|b| b.is_ascii_graphic()), "{query}");
        assert!(!query.contains(['<', '"', '\'', '#', '\\']) && query.matches('&').count() == 0, "{query}");
        let texts: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).map(|(_, text)| text.into_owned()).collect();
        assert_eq!(Choice::read(texts.iter().map(String::as_str)), Ok(choice));
    }
}

#[test]
fn filters_come_down_to_few_or_are_refused() {
    let one = resolve(&["source=Google", "source=Bing"]).unwrap();
    assert_eq!(
        one.filters.iter().map(|f| f.test.passes("Bing") && !f.test.passes("Yahoo")).collect::<Vec<_>>(),
        [true]
    );
    let axes = |texts: &[&str]| resolve(texts).unwrap().filters.into_iter().map(|f| f.axis).collect::<Vec<_>>();
    assert_eq!(axes(&["country=DE", "city=Berlin, DE-BE"]), [Axis::Of(Dimension::City)]);
    let two = ["country=DE", "source=Google", "city=Berlin, DE-BE", "source!=Bing"];
    assert_eq!(axes(&two), [Axis::Of(Dimension::City), Axis::Of(Dimension::Source)]);
    let five = ["source=Google", "country=DE", "page=/", "browser=Firefox", "language=de"];
    assert_eq!(resolve(&five[..4]).unwrap().filters.len(), 4);
    assert!(resolve(&five).unwrap_err().to_string().contains("independent"));
    let unnamed = resolve(&["prop:plan=pro", "country=DE"]).unwrap_err();
    assert_eq!(unnamed, NotAChoice::NotMet(NotMet::Property("plan".to_owned())));
    assert_eq!(axes(&["prop:plan=pro", "prop:plan!=free", "event=Signup"]).len(), 1);
    assert!(resolve(&["goal=Other"]).unwrap_err().to_string().contains("goal list example.com"));
    for goals in [&["goal=Join", "goal!=Blog"][..], &["goal=Join,Blog"], &["goal~J"]] {
        assert_eq!(resolve(goals), Err(NotAChoice::Goals));
    }
    let many = (0..=limits::FILTER_VALUES_MAX).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(resolve(&[&format!("page={many}")]), Err(NotAChoice::TooMany));
    let parts: Vec<String> = (0..=limits::FILTER_PARTS_MAX).map(|n| format!("page!=/{n}")).collect();
    let of = |count: usize| Choice::read(parts[..count].iter().map(String::as_str));
    assert_eq!(of(limits::FILTER_PARTS_MAX).unwrap().parts.len(), limits::FILTER_PARTS_MAX);
    assert_eq!(of(limits::FILTER_PARTS_MAX + 1), Err(NotAChoice::TooManyParts));
}

#[test]
fn what_is_counted_follows_from_what_is_chosen() {
    for (texts, expected) in [
        (&[][..], Scope::Visits),
        (&["entry_page=/"], Scope::Visits),
        (&["page=/"], Scope::Pages),
        (&["hostname=a.test"], Scope::Hits),
        (&["event=Signup"], Scope::Events),
        (&["page=/", "source=Google"], Scope::Pages),
        (&["hostname=a.test", "page=/"], Scope::Hits),
        (&["event=Signup", "page=/"], Scope::Events),
        (&["prop:plan=pro"], Scope::Events),
        (&["goal=Join"], Scope::EventGoal),
        (&["goal=Blog", "source=Google"], Scope::PageGoal),
    ] {
        assert_eq!(resolve(texts).unwrap().scope(), expected, "{texts:?}");
    }
}
