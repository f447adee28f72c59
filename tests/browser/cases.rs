//! Every setting and call of other trackers and of our own, driven in Chromium and, where they forbid,
//! in Firefox and WebKit; and the table of them in `docs/trackers.md`.
//!
//! A file `tests/pages/cases/*.txt` holds cases, each begun by `# ` and the settings that it is about. `@ ` is what follows the
//! page's path in its address, or `localhost`; `! ` is a script that runs when the page has loaded; `> ` a beacon that is
//! expected: name, address (`~` is the folder of the page) and keys with their values; `? ` a part of a line of the console.
//! All else is HTML. No further beacon may come, and no further line that names us. `{{name}} = text` above all is put in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

use super::driver::Engine;
use super::pages::CASE;
use super::{Browser, Scene};

/// A page with a snippet, what is done on it, and what is to come of it.
#[derive(Debug, Default)]
pub struct Case {
    file: String,
    names: String,
    pub html: String,
    at: String,
    script: String,
    sent: Vec<String>,
    said: Vec<String>,
}

/// The cases of all files, in order.
pub fn all() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let folder = root().join("tests/pages/cases");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().flat_map(|path| read(path)).collect()
    });
    &CASES
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Vec<Case> {
    let file = path.file_stem().unwrap().to_string_lossy().into_owned();
    let (mut put_in, mut cases) = (BTreeMap::new(), Vec::<Case>::new());
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let line =
            put_in.iter().fold(line.to_owned(), |line, (name, text): (&String, &String)| line.replace(name, text));
        if let Some((name, text)) = line.split_once("}} = ").filter(|_| cases.is_empty()) {
            put_in.insert(format!("{name}}}}}"), text.to_owned());
        } else if let Some(names) = line.strip_prefix("# ") {
            cases.push(Case { file: file.clone(), names: names.to_owned(), ..Case::default() });
        } else if let Some(case) = cases.last_mut() {
            match line.split_at_checked(2) {
                Some(("@ ", at)) => case.at = at.to_owned(),
                Some(("! ", script)) => case.script += &format!("{script};"),
                Some(("> ", beacon)) => case.sent.push(beacon.to_owned()),
                Some(("? ", line)) => case.said.push(line.to_owned()),
                _ => case.html += &format!("{line}\n"),
            }
        }
    }
    cases
}

/// What is wrong with the case of this number. Its waits are short, which a busy machine may outlast: what fails is driven
/// once more with waits ten times as long.
fn driven(scene: &Scene, number: usize, case: &Case) -> Vec<String> {
    let in_haste = driven_at(scene, number, case, 1);
    if in_haste.is_empty() { in_haste } else { driven_at(scene, number, case, 10) }
}

/// The same at a pace: each wait takes so many times as long.
fn driven_at(scene: &Scene, number: usize, case: &Case, pace: u32) -> Vec<String> {
    let (host, after) = if case.at == "localhost" { ("localhost", "") } else { ("example.com", case.at.as_str()) };
    let folder = format!("{CASE}{number}/x");
    let origin = scene.pages.at(host, "");
    let fill = |text: &str| {
        let text = text.replace("{{collector}}", scene.world.url()).replace("{{domain}}", "example.com");
        text.replace("{{origin}}", &origin).replace('~', &folder)
    };
    scene.browser.open(&format!("{origin}{folder}/p{after}"));
    let script = fill(&case.script);
    let result = scene.browser.run(&format!(
        "pace = {pace}; return (async () => {{ try {{ {script} }} catch (x) {{ said.push('threw ' + x) }} await later(); return result() }})()"
    ));
    let (sent, said) = (result["sent"].as_array().unwrap(), result["said"].as_array().unwrap());
    let mut wrong = Vec::new();
    if sent.len() != case.sent.len() {
        wrong.push(format!("{} beacons", sent.len()));
    }
    for (expected, beacon) in case.sent.iter().map(|line| fill(line)).zip(sent) {
        wrong.extend(differs(&expected, beacon));
    }
    let said: Vec<&str> = said.iter().filter_map(Value::as_str).collect();
    wrong.extend(case.said.iter().filter(|part| !said.iter().any(|line| line.contains(*part))).cloned());
    let is_expected = |line: &&&str| case.said.iter().any(|part| line.contains(part));
    let is_ours = |line: &&&str| line.contains("headcount") || line.contains("threw");
    wrong.extend(said.iter().filter(is_ours).filter(|line| !is_expected(line)).map(|line| format!("said {line}")));
    if result["leak"] != "" {
        wrong.push(format!("a ping names {}", result["leak"]));
    }
    wrong
        .into_iter()
        .map(|what| format!("{} # {}: {what}; sent {sent:?}, said {said:?}", case.file, case.names))
        .collect()
}

