//! Starts a program that a browser needs beside it, and stops it in the end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often, and after how many milliseconds each time, somebody looks whether a program is ready.
const TRIES: u32 = 1_200;
const PAUSE_MS: u64 = 25;

/// A running program. It ends when this is dropped.
pub struct Program {
    process: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Starts a program; all that it writes is kept.
    pub fn start(command: &mut Command) -> Program {
        // Pages and beacons tell the zone and the language of a browser: not those of the machine.
        command.env("TZ", "Etc/UTC").env("LC_ALL", "C.UTF-8").env("LANGUAGE", "en_US");
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap_or_else(|e| {
                panic!("{:?} does not start: {e}; run tests/run, which installs it", command.get_program())
            });
        let lines = Arc::default();
        listen(process.stdout.take().unwrap(), &lines);
        listen(process.stderr.take().unwrap(), &lines);
        Program { process, lines }
    }

    /// Waits until a line has this in it, and returns what follows it; nothing if the program ends before.
    pub fn says(&mut self, text: &str) -> Option<String> {
        let mut found = None;
        wait_until(|| {
            found = self.lines.lock().unwrap().iter().find_map(|line| Some(line.split_once(text)?.1.to_owned()));
            found.is_some() || self.has_ended()
        });
        found
    }

    /// The lines since it was asked last.
    pub fn said(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Keeps lines as they come, in a thread that ends with what it reads.
fn listen(from: impl Read + Send + 'static, into: &Arc<Mutex<Vec<String>>>) {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            into.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
        }
    });
}

/// Looks again and again, half a minute at most; whether it came true.
pub fn wait_until(mut done: impl FnMut() -> bool) -> bool {
    (0..TRIES).any(|_| {
        let is_done = done();
        if !is_done {
            std::thread::sleep(Duration::from_millis(PAUSE_MS));
        }
        is_done
    })
}
