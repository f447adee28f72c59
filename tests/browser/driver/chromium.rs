//! Starts a headless Chromium and its driver.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::Driver;

/// What the browser calls itself. Its own name holds `HeadlessChrome`, which is a bot.
pub const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.7813.92 Safari/537.36";

/// Quiet, in memory, and with the hosts of the tests on this machine.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
    "--host-resolver-rules=MAP *.example.test 127.0.0.1, MAP example.com 127.0.0.1",
];

/// Hides from pages that a program is at the wheel.
pub const HIDDEN: &str = "--disable-blink-features=AutomationControlled";

/// With further flags and settings of the profile.
pub fn start(folder: &Path, more: &[&str], settings: &Value) -> Driver {
    let mut flags: Vec<String> = FLAGS.iter().chain(more).map(|flag| (*flag).to_owned()).collect();
    flags.push(format!("--user-agent={AGENT}"));
    flags.push(format!("--user-data-dir={}", folder.display()));
    let capabilities = json!({
        "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": flags, "prefs": settings},
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    let mut command = Command::new("/usr/bin/chromedriver");
    // What both leave behind goes with the profile.
    command.arg("--port=0").env("TMPDIR", folder);
    Driver::started(&mut command, "started successfully on port ", capabilities)
}

/// Ends a driver, and with it a browser that could not be closed.
pub fn end(port: u16) {
    let _ = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
        stream.write_all(b"GET /shutdown HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.read_to_end(&mut Vec::new())
    });
}
