//! Reads a password from the terminal, unseen, or from standard input.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::CliFailure;
use crate::limits;
use crate::secret::password::Password;

/// What Ctrl-C sends while signals are off.
const CTRL_C: char = '\u{3}';

/// Reads a password: from the first line of standard input if asked to, else twice from the terminal.
pub fn read(from_stdin: bool) -> Result<Password, CliFailure> {
    if from_stdin {
        return Ok(Password::from(line()?));
    }
    if !io::stdin().is_terminal() {
        let sentence = "standard input is no terminal; write --password-stdin to read the password from there";
        return Err(CliFailure::Misuse(sentence.into()));
    }
    let (first, again) = (asked("Password: ")?, asked("Once more: ")?);
    if first != again {
        return Err(CliFailure::Failed("the two passwords differ; nothing was changed".into()));
    }
    Ok(first)
}

fn asked(prompt: &str) -> Result<Password, CliFailure> {
    let mut terminal = io::stderr();
    let _ = write!(terminal, "{prompt}").and_then(|()| terminal.flush());
    let unseen = Unseen::begin();
    let typed = line();
    drop(unseen);
    let _ = writeln!(terminal);
    let typed = typed?;
    if typed.contains(CTRL_C) {
        return Err(CliFailure::Failed("nothing was changed".into()));
    }
    Ok(Password::from(typed))
}

fn line() -> Result<String, CliFailure> {
    let mut text = String::new();
    let read = io::Read::take(io::stdin().lock(), limits::PASSWORD_BYTES_MAX as u64 + 3).read_line(&mut text);
    read.map_err(|error| CliFailure::Failed(format!("the password can't be read: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// A terminal that shows nothing of what is typed, until the value is dropped. Ctrl-C is read as a letter meanwhile, because a
/// program that is killed leaves the terminal as it is.
struct Unseen(Option<Termios>);

impl Unseen {
    fn begin() -> Unseen {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut unseen = before.clone();
            unseen.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &unseen);
        }
        Unseen(before)
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}
