//! Whether the rows of dimensions agree with each other.

use std::collections::BTreeSet;

use super::*;
use crate::cell::filter::JOINT;

#[test]
fn no_two_rows_share_a_name_a_code_or_a_place_on_the_page() {
    let distinct =
        |texts: Vec<String>| assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "{texts:?}");
    distinct(TABLE.iter().map(|row| row.name.to_owned()).collect());
    distinct(TABLE.iter().map(|row| row.api_name.to_owned()).collect());
    distinct(DIMENSIONS.listed().map(|row| format!("{:?}", row.tab)).collect());
    for row in TABLE {
        assert_eq!(row.dimension.name(), row.name);
        assert_eq!(Dimension::from_code(row.dimension.code()), Some(row.dimension));
        assert_eq!(Dimension::from_name(row.name), row.is_listed().then_some(row.dimension));
        let is_visit = row.api_name.starts_with("visit:");
        // Segments are of either, and what is counted of them alone is asked for by other names.
        if Dimension::COUNTED.contains(&row.dimension) {
            assert_eq!((is_visit, row.api_name.starts_with("event:")), (row.is_of_visit(), !row.is_of_visit()));
        }
        // What is implied is coarser, and so of the same kind.
        assert!(row.implies.iter().all(|of| of.is_of_visit() == row.is_of_visit() && *of != row.dimension));
    }
    assert_eq!((Dimension::from_code(0), Dimension::from_code(99), Dimension::from_code(255)), (None, None, None));
    assert_eq!(Dimension::ChannelAndSource.missing(), format!("{DIRECT}{JOINT}{DIRECT_OR_NONE}"));
}

#[test]
fn codes_are_stored_and_so_they_never_change() {
    let codes: Vec<(u8, &str)> = TABLE.iter().map(|row| (row.dimension.code(), row.name)).collect();
    let stored = "source referrer channel utm_source utm_medium utm_campaign utm_content utm_term country region city browser \
                  browser_version os os_version device screen language entry_page exit_page page hostname event pattern \
                  channel_and_source";
    for known in (1..).zip(stored.split(' ')) {
        assert!(codes.contains(&known), "{known:?}");
    }
}
