//! In: a log that is still written to. Out: its lines as they come, and those of the log that takes its place when it is rotated.
//! Forgets: what was handed over.
//!
//! A log is rotated when another file stands under its name, or when it has become shorter. The old one is read to its end
//! before the new one is begun.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use memchr::memrchr;
use tokio::runtime::Runtime;

use super::super::output;
use super::super::signals::Stop;
use super::log::OpenLog;
use crate::control::Refused;
use crate::control::import::Intake;
use crate::limits;

/// A file that grows.
struct Growing {
    file: File,
    inode: u64,
    /// Number of the log in the import; nothing until its first line is there.
    log: Option<usize>,
    /// Where the next line begins.
    at: u64,
}

/// Hands over the lines of the last log until somebody asks to stop.
pub fn follow(logs: &[OpenLog], intake: &mut Intake) -> Result<(), Refused> {
    let last = logs.last().and_then(|log| Some((log, log.path()?)));
    let Some((log, path)) = last else {
        return Err(Refused("standard input can't be followed; name the file".into()));
    };
    let refused = |error: io::Error| Refused(format!("{} can't be read: {error}", path.display()));
    let runtime = Runtime::new().map_err(refused)?;
    let stop = Stop::by_signal(&runtime).map_err(|error| Refused(error.to_string()))?;
    output::remark(format_args!("following {}; Ctrl-C ends it\n", path.display()));
    let mut growing = Growing::at(path, log.read_bytes).map_err(refused)?;
    // A log without a line yet could not be told from others.
    growing.log = (log.read_bytes > 0).then_some(logs.len() - 1);
    let mut next_log = logs.len();
    while !stop.is_asked() {
        let read = growing.read(intake, &mut next_log)?.map_err(refused)?;
        intake.push(read == 0)?;
        if read == 0 {
            if growing.is_rotated(path) {
                // What came between the last look and the rotation.
                growing.read(intake, &mut next_log)?.map_err(refused)?;
                // The new one may not be there yet.
                growing = Growing::at(path, 0).unwrap_or(growing);
            }
            std::thread::sleep(Duration::from_millis(limits::FOLLOW_MS));
        }
    }
    Ok(())
}

impl Growing {
    fn at(path: &Path, at: u64) -> io::Result<Growing> {
        let file = File::open(path)?;
        let inode = file.metadata()?.ino();
        Ok(Growing { file, inode, log: None, at })
    }

    /// Hands over what was written since, as far as its lines are whole, a chunk at most. Says how much that was.
    fn read(&mut self, intake: &mut Intake, next_log: &mut usize) -> Result<io::Result<usize>, Refused> {
        let chunk = match self.chunk() {
            Ok(chunk) => chunk,
            Err(error) => return Ok(Err(error)),
        };
        if chunk.is_empty() {
            return Ok(Ok(0));
        }
        let log = match self.log {
            Some(log) => log,
            None => {
                intake.open_next(&chunk[..chunk.len().min(limits::LOG_HEAD_BYTES)])?;
                *next_log += 1;
                *self.log.insert(*next_log - 1)
            }
        };
        self.at += chunk.len() as u64;
        intake.take(log, self.at, &chunk)?;
        Ok(Ok(chunk.len()))
    }

    fn chunk(&mut self) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        (&mut self.file).take(limits::LOG_CHUNK_BYTES as u64).read_to_end(&mut bytes)?;
        let is_full = bytes.len() == limits::LOG_CHUNK_BYTES;
        match memrchr(b'\n', &bytes) {
            Some(end) => bytes.truncate(end + 1),
            // A line longer than any that is read; its pieces are no lines either.
            None if is_full => {}
            None => bytes.clear(),
        }
        Ok(bytes)
    }

    fn is_rotated(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|meta| meta.ino() != self.inode || meta.len() < self.at)
    }
}
