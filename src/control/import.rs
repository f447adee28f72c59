//! In: the lines of logs, from a program beside the server. Out: an import in the server's collector, and what became of it.
//! Forgets: the lines.
//!
//! After the command line has been answered, the beginning of each log follows with its length; the answer says from where
//! the log is to be sent. Then come chunks of whole lines until the last one, which names no log, and the answer to that
//! is the summary. One that stands for no log holds the beginning of a further log, of one that follows another when logs are
//! rotated. A sender that goes away ends the import: what it sent is stored.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Command, Refused, socket};
use crate::collector::Collector;
use crate::import::{Import, ImportError, Manner, Start, Summary};
use crate::limits;
use crate::meter::FailureKind;

/// What stands in the place of a log's number in the last chunk.
const END: u32 = u32::MAX;
/// The same in a chunk that is the beginning of a further log.
const OPEN: u32 = u32::MAX - 1;
/// The same in a chunk that only says that there is nothing new.
const WAITING: u32 = u32::MAX - 2;

/// What takes the lines: an import in this program or one in the running server.
#[derive(Debug)]
pub enum Intake {
    /// Here.
    Here(Box<Import>),
    /// In the server.
    There(ImportWire),
}

/// A connection to the server.
#[derive(Debug)]
pub struct ImportWire {
    chunks: BufWriter<UnixStream>,
    answers: BufReader<UnixStream>,
}

impl Intake {
    /// An import in the server of a data folder; nothing if none is running there.
    ///
    /// # Errors
    /// The server refuses it.
    pub fn there(path: &Path, site: &str, logs: usize, manner: &Manner) -> Option<Result<Intake, Refused>> {
        let stream = socket::connect(path)?;
        let begin = || -> io::Result<Result<ImportWire, Refused>> {
            let mut wire = ImportWire {
                answers: BufReader::new(stream.try_clone()?),
                chunks: BufWriter::with_capacity(limits::LOG_CHUNK_BYTES, stream),
            };
            send(&mut wire.chunks, &Command::Import { site: site.to_owned(), logs, manner: manner.clone() })?;
            Ok(receive::<()>(&mut wire.answers)?.map(|()| wire))
        };
        Some(begin().unwrap_or_else(|error| Err(gone(&error))).map(Intake::There))
    }

    /// Hands over the beginning of the next log, as [`Import::open`].
    ///
    /// # Errors
    /// [`Refused`]
    pub fn open(&mut self, head: &[u8]) -> Result<Start, Refused> {
        match self {
            Intake::Here(import) => Ok(import.open(head)),
            Intake::There(wire) => wire.open(head).unwrap_or_else(|error| Err(gone(&error))),
        }
    }

    /// Hands over the beginning of a log that came after all others.
    ///
    /// # Errors
    /// [`Refused`]
    pub fn open_next(&mut self, head: &[u8]) -> Result<Start, Refused> {
        match self {
            Intake::Here(import) => Ok(import.open(head)),
            Intake::There(wire) => {
                let sent = chunk(&mut wire.chunks, OPEN, 0, head).and_then(|()| wire.chunks.flush());
                sent.and_then(|()| receive(&mut wire.answers)).unwrap_or_else(|error| Err(gone(&error)))
            }
        }
    }

    /// Sees to it that all lines are on their way; `is_idle` says that there were none.
    ///
    /// # Errors
    /// [`Refused`]
    pub fn push(&mut self, is_idle: bool) -> Result<(), Refused> {
        let Intake::There(wire) = self else { return Ok(()) };
        let sent = if is_idle { chunk(&mut wire.chunks, WAITING, 0, b"") } else { Ok(()) };
        // A server that stopped listening has said why.
        let sent = sent.and_then(|()| wire.chunks.flush());
        sent.or_else(|error| receive::<Summary>(&mut wire.answers).map_err(|_| gone(&error))?.map(|_| ()))
    }

    /// Hands over whole lines of a log, as [`Import::take`].
    ///
    /// # Errors
    /// [`Refused`]
    pub fn take(&mut self, log: usize, end: u64, lines: &[u8]) -> Result<(), Refused> {
        match self {
            Intake::Here(import) => Ok(import.take(log, end, lines)?),
            Intake::There(wire) => {
                let sent = chunk(&mut wire.chunks, log as u32, end, lines);
                // A server that stopped listening has said why.
                sent.or_else(|error| receive::<Summary>(&mut wire.answers).map_err(|_| gone(&error))?.map(|_| ()))
            }
        }
    }

