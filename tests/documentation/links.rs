//! Links of the documents lead somewhere, the manual lists all that it must, and the front page stays within its bars.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::blocks::{documents, root};
use super::helps;
use crate::operators::headcount;

/// Most lines and bytes of the front page, which everybody reads first, and bytes of one of its pictures.
const FRONT_LINES_MAX: usize = 200;
const FRONT_BYTES_MAX: usize = 12 * 1024;
const PICTURE_BYTES_MAX: u64 = 150_000;

/// The lines of a document outside of its blocks of code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_block = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_block ^= is_fence;
        (!is_block && !is_fence).then_some((at + 1, line))
    })
}

/// The anchors that GitHub gives to the headings of a document: small letters, digits and hyphens, one for each blank; a heading
/// that comes again has a number behind.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut times = BTreeMap::<String, usize>::new();
    let headings = prose(text).filter_map(|(_, line)| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len()).then(|| title.strip_prefix(' ')).flatten()
    });
    headings
        .map(|title| {
            let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            let anchor = kept.collect::<String>().to_lowercase().replace(' ', "-");
            let time = times.entry(anchor.clone()).or_default();
            *time += 1;
            if *time == 1 { anchor } else { format!("{anchor}-{}", *time - 1) }
        })
        .collect()
}

/// The targets of a document's links, each with its line. What stands between backticks is no link.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, line) in prose(text) {
        let bare: String = line.split('`').step_by(2).collect();
        let ends = bare.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        found.extend(ends.map(|target| (at, target.to_owned())));
    }
    found
}

/// A path without `.` and `..`; nothing where it leads out of the project.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => plain.pop().then_some(())?,
            std::path::Component::Normal(name) => plain.push(name),
            std::path::Component::CurDir => {}
            _ => return None,
        }
    }
    Some(plain)
}

/// The file and the anchor that a link of a document leads to, if it leads to the project.
fn led_to(document: &str, target: &str) -> Option<Result<(PathBuf, Option<String>), String>> {
    if target.starts_with("https://") {
        return None;
    }
    let (file, anchor) =
        target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor.to_owned())));
    let beside = Path::new(document).parent().unwrap_or(Path::new(""));
    let path = if file.is_empty() { PathBuf::from(document) } else { beside.join(file) };
    let found = plain(&path).filter(|path| root().join(path).exists());
    Some(found.map(|path| (path, anchor)).ok_or_else(|| format!("there is no {}", path.display())))
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let documents: BTreeMap<String, String> = documents().into_iter().collect();
    let (mut wrong, mut followed) = (Vec::new(), 0);
    for (name, text) in &documents {
        for (line, target) in targets(text) {
            let place = format!("{name}:{line}: {target}");
            match led_to(name, &target) {
                Some(Ok((path, Some(anchor)))) => {
                    let of = documents.get(path.to_str().unwrap()).map(|text| anchors(text)).unwrap_or_default();
                    if !of.contains(&anchor) {
                        wrong.push(format!("{place}: {} has no such heading", path.display()));
                    }
                }
                Some(Ok(_)) => followed += 1,
                Some(Err(why)) => wrong.push(format!("{place}: {why}")),
                None => {}
            }
        }
    }
    assert!(followed > 50, "only {followed} links were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_index_of_the_manual_lists_every_page() {
    let documents = documents();
    let text_of = |name: &str| &documents.iter().find(|(found, _)| found == name).unwrap().1;
    let linked: BTreeSet<String> = targets(text_of("docs/README.md")).into_iter().map(|(_, target)| target).collect();
    for (name, _) in documents.iter().filter(|(name, _)| name != "docs/README.md") {
        if let Some(page) = name.strip_prefix("docs/") {
            assert!(linked.contains(page), "docs/README.md does not link to {page}");
        }
    }
    let linked: BTreeSet<String> = targets(text_of("README.md")).into_iter().map(|(_, target)| target).collect();
    for name in ["docs/README.md", "deploy/README.md", "benches/README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        assert!(linked.contains(name), "README.md does not link to {name}");
    }
}

/// Functions that are tests.
fn tests_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            // `#[test]` and `#[tokio::test]`.
            let named = text.split("test]\n").skip(1).filter_map(|rest| {
                let rest = rest.trim_start();
                rest.strip_prefix("async ").unwrap_or(rest).strip_prefix("fn ")
            });
            found.extend(named.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name.to_owned()));
        }
    }
}

#[test]
fn each_promise_about_faults_has_its_test() {
    let mut tests = BTreeSet::new();
    ["src", "tests"].into_iter().for_each(|folder| tests_below(&root().join(folder), &mut tests));
    let text = fs::read_to_string(root().join("docs/faults.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what happens"));
    let mut promises = 0;
    for row in rows {
        let test = row.trim_end_matches(" |").rsplit("| ").next().unwrap().trim_matches('`');
        assert!(tests.contains(test), "no test is called {test:?}: {row}");
        promises += 1;
    }
    assert!(promises > 15, "{promises}");
}

