//! Captures everything that the program logs while tests run. Worlds run side by side and share what is captured.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use super::World;
use super::canary::{self, Form};

static CAPTURED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Warnings and errors that some test provokes on purpose.
static EXPECTED: Mutex<Vec<&str>> = Mutex::new(Vec::new());

/// Lines that have failed a test: each fails one, not all that come after.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Tests look into a database while its world ends.
const BESIDE: &str = "another program has the database open";
/// What worlds provoke whose clocks are moved by days.
const JUMP: &str = "the clock is ahead of what is stored";

/// Lets a warning or an error be logged from now on.
pub fn expect(text: &'static str) {
    EXPECTED.lock().unwrap_or_else(PoisonError::into_inner).push(text);
}

struct Capture;

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        CAPTURED.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures the log of this process from now on, down to traces of our own.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let logger = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
        logger.with_writer(|| Capture).init();
    });
}

/// How many lines hold all of these texts.
pub fn lines_with(texts: &[&str]) -> usize {
    let captured = CAPTURED.lock().unwrap_or_else(PoisonError::into_inner);
    let log = String::from_utf8_lossy(&captured);
    log.lines().filter(|line| texts.iter().all(|text| line.contains(text))).count()
}

/// Fails if there is a canary, a warning or an error in the log.
pub fn check(forms: &[Form]) {
    let captured = CAPTURED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    canary::search("the log", &captured, forms);
    let text = String::from_utf8_lossy(&captured);
    let expected = EXPECTED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let is_expected = |line: &&str| {
        [JUMP, BESIDE].iter().any(|text| line.contains(text)) || expected.iter().any(|text| line.contains(text))
    };
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let is_loud = |line: &&str| line.contains(" WARN ") || line.contains(" ERROR ");
    let is_new = |line: &&str| !is_expected(line) && told.iter().all(|told| told != line);
    let loud = text.lines().find(|line| is_loud(line) && is_new(line)).map(str::to_owned);
    told.extend(loud.clone());
    drop(told);
    assert!(loud.is_none(), "unexpected in the log: {}", loud.unwrap_or_default());
}

impl World {
    /// All that this process has logged, down to traces.
    pub fn captured_log() -> Vec<u8> {
        CAPTURED.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
