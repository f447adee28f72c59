//! The crates that cargo resolves are those that `deny.toml` lets in.
//!
//! cargo-deny does the same and knows advisories; this needs no network and nothing to be installed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Crates of one run of cargo that are built into the program or build it, by id.
pub fn crates() -> BTreeMap<String, Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let version = Command::new(env!("CARGO")).args(["version", "-v"]).output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let words = ["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", host];
    let output = Command::new(env!("CARGO")).args(words).current_dir(root).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let nodes: BTreeMap<String, &Value> =
        metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| (text(&node["id"]), node)).collect();
    let (mut reached, mut open) = (BTreeSet::new(), vec![text(&metadata["resolve"]["root"])]);
    while let Some(id) = open.pop() {
        let links = nodes[&id]["deps"].as_array().unwrap().iter();
        let is_given = |link: &&Value| link["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev");
        open.extend(links.filter(is_given).map(|link| text(&link["pkg"])).filter(|id| !reached.contains(id)));
        reached.insert(id);
    }
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (text(&package["id"]), package.clone())).filter(|(id, _)| reached.contains(id)).collect()
}

fn rules() -> toml::Table {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).unwrap();
    text.parse().unwrap()
}

/// The texts of a list; of tables in it their `crate`.
fn listed(rules: &toml::Table, part: &str, list: &str) -> BTreeSet<String> {
    let texts = rules[part][list].as_array().unwrap().iter();
    texts.map(|item| item.as_str().or_else(|| item["crate"].as_str()).unwrap().to_owned()).collect()
}

/// Whether what is allowed satisfies an expression of SPDX: alternatives of what is required together.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (is, rest) = alternatives(&words, allowed);
    is && rest.is_empty()
}

fn alternatives<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    let (mut is, mut rest) = together(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (other, after) = together(after, allowed);
        (is, rest) = (is || other, after);
    }
    (is, rest)
}

fn together<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    let (mut is, mut rest) = one(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (other, after) = one(after, allowed);
        (is, rest) = (is && other, after);
    }
    (is, rest)
}

fn one<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    match words {
        ["(", after @ ..] => {
            let (is, rest) = alternatives(after, allowed);
            let [")", rest @ ..] = rest else { return (false, rest) };
            (is, rest)
        }
        [licence, "WITH", exception, rest @ ..] => (allowed.contains(&format!("{licence} WITH {exception}")), rest),
        [licence, rest @ ..] => (allowed.contains(*licence), rest),
        [] => (false, words),
    }
}

#[test]
fn every_crate_that_comes_along_has_a_licence_that_may() {
    let allowed = listed(&rules(), "licenses", "allow");
    let crates = crates();
    assert!(crates.len() > 100, "{}", crates.len());
    for package in crates.values() {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(is_allowed(licence, &allowed), "{}: {licence} is not in deny.toml", package["name"]);
    }
}

#[test]
fn no_crate_comes_along_that_is_banned_or_comes_twice_or_from_elsewhere() {
    let rules = rules();
    let (banned, skipped) = (listed(&rules, "bans", "deny"), listed(&rules, "bans", "skip"));
    let sources = listed(&rules, "sources", "allow-registry");
    let mut versions = BTreeMap::<String, Vec<String>>::new();
    for package in crates().values() {
        let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        assert!(!banned.contains(name), "{name} is banned by deny.toml");
        if let Some(source) = package["source"].as_str() {
            assert!(sources.contains(source.trim_start_matches("registry+")), "{name} comes from {source}");
        } else {
            assert_eq!(name, env!("CARGO_PKG_NAME"), "a folder is no source");
        }
        let major = version.split('.').next().unwrap();
        if !skipped.contains(&format!("{name}@{major}")) {
            versions.entry(name.to_owned()).or_default().push(version.to_owned());
        }
    }
    for (name, versions) in versions {
        assert_eq!(versions.len(), 1, "{name} comes as {versions:?}; see deny.toml");
    }
}

#[test]
fn no_crate_needs_a_newer_compiler_than_we_say() {
    let number = |text: &str| text.split('.').take(2).map(|part| part.parse().unwrap()).collect::<Vec<u32>>();
    let ours = number(env!("CARGO_PKG_RUST_VERSION"));
    for package in crates().values() {
        let theirs = package["rust_version"].as_str().unwrap_or("1.0");
        assert!(number(theirs) <= ours, "{} needs Rust {theirs}", package["name"]);
    }
}

#[test]
fn expressions_of_licences_are_read_as_spdx_has_them() {
    let allowed = ["MIT", "ISC", "Apache-2.0", "Zlib WITH x"].map(str::to_owned).into();
    for (expression, is) in [
        ("MIT", true),
        ("GPL-3.0 OR MIT", true),
        ("MIT/GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("GPL-3.0 OR MIT AND GPL-2.0", false),
        ("Apache-2.0 WITH LLVM-exception", false),
        ("Zlib WITH x", true),
        ("none", false),
        ("(MIT", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), is, "{expression}");
    }
}
