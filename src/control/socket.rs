//! Commands and their replies as lines of JSON, for programs that may open the data folder.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Command, Refused, Reply, import, run};
use crate::collector::Collector;
use crate::limits;
use crate::meter::{FailureKind, panics};

/// A socket that takes commands as long as the value lives. Then its file is removed, and nothing of it holds the collector.
#[derive(Debug)]
pub struct CommandSocket {
    path: PathBuf,
    /// Which file it is.
    id: Option<(u64, u64)>,
    has_ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl CommandSocket {
    /// Whether its path leads to it.
    pub fn is_in_place(&self) -> bool {
        self.id == id_of(&self.path)
    }
}

fn id_of(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

impl Drop for CommandSocket {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::SeqCst);
        // Another's, or one that was removed and hears nothing more.
        if !self.is_in_place() {
            return;
        }
        // Whoever waits for a connection looks at that when one comes.
        let wakes = connect(&self.path).is_some();
        let _ = fs::remove_file(&self.path);
        if let Some(thread) = self.thread.take().filter(|_| wakes) {
            let _ = thread.join();
        }
    }
}

/// Listens on the socket of a data folder and serves commands on a thread of its own.
///
/// # Errors
/// The socket can't be made.
pub fn listen(path: &Path, collector: Collector, base_url: String) -> io::Result<CommandSocket> {
    // Whoever holds the folder's lock may take away what a killed server left.
    let _ = fs::remove_file(path);
    let listener = with_short(path, |short| UnixListener::bind(short))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let has_ended = Arc::new(AtomicBool::new(false));
    let ended = has_ended.clone();
    let thread = std::thread::spawn(move || accept(&listener, &collector, &base_url, &ended));
    Ok(CommandSocket { path: path.to_owned(), id: id_of(path), has_ended, thread: Some(thread) })
}

fn accept(listener: &UnixListener, collector: &Collector, base_url: &str, has_ended: &AtomicBool) {
    for stream in listener.incoming() {
        if has_ended.load(Ordering::SeqCst) {
            return;
        }
        match stream {
            Ok(stream) => {
                let (of_command, base_url) = (collector.clone(), base_url.to_owned());
                // One that sends nothing must not keep the others waiting.
                let begun = std::thread::Builder::new().spawn(move || {
                    if let Err(place) = panics::caught(|| serve(&stream, &of_command, &base_url)) {
                        of_command.meter().failed(FailureKind::Command, "a command on the socket", place);
                    }
                });
                if let Err(error) = begun {
                    collector.meter().failed(FailureKind::Socket, "a thread for a command", error);
                }
            }
            // Out of descriptors, most likely: closing connections will free some.
            Err(error) => {
                collector.meter().failed(FailureKind::Socket, "accept", error);
                std::thread::sleep(Duration::from_millis(limits::ACCEPT_PAUSE_MS_MAX));
            }
        }
    }
}

/// Serves one command. A program that goes away in the middle is no event of ours.
fn serve(mut stream: &UnixStream, collector: &Collector, base_url: &str) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(limits::HEAD_WAIT_S))).ok()?;
    let mut line = String::new();
    BufReader::new(stream.take(limits::QUERY_BYTES_MAX as u64)).read_line(&mut line).ok()?;
    let reply = match serde_json::from_str::<Command>(&line) {
        Ok(Command::Import { site, logs, manner }) => {
            return import::serve(stream, collector, &site, logs, manner).ok();
        }
        Ok(command) => run(command, collector, base_url),
        Err(_) => Err(Refused("the running server does not know this command; it may be of another version".into())),
    };
    let mut text = serde_json::to_string(&reply).ok()?;
    text.push('\n');
    stream.write_all(text.as_bytes()).ok()
}

/// Sends a command to the server of a data folder. Nothing if none is running there.
pub fn call(path: &Path, command: &Command) -> Option<io::Result<Result<Reply, Refused>>> {
    call_patiently(path, command, || {})
}

/// The same; `waits` is called now and then as long as the server does not answer.
pub fn call_patiently(path: &Path, command: &Command, waits: impl Fn()) -> Option<io::Result<Result<Reply, Refused>>> {
    Some(exchange(&connect(path)?, command, waits))
}

/// A connection to the server of a data folder. Nothing if none is running there.
pub(super) fn connect(path: &Path) -> Option<UnixStream> {
    with_short(path, |short| UnixStream::connect(short)).ok()
}

fn exchange(mut stream: &UnixStream, command: &Command, waits: impl Fn()) -> io::Result<Result<Reply, Refused>> {
    let mut text = serde_json::to_string(command)?;
    text.push('\n');
    stream.write_all(text.as_bytes())?;
    stream.set_read_timeout(Some(Duration::from_secs(limits::ANSWER_TOLD_S)))?;
    let (mut line, mut reader, begun) = (String::new(), BufReader::new(stream), Instant::now());
    loop {
        match reader.read_line(&mut line) {
            Ok(_) => return Ok(serde_json::from_str(&line)?),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if begun.elapsed().as_secs() >= limits::ANSWER_WAIT_S {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                waits();
            }
            Err(error) => return Err(error),
        }
    }
}

/// Calls `work` with the path, or with a short one through the folder's descriptor where the path is too long.
fn with_short<T>(path: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if path.as_os_str().len() <= limits::SOCKET_PATH_BYTES_MAX {
        return work(path);
    }
    let folder = fs::File::open(path.parent().unwrap_or(Path::new(".")))?;
    let name = path.file_name().unwrap_or_default();
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    work(&short)
}
