//! The rule that a type has a name of its own.

use std::collections::BTreeMap;

use super::{Source, sources};

/// Most names of types that `src` defines more than once. One name may stand for two types only where both are the same idea in
/// two worlds that never meet, as a line of a log and a line of a report.
const SHARED_NAMES_MAX: usize = 15;

/// The names of types that a text defines at its top level or in a module, without associated types.
fn types(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let bare = line.trim_start();
        let public = bare.strip_prefix("pub").map(|rest| {
            rest.strip_prefix('(').map_or(rest, |rest| rest.split_once(')').map_or(rest, |(_, rest)| rest))
        });
        let mut words = public.unwrap_or(bare).split_whitespace();
        let keyword = words.next()?;
        let is_type = ["struct", "enum", "trait", "union"].contains(&keyword) || (keyword == "type" && bare == line);
        words.next().filter(|_| is_type)?.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    })
}

/// The names that several definitions have, and where these stand.
fn shared_names(sources: &[Source]) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources {
        types(&source.text).for_each(|name| found.entry(name).or_default().push(&source.path));
    }
    found.retain(|_, homes| homes.len() > 1);
    found
}

#[test]
fn few_names_of_types_are_defined_more_than_once() {
    let sources = sources("src");
    let shared = shared_names(&sources);
    assert!(shared.len() <= SHARED_NAMES_MAX, "{} names are defined more than once: {shared:#?}", shared.len());
}

#[test]
fn a_name_that_two_types_have_is_found() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let sources = [
        source(
            "src/a.rs",
            "pub(in super::super) struct Planted<'a>(&'a str);\nstruct Once;\nimpl X for Once {\n    type Of = u8;\n}\n",
        ),
        source(
            "src/b.rs",
            "// struct Once\nmod inner {\n    pub enum Planted {}\n}\nimpl X for Other {\n    type Of = u8;\n}\n",
        ),
        source("src/c.rs", "pub type Planted = u8;\n"),
    ];
    let found = shared_names(&sources);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("Planted", vec!["src/a.rs", "src/b.rs", "src/c.rs"])]);
}
