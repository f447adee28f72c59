//! Starts WebKitGTK on a display in memory, and WebKitWebDriver.

use std::io::{BufRead, BufReader, Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::{fs, thread};

use serde_json::json;

use super::program::{Program, wait_until};
use super::{Driver, PAGE_JS};

/// A screen in memory, a driver on a free port, and a way to the hosts of the tests.
pub fn start(folder: &Path) -> Driver {
    let mut screen = Program::start(Command::new("Xvfb").args([
        "-displayfd",
        "1",
        "-nolisten",
        "tcp",
        "-screen",
        "0",
        "1400x1000x24",
    ]));
    let display = screen.says("").expect("Xvfb says which display it is");
    let script = folder.join("page.js");
    fs::write(&script, PAGE_JS).unwrap();
    let shell = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/driver/shell.py");
    let capabilities = json!({
        "proxy": {
            "proxyType": "manual", "httpProxy": format!("127.0.0.1:{}", hosts()), "noProxy": ["127.0.0.1", "localhost"],
        },
        "webkitgtk:browserOptions": {"binary": shell, "args": [folder, script]},
    });
    // It does not say which port it took, so it is told one that was free just now.
    let (program, port) = (0..5).find_map(|_| started(folder, &display)).expect("WebKitWebDriver finds a free port");
    Driver { screen: Some(screen), ..Driver::of(program, port, capabilities) }
}

fn started(folder: &Path, display: &str) -> Option<(Program, u16)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("WebKitWebDriver");
    command.arg(format!("--port={port}")).env("DISPLAY", format!(":{display}")).env("GDK_BACKEND", "x11");
    command.env_remove("WAYLAND_DISPLAY").env("HOME", folder).env("TMPDIR", folder).env("XDG_RUNTIME_DIR", folder);
    command.env("GSETTINGS_BACKEND", "memory").env("NO_AT_BRIDGE", "1");
    let mut program = Program::start(&mut command);
    wait_until(|| program.has_ended() || TcpStream::connect(("127.0.0.1", port)).is_ok());
    (!program.has_ended()).then_some((program, port))
}

/// A proxy that finds every host on this machine, as Chromium's and Firefox' own settings do. Returns its port; its thread
/// ends with the process.
fn hosts() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || pass(stream));
        }
    });
    port
}

/// Passes one request on, and its answer back.
fn pass(mut client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some((method, url)) = line.split_once(" http://") else { return Ok(()) };
    let (host, target) = url.split_once('/').unwrap_or_default();
    let port = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(80);
    let mut head = format!("{method} /{target}connection: close\r\n");
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head.push_str(&line);
        }
        if line.trim_end().is_empty() {
            break;
        }
    }
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    server.write_all(head.as_bytes())?;
    let (mut body, mut answer) = (server.try_clone()?, server.try_clone()?);
    thread::spawn(move || copy(&mut reader.by_ref(), &mut body));
    copy(&mut answer, &mut client)?;
    server.shutdown(Shutdown::Both)?;
    client.shutdown(Shutdown::Both)
}
