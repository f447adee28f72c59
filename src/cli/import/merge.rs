//! Merges logs, each in the order of its time, into one order of time.
//!
//! A line without a time keeps its place behind the one before it. Of lines with the same time, those of the log that was
//! named first come first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::input::ReadBytes;
use super::log::{OpenLog, UnreadableLog};
use crate::site::Moment;

/// Lines of one log that come next.
pub struct LineChunk<'a> {
    /// The log's number.
    pub log: usize,
    /// How many bytes of its content are read with them.
    pub end: u64,
    /// The lines.
    pub lines: &'a [u8],
}

/// Logs that are merged.
pub struct Merge {
    logs: Vec<OpenLog>,
    /// When the next line of each log was that has any left; the earliest on top.
    next: BinaryHeap<Reverse<(Option<Moment>, usize)>>,
    read: ReadBytes,
}

impl Merge {
    /// The lines of these logs.
    pub fn of(logs: Vec<OpenLog>) -> Merge {
        let next = logs.iter().enumerate().map(|(number, log)| Reverse((log.time(), number))).collect();
        Merge { logs, next, read: ReadBytes::default() }
    }

    /// The lines that come next; nothing at the end.
    ///
    /// # Errors
    /// [`UnreadableLog`]
    pub fn next(&mut self) -> Result<Option<LineChunk<'_>>, UnreadableLog> {
        let number = loop {
            let Some(Reverse((_, number))) = self.next.pop() else { return Ok(None) };
            let log = &mut self.logs[number];
            if log.is_ready() {
                break number;
            }
            // Only now its time is known for certain, and it may be another's turn.
            if log.fill(&self.read)? {
                self.next.push(Reverse((log.time(), number)));
            }
        };
        let rival = self.next.peek().map(|Reverse(next)| *next);
        let before = rival.map(|rival| move |time: Moment| (Some(time), number) < rival);
        let log = &mut self.logs[number];
        let taken = log.take(before);
        self.next.push(Reverse((log.time(), number)));
        Ok(Some(LineChunk { log: number, end: log.read_bytes, lines: log.text(taken) }))
    }

    /// How many bytes of all files are read.
    pub fn read_bytes(&self) -> u64 {
        self.read.get()
    }

    /// All logs.
    pub fn logs(&self) -> &[OpenLog] {
        &self.logs
    }
}
