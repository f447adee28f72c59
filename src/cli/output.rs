//! In: what is to be read at a terminal or by a script. Out: the same on standard output or standard error. Forgets: what nobody takes.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to standard output. What nobody reads must not stop the program that goes on after it.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Writes to standard error, as [`say`] does.
pub fn remark(text: impl Display) {
    let _ = write!(io::stderr(), "{text}");
}

/// Writes what a command was asked for.
///
/// # Errors
/// It could not be written. A reader that closes the pipe early has seen enough.
pub fn answer(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
