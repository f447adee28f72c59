//! The real program as a child, with streams, limits and signals as a test likes them.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;
use tempfile::TempDir;

use crate::operators::{NOW, unset};

/// Longer than anything takes here.
const LONGEST: Duration = Duration::from_secs(30);

/// A program that counts example.com.
pub struct Program {
    folder: TempDir,
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts it behind a line for `sh`, whose `$@` it is, such as `exec "$@"`.
    pub fn behind(line: &str, options: &[&str], stdio: impl FnOnce(&mut Command)) -> Program {
        Program::in_folder(tempfile::tempdir().unwrap(), line, options, stdio)
    }

    /// Starts another on the same folder, once this one has ended.
    pub fn again(mut self, options: &[&str], stdio: impl FnOnce(&mut Command)) -> Program {
        assert!(!self.runs(), "it runs");
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Program::in_folder(folder, "exec \"$@\"", options, stdio)
    }

    fn in_folder(folder: TempDir, line: &str, options: &[&str], stdio: impl FnOnce(&mut Command)) -> Program {
        // Nobody else takes it between now and then, as a rule.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", line, "sh", env!("CARGO_BIN_EXE_headcount"), "--now", NOW, "serve"]);
        command.args(["--site", "example.com", "--listen", &address.to_string(), "--data"]).arg(folder.path());
        command.args(options).stdout(Stdio::null()).stdin(Stdio::null());
        unset(&mut command);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        command.env("HEADCOUNT_JOURNAL", "off").stderr(log);
        stdio(&mut command);
        let program = Program { child: command.spawn().unwrap(), folder, address };
        program.until(|| TcpStream::connect(address).ok());
        program
    }

    /// Starts it.
    pub fn start() -> Program {
        Program::behind("exec \"$@\"", &[], |_| {})
    }

    /// Looks until something is seen.
    pub fn until<T>(&self, look: impl Fn() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(seen) = look() {
                return seen;
            }
            assert!(begun.elapsed() < LONGEST, "it is never seen: {}", self.log());
            thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Limits how large the files may be that it writes.
    pub fn limit_files(&self, bytes: u64) {
        let limit = Rlimit { current: Some(bytes), maximum: None };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).unwrap();
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A connection.
    pub fn connect(&self) -> TcpStream {
        timed(TcpStream::connect(self.address).unwrap())
    }

    /// A connection from another address of this machine.
    pub fn connect_from(&self, address: IpAddr) -> TcpStream {
        use rustix::net;
        let socket = net::socket(net::AddressFamily::INET, net::SocketType::STREAM, None).unwrap();
        net::bind(&socket, &SocketAddr::new(address, 0)).unwrap();
        net::connect(&socket, &self.address).unwrap();
        timed(TcpStream::from(socket))
    }

    /// A request on a connection of its own, and its whole answer.
    pub fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        rest_of(&mut stream)
    }

    /// Counts a pageview.
    pub fn count(&self, page: &str) {
        let answer = self.ask(&pageview(page, "connection: close\r\n"));
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }

    /// What `/health` says.
    pub fn health(&self) -> Value {
        let answer = self.ask("GET /health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    }

    /// What `/metrics` says of a counter.
    pub fn metric(&self, name: &str) -> u64 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
        unset(&mut command);
        command.args(["--now", NOW, "token", "create", "--scope", "admin", "--data"]).arg(self.folder.path());
        let token = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let token = token.split_whitespace().last().unwrap_or_default();
        let answer = self.ask(&format!(
            "GET /metrics HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        ));
        let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name}: {answer}")).trim().parse().unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end, and tells how long that took.
    pub fn end(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, begun.elapsed());
            }
            assert!(begun.elapsed() < LONGEST, "it does not end: {}", self.log());
            thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn timed(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    stream
}

/// What still comes on a connection.
pub fn rest_of(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    assert!(read.is_ok() || !answer.is_empty(), "{read:?}");
    String::from_utf8_lossy(&answer).into_owned()
}

/// One answer on a connection that goes on; that a body is waited for is none.
pub fn answer_of(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&answer));
        answer.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    if head.starts_with("http/1.1 100") {
        return answer_of(stream);
    }
    let (_, length) = head.split_once("content-length: ").unwrap_or_else(|| panic!("{head}"));
    let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    answer.extend(body);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A pageview as the tracker sends it.
pub fn pageview(page: &str, headers: &str) -> String {
    let body = format!(r#"{{"n":"pageview","u":"https://example.com{page}","d":"example.com"}}"#);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    format!(
        "POST /api/event HTTP/1.1\r\nhost: h\r\nuser-agent: {agent}\r\nx-forwarded-for: 203.0.113.7\r\n{headers}\
         content-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