/// How a beacon differs from what is expected of it.
fn differs(expected: &str, beacon: &Value) -> Option<String> {
    let mut parts = expected.split(" | ");
    let is = |key: &str, value: &str| {
        let found = &beacon["flat"][key];
        match found {
            Value::Null => value == "undefined",
            Value::String(text) => text == value,
            other => {
                let text = other.to_string();
                text == value
            }
        }
    };
    let head = beacon["n"] == *parts.next()? && beacon["path"] == *parts.next()?;
    let fits = head && parts.all(|part| part.split_once('=').is_some_and(|(key, value)| is(key, value)));
    (!fits).then(|| format!("not {expected}"))
}

/// Drives the cases that are meant, in one browser; a quarter of a second each.
fn drive(engine: Engine, is_meant: fn(&Case) -> bool) {
    if !engine.is_asked_for() {
        return;
    }
    let scene = Scene::start(Browser::of(engine));
    scene.world.alias("example.com", &["aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "7", "8", "ABCDE", "pa-Xy12"]);
    let meant = all().iter().enumerate().filter(|(_, case)| is_meant(case));
    let wrong: Vec<String> = meant.flat_map(|(number, case)| driven(&scene, number, case)).collect();
    assert!(wrong.is_empty(), "{engine:?}: {}", wrong.join("\n"));
    // What arrived was all understood; a ping may come before the page's own beacon.
    let rejected: BTreeSet<_> = scene.world.rejections("example.com").into_iter().map(|(reason, _)| reason).collect();
    assert!(rejected.iter().all(|reason| *reason == "no_visit"), "{engine:?}: {rejected:?}");
}

#[test]
fn every_setting_and_call_does_what_its_case_says() {
    drive(Engine::Chromium, |_| true);
}

#[test]
fn what_forbids_counting_forbids_it_in_firefox() {
    drive(Engine::Firefox, |case| case.sent.is_empty());
}

#[test]
fn what_forbids_counting_forbids_it_in_webkit() {
    drive(Engine::WebKit, |case| case.sent.is_empty());
}

/// The names in the first column of the document's tables, by the heading above them.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("docs/trackers.md")).unwrap();
    let (mut file, mut found) = (String::new(), BTreeMap::<String, BTreeSet<String>>::new());
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            file = heading.split('`').nth(1).unwrap_or_default().to_owned();
        }
        let Some(cell) = line.strip_prefix("| `").and_then(|rest| rest.split(" | ").next()) else { continue };
        let names =
            cell.split('`').step_by(2).map(str::to_owned).filter(|name| !name.trim_matches([',', ' ']).is_empty());
        found.entry(file.clone()).or_default().extend(names);
    }
    found
}

#[test]
fn every_row_of_the_document_has_a_case_and_every_case_a_row() {
    let mut cases = BTreeMap::<String, BTreeSet<String>>::new();
    for case in all() {
        assert!(
            !case.sent.is_empty()
                || !case.said.is_empty()
                || case.names.contains("no_onload")
                || case.names.contains("logging")
                || case.names.contains("settings"),
            "{} expects nothing",
            case.names
        );
        cases.entry(case.file.clone()).or_default().extend(case.names.split(", ").map(str::to_owned));
    }
    let documented = documented();
    for (file, names) in &documented {
        for name in names {
            assert!(cases[file].contains(name), "{file}: no case drives {name}");
        }
    }
    // Words after a comma say more of the case; a name has no blank but for calls with words in them.
    for (file, names) in &cases {
        for name in names.iter().filter(|name| !name.contains(' ')) {
            let is_word = ["off", "null", "failing", "nothing"].contains(&name.as_str());
            assert!(is_word || documented[file].contains(name), "{file}: docs/trackers.md does not list {name}");
        }
    }
}