#[test]
fn the_front_page_stays_short_and_begins_with_two_pictures() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(text.lines().count() <= FRONT_LINES_MAX, "README.md has {} lines", text.lines().count());
    assert!(text.len() <= FRONT_BYTES_MAX, "README.md has {} bytes", text.len());
    for command in ["\ncargo run --release -- serve\n", "\ntests/run\n"] {
        assert!(text.contains(command), "README.md lacks{command}");
    }
    let mut pictures = 0;
    for entry in fs::read_dir(root().join("docs/images")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "png") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = fs::metadata(&path).unwrap().len();
            assert!(bytes <= PICTURE_BYTES_MAX, "{name} has {bytes} bytes");
            assert!(text.contains(&format!("](docs/images/{name})")), "README.md does not show {name}");
            pictures += 1;
        }
    }
    assert_eq!(pictures, 2);
}

#[test]
fn the_manual_lists_every_key_every_reason_and_every_command() {
    let page = |name: &str| fs::read_to_string(root().join("docs").join(name)).unwrap();
    let (configuration, reasons, commands) = (page("configuration.md"), page("reasons.md"), page("commands.md"));
    for key in headcount::config::KEYS {
        assert!(configuration.contains(&format!("| `{}` |", key.name)), "configuration.md does not list {}", key.name);
    }
    for reason in headcount::rejection::Rejection::ALL {
        assert!(reasons.contains(&format!("| `{}` |", reason.label())), "reasons.md does not list {}", reason.label());
    }
    for (of, page) in [("sites", page("settings.md")), ("configuration", configuration)] {
        let output = headcount(&["reference", of]).output().unwrap();
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && page.contains(&table), "this table is not in the manual:\n{table}");
    }
    let mut named = Vec::new();
    helps(&[], &mut String::new(), &mut named);
    assert!(named.len() > 30, "{named:?}");
    for command in named {
        assert!(commands.contains(&format!("`{command}`")), "commands.md does not list {command}");
    }
}

/// Files in which people are sent to a document: sources, programs and configurations.
fn pointing() -> Vec<PathBuf> {
    let (mut found, mut open) = (vec![root().join("Cargo.toml")], Vec::new());
    open.extend(["src", "tests", "benches", "dashboards", "deploy", ".ci"].map(|folder| root().join(folder)));
    // These tests name documents that are not there.
    let is_own = |path: &Path| path.starts_with(root().join("tests/documentation"));
    while let Some(path) = open.pop() {
        if is_own(&path) {
            continue;
        }
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path
            .extension()
            .is_none_or(|ending| ["rs", "js", "html", "py", "service"].iter().any(|it| ending == *it))
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn documents_that_the_code_names_exist_and_the_front_page_is_no_reference() {
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let mut named = 0;
    for path in pointing() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for word in text.split(|c| !is_path(c)).filter(|word| word.contains(".md")) {
            let word = word.trim_end_matches('.');
            let is_one = word.ends_with(".md") && !word.starts_with(['.', '/']);
            let places = [root().join(word), path.parent().unwrap().join(word), root().join("docs").join(word)];
            assert!(!is_one || places.iter().any(|place| place.exists()), "{}: there is no {word}", path.display());
            named += usize::from(is_one);
        }
        let is_reference = path.starts_with(root().join("src")) && text.contains(&["the RE", "ADME"].concat());
        assert!(!is_reference, "{}: name the page that says it, not the README", path.display());
    }
    assert!(named > 5, "only {named} were found");
}

#[test]
fn anchors_are_those_of_github_and_code_holds_no_links() {
    let text = "# What is `x-y_z`, in short?\n## A\n```sh\n# b\n```\n## A\n#hash\n";
    let expected = ["what-is-x-y_z-in-short", "a", "a-1"].map(str::to_owned);
    assert_eq!(anchors(text), BTreeSet::from(expected));
    assert_eq!(targets("a [b](c.md#d) `[e](f)` ![g](h.png)"), [(1, "c.md#d".to_owned()), (1, "h.png".to_owned())]);
    assert_eq!(led_to("docs/a.md", "https://example.com"), None);
    assert_eq!(
        led_to("docs/README.md", "../README.md#x"),
        Some(Ok((PathBuf::from("README.md"), Some("x".to_owned()))))
    );
    assert!(led_to("README.md", "../elsewhere.md").unwrap().is_err());
    assert!(led_to("docs/README.md", "nothing.md").unwrap().is_err());
}
