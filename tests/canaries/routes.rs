//! Every path that the server knows, as its table of routes has it.

/// The table itself: whatever is added there is asked here.
const TABLE: &str = include_str!("../../src/server/routes.rs");

/// The paths of all rows, with their placeholders.
pub fn all() -> Vec<&'static str> {
    let rows = TABLE.split("#[cfg(test)]").next().unwrap().split(['(', '!']).filter_map(|rest| {
        let path = rest.trim_start_matches('(').trim_start().strip_prefix('"')?.split('"').next()?;
        path.starts_with('/').then_some(path)
    });
    let mut paths: Vec<&str> = rows.collect();
    paths.sort_unstable();
    paths.dedup();
    assert!(paths.len() > 50, "{paths:?}");
    paths
}

/// A path with something in the place of each placeholder: a site where one is asked for, else `other`.
pub fn filled(path: &str, other: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{domain}" | "{site}" | "{sites}" => "example.test",
        part if part.starts_with('{') => other,
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}
