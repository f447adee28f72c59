//! Feeds the reader that `HEADCOUNT_READER` names.
#![no_main]

#[path = "../readers.rs"]
mod readers;

use std::sync::LazyLock;

static READ: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wanted = std::env::var("HEADCOUNT_READER").expect("HEADCOUNT_READER names a reader");
    readers::READERS.into_iter().find(|(name, _)| *name == wanted).expect("a reader of tests/fuzz/readers.rs").1
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| READ(input));
