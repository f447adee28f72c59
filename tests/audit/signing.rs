//! Summaries: signed, published, verified.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::counted;
use crate::operators::{Server, headcount, printed, refused};
use crate::world::World;

fn verify(file: &std::path::Path, more: &[&str]) -> (i32, String) {
    let words = [&["audit", "--verify", file.to_str().unwrap()], more].concat();
    let output = headcount(&words).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn a_summary_is_signed_by_one_key_and_verified_offline() {
    let (folder, data) = counted();
    let kept = tempfile::tempdir().unwrap();
    let file = kept.path().join("summary.json");
    let signed = printed(&["audit", "--sign", "--data", &data]);
    fs::write(&file, &signed).unwrap();
    let json: Value = serde_json::from_str(&signed).unwrap();
    let key = json["key"].as_str().unwrap().to_owned();
    let (code, said) = verify(&file, &["--key", &key]);
    assert!(code == 0 && said.contains("The signature is right") && said.contains("verdict: clean"), "{said}");
    assert!(!signed.contains("example.com"), "{signed}");

    let server = Server::start(folder.path(), &[]);
    let again: Value = serde_json::from_str(&printed(&["audit", "--sign", "--json", "--data", &data])).unwrap();
    assert_eq!(again["key"], key.as_str(), "a server signs with the same key");
    assert_eq!(again["summary"]["server"]["may_dump"], false);
    drop(server);

    for (place, byte) in signed.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric()).step_by(7) {
        let mut changed = signed.clone().into_bytes();
        changed[place] = if byte == b'1' { b'2' } else { b'1' };
        fs::write(&file, changed).unwrap();
        assert_eq!(verify(&file, &["--key", &key]).0, 1, "byte {place}");
    }
    fs::write(&file, again.to_string()).unwrap();
    let other = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let (code, said) = verify(&file, &["--key", other]);
    assert!(code == 1 && said.contains("another key"), "{said}");
}

#[test]
fn a_summary_with_findings_is_signed_and_says_so() {
    let (folder, data) = counted();
    fs::write(folder.path().join("log"), "203.0.113.77").unwrap();
    let output = headcount(&["audit", "--sign", "--data", &data]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let signed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&signed["summary"]["verdict"], &signed["summary"]["findings"]["address"]),
        (&"findings".into(), &1.into())
    );
    let kept = tempfile::NamedTempFile::new().unwrap();
    fs::write(kept.path(), signed.to_string()).unwrap();
    let (code, said) = verify(kept.path(), &[]);
    assert!(code == 1 && said.contains("The signature is right") && said.contains("verdict: findings"), "{said}");
    fs::remove_file(folder.path().join("log")).unwrap();
    // What it signed and keeps in the folder is no secret.
    fs::write(folder.path().join("summary.json"), signed.to_string()).unwrap();
    let publish =
        || String::from_utf8(headcount(&["audit", "--publish", "--data", &data]).output().unwrap().stderr).unwrap();
    assert!(publish().contains("no site publishes it yet"), "{}", publish());
    printed(&["site", "set", "example.com", "--publish-audit", "true", "--data", &data]);
    assert_eq!(publish(), "");
    assert!(printed(&["audit", "--data", &data]).contains("No trace of a person"));
}

#[test]
fn whoever_has_openssl_can_verify_it_too() {
    let has = |name: &str| Command::new(name).arg("--help").output().is_ok();
    let (_folder, data) = counted();
    let signed: Value = serde_json::from_str(&printed(&["audit", "--sign", "--data", &data])).unwrap();
    let kept = tempfile::tempdir().unwrap();
    let path = |name: &str| kept.path().join(name).to_str().unwrap().to_owned();
    let bytes = |name: &str| data_encoding::BASE64.decode(signed[name].as_str().unwrap().as_bytes()).unwrap();
    let head = data_encoding::HEXLOWER.decode(b"302a300506032b6570032100").unwrap();
    fs::write(path("key.der"), [head, bytes("key")].concat()).unwrap();
    fs::write(path("signature"), bytes("signature")).unwrap();
    fs::write(path("summary"), signed["summary"].to_string()).unwrap();
    assert!(has("openssl"), "openssl is part of every system that the tests run on");
    let words = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"];
    let mut openssl = Command::new("openssl");
    openssl.args(words).args(["-inkey", &path("key.der"), "-sigfile", &path("signature"), "-in", &path("summary")]);
    let output = openssl.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_site_publishes_the_last_summary_if_its_owner_wants() {
    let world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("other.example", "Etc/UTC")]);
    assert_eq!(world.page("/privacy/example.com/audit").status, 404);
    let change = headcount::control::SiteChange::of("publish_audit", true);
    world.command(headcount::control::Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    assert_eq!(world.page("/privacy/example.com/audit").status, 404, "nothing is signed yet");
    let report = headcount::audit::look(headcount::audit::AuditOrder {
        path: world.folder(),
        database: "headcount.db",
        journal: &headcount::config::JournalPlace::Off,
        proxies: Default::default(),
        listen: std::net::IpAddr::from([127, 0, 0, 1]),
        process: None,
        now: world.clock.now(),
    })
    .unwrap();
    // The folder of a test is open, which a program would not leave so.
    assert!(report.findings().iter().all(|finding| finding.kind == "mode"), "{:?}", report.findings());
    let summary = serde_json::to_value(report.summary()).unwrap();
    let sign = headcount::control::audit::AuditCommand::Sign { summary, publish: true };
    world.command(headcount::control::Command::Audit(sign)).unwrap();
    let page = world.page("/privacy/example.com/audit");
    assert_eq!((page.status, page.header("content-type")), (200, Some("application/json")));
    assert!(headcount::audit::summary::verified(&page.text(), None).is_ok());
    assert!(!page.text().contains("example"), "{}", page.text());
    assert_eq!(world.page("/privacy/other.example/audit").status, 404);
    assert_eq!(world.page("/privacy/nobody.example/audit").status, 404);
    assert_eq!(refused(&["audit", "--verify", "/no/such/file"]).0, 1);
}