    /// Ends the import.
    ///
    /// # Errors
    /// [`Refused`]
    pub fn finish(self) -> Result<Summary, Refused> {
        match self {
            Intake::Here(import) => Ok(import.finish()?),
            Intake::There(mut wire) => {
                let ended = chunk(&mut wire.chunks, END, 0, b"").and_then(|()| wire.chunks.flush());
                receive(&mut wire.answers).unwrap_or_else(|error| Err(gone(&ended.err().unwrap_or(error))))
            }
        }
    }
}

impl ImportWire {
    fn open(&mut self, head: &[u8]) -> io::Result<Result<Start, Refused>> {
        self.chunks.write_all(&(head.len() as u32).to_le_bytes())?;
        self.chunks.write_all(head)?;
        self.chunks.flush()?;
        receive(&mut self.answers)
    }
}

impl From<ImportError> for Refused {
    fn from(error: ImportError) -> Self {
        Refused(error.to_string())
    }
}

fn gone(error: &io::Error) -> Refused {
    Refused(format!("the running server went away ({error}); import again to go on where it stopped"))
}

/// Serves an import on a connection whose command line has been read.
pub(super) fn serve(
    stream: &UnixStream,
    collector: &Collector,
    site: &str,
    logs: usize,
    manner: Manner,
) -> io::Result<()> {
    let mut answers = stream;
    let begun = match logs {
        0..=limits::LOGS_MAX => Import::begin(collector, site, manner).map_err(|error| noted(error, collector)),
        _ => Err(Refused(format!("{logs} logs are too many at once; the most is {}", limits::LOGS_MAX))),
    };
    let mut import = match begun {
        Ok(import) => import,
        Err(refused) => return send(&mut answers, &Err::<(), _>(refused)),
    };
    send(&mut answers, &Ok::<(), Refused>(()))?;
    stream.set_read_timeout(Some(Duration::from_secs(limits::IMPORT_WAIT_S)))?;
    let mut lines = BufReader::with_capacity(limits::LOG_CHUNK_BYTES, stream);
    for _ in 0..logs {
        let start = import.open(&head(&mut lines)?);
        send(&mut answers, &Ok::<_, Refused>(start))?;
    }
    let summary = match take_all(&mut lines, &mut import, &mut answers) {
        Ok(()) => import.finish(),
        Err(error) => Err(error),
    };
    send(&mut answers, &summary.map_err(|error| noted(error, collector)))
}

/// What is said of an error; that the store failed is noted.
fn noted(error: ImportError, collector: &Collector) -> Refused {
    if matches!(error, ImportError::Store(_)) {
        collector.meter().failed(FailureKind::Command, "Import", &error);
    }
    error.into()
}

fn head(lines: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    lines.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > limits::LOG_HEAD_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut head = vec![0; length];
    lines.read_exact(&mut head)?;
    Ok(head)
}

/// Takes chunks until the last one, or until the sender is gone.
fn take_all(lines: &mut impl Read, import: &mut Import, answers: &mut impl Write) -> Result<(), ImportError> {
    let mut buffer = Vec::new();
    while let Ok((log, end)) = next(lines, &mut buffer) {
        match log {
            END => break,
            WAITING => {}
            OPEN => {
                let start = import.open(&buffer);
                // Who is gone sends nothing more either.
                if send(answers, &Ok::<_, Refused>(start)).is_err() {
                    break;
                }
            }
            log => import.take(log as usize, end, &buffer)?,
        }
    }
    Ok(())
}

fn next(lines: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<(u32, u64)> {
    let mut head = [0; 16];
    lines.read_exact(&mut head)?;
    let [l0, l1, l2, l3, n0, n1, n2, n3, end @ ..] = head;
    let length = u32::from_le_bytes([n0, n1, n2, n3]) as usize;
    if length > limits::LOG_CHUNK_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    buffer.resize(length, 0);
    lines.read_exact(buffer)?;
    Ok((u32::from_le_bytes([l0, l1, l2, l3]), u64::from_le_bytes(end)))
}

fn chunk(to: &mut impl Write, log: u32, end: u64, lines: &[u8]) -> io::Result<()> {
    to.write_all(&log.to_le_bytes())?;
    to.write_all(&(lines.len() as u32).to_le_bytes())?;
    to.write_all(&end.to_le_bytes())?;
    to.write_all(lines)
}

fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(message)?;
    text.push('\n');
    to.write_all(text.as_bytes())?;
    to.flush()
}

fn receive<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Result<T, Refused>> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_str(&line)?)
}
