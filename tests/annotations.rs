//! What operators and their programs note beside figures is listed by command line and API.

use headcount::control::annotation::AnnotationCommand;
use headcount::control::{Command, Refused};
use serde_json::{Value, json};

use crate::operators::{folder, printed, refused};
use crate::world::{Answer, World};

fn call(world: &World, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let headers = [("authorization", format!("Bearer {token}"))];
    world.request(method, path, &headers, (!body.is_empty()).then_some(body.as_bytes()))
}

fn note(world: &World, token: &str, note: Value) -> Answer {
    call(world, "POST", "/api/v1/annotations", token, &note.to_string())
}

fn of_site(world: &World, scope: &str, site: &str) -> String {
    world.command(Command::TokenCreate { site: Some(site.into()), scope: scope.into() }).unwrap().text
}

#[test]
fn a_program_notes_a_release_and_takes_it_back() {
    let world = World::at("2026-06-01T22:30:00Z", &[("example.com", "Europe/Berlin"), ("example.org", "Etc/UTC")]);
    let token = of_site(&world, "annotate", "example.com");
    let made = |at: Value| {
        let answer = note(&world, &token, json!({"site_id": "example.com", "text": " Version 2 ", "at": at}));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    // It is June 2 in Berlin.
    assert_eq!(made(Value::Null), json!({"id": 1, "at": "2026-06-02", "text": "Version 2"}));
    assert_eq!(made(json!("2026-05-20T14")), json!({"id": 2, "at": "2026-05-20T14", "text": "Version 2"}));
    assert_eq!(made(json!("now")), json!({"id": 3, "at": "2026-06-02T00", "text": "Version 2"}));
    // A moment is put on the site's clock, and one that is there is not made twice.
    assert_eq!(made(json!("2026-05-20T12:40:00Z"))["id"], 2);
    assert_eq!(made(json!("today"))["id"], 1);
    let listed = call(&world, "GET", "/api/v1/annotations?site_id=example.com", &world.token("read"), "").json();
    let days: Vec<_> = listed["annotations"].as_array().unwrap().iter().map(|it| it["at"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-05-20T14", "2026-06-02", "2026-06-02T00"], "{listed}");
    let gone = call(&world, "DELETE", "/api/v1/annotations/3?site_id=example.com", &token, "");
    assert_eq!((gone.status, gone.json()), (200, json!({"removed": 3})));
    assert_eq!(call(&world, "DELETE", "/api/v1/annotations/3?site_id=example.com", &token, "").status, 404);
    // Its number is no other's.
    assert_eq!(made(json!("2026-06-01"))["id"], 4);
    let site = world.collector().directory().find("example.com").cloned().unwrap();
    assert_eq!(site.settings.annotations.iter().map(|it| it.id).collect::<Vec<_>>(), [2, 4, 1]);
}

#[test]
fn each_scope_may_do_its_own() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("example.org", "Etc/UTC")]);
    let here = json!({"site_id": "example.com", "text": "x"});
    let list = "/api/v1/annotations?site_id=example.com";
    for (scope, writes, lists) in
        [("annotate", 200, 200), ("admin", 200, 200), ("read", 401, 200), ("ingest", 401, 401)]
    {
        let token = of_site(&world, scope, "example.com");
        assert_eq!(note(&world, &token, here.clone()).status, writes, "{scope}");
        assert_eq!(call(&world, "GET", list, &token, "").status, lists, "{scope}");
        let other = of_site(&world, scope, "example.org");
        assert_eq!(note(&world, &other, here.clone()).status, 401, "{scope}");
        assert_eq!(call(&world, "GET", list, &other, "").status, 401, "{scope}");
        assert_eq!(call(&world, "DELETE", "/api/v1/annotations/1?site_id=example.com", &other, "").status, 401);
    }
    let annotate = of_site(&world, "annotate", "example.com");
    let query = json!({"site_id": "example.com", "metrics": ["visitors"], "date_range": "day"}).to_string();
    assert_eq!(call(&world, "POST", "/api/v2/query", &annotate, &query).status, 401, "it reads no figures");
    assert_eq!(world.request("POST", "/api/v1/annotations", &[], None).status, 401);
    assert_eq!(world.request("GET", list, &[], None).status, 401);
    let unknown = note(&world, &world.token("admin"), json!({"site_id": "example.net", "text": "x"}));
    assert_eq!(unknown.status, 401);
}

#[test]
fn a_wrong_note_is_told_what_is_wrong_with_it() {
    let world = World::start();
    let token = world.token("admin");
    for (body, sentence) in [
        ("", "send {\"site_id\": \"example.com\""),
        ("[]", "send {"),
        (r#"{"site_id":"example.com"}"#, "missing field `text`"),
        (r#"{"site_id":"example.com","text":"x","day":"2026-01-01"}"#, "unknown field `day`"),
        (r#"{"site_id":"example.com","text":"  "}"#, "an annotation is one line of 1 to 200 characters"),
        (r#"{"site_id":"example.com","text":"a\nb"}"#, "an annotation is one line"),
        (r#"{"site_id":"example.com","text":"x","at":"soon"}"#, "\"soon\" is no day and no hour"),
        (r#"{"site_id":"example.com","text":"x","at":"1960-01-01T00:00:00Z"}"#, "is no day and no hour"),
    ] {
        let answer = call(&world, "POST", "/api/v1/annotations", &token, body);
        assert_eq!(answer.status, 400, "{body}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(sentence), "{error}");
    }
    assert_eq!(call(&world, "DELETE", "/api/v1/annotations/one?site_id=example.com", &token, "").status, 400);
    assert_eq!(
        call(&world, "GET", "/api/v1/annotations?site_id=example.com", &token, "").json(),
        json!({"annotations": []})
    );
}

#[test]
fn a_site_has_room_for_a_thousand() {
    let world = World::start();
    let add = |n: usize| {
        let add = AnnotationCommand::Add { site: "example.com".into(), text: format!("Release {n}"), at: None };
        world.command(Command::Annotation(add))
    };
    for n in 0..headcount::limits::ANNOTATIONS_MAX {
        add(n).unwrap();
    }
    assert_eq!(add(1_000), Err(Refused("a site has at most 1000 annotations; remove one first".into())));
    assert_eq!(add(999).unwrap().json["id"], 1_000);
}

#[test]
fn operators_note_list_and_remove() {
    let (_folder, data) = folder();
    printed(&["site", "add", "example.com", "--data", &data]);
    let work = |more: &[&str]| printed(&[&["annotation", "--data", &data], more].concat());
    assert!(work(&["list", "example.com"]).contains("no annotation yet; add one with `headcount annotation add"));
    let said = work(&["add", "example.com", "Version 2 is out", "--at", "2026-11-20"]);
    assert_eq!(said, "The chart of example.com shows \"Version 2 is out\" on 2026-11-20 (number 1).");
    work(&["add", "example.com", "Newsletter", "--at", "2026-11-19T08"]);
    assert_eq!(work(&["list", "example.com"]), "2  2026-11-19T08  Newsletter\n1  2026-11-20  Version 2 is out");
    work(&["remove", "example.com", "2"]);
    let listed: Value = serde_json::from_str(&work(&["list", "example.com", "--json"])).unwrap();
    assert_eq!(listed, json!([{"id": 1, "at": "2026-11-20", "text": "Version 2 is out"}]));
    let (code, sentence) = refused(&["annotation", "remove", "example.com", "2", "--data", &data]);
    assert_eq!((code, sentence.contains("example.com has no annotation 2")), (1, true), "{sentence}");
    assert!(printed(&["site", "show", "example.com", "--data", &data]).contains("annotations         1"));
}
