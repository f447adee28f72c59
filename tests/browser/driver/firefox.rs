//! Starts a headless Firefox and geckodriver.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{Driver, PAGE_JS};

/// An add-on whose script runs at the head of every page.
const MANIFEST: &str = r#"{
  "manifest_version": 2, "name": "As people have it", "version": "1",
  "content_scripts": [{
    "matches": ["<all_urls>"], "js": ["page.js"], "world": "MAIN",
    "run_at": "document_start", "all_frames": true, "match_about_blank": true
  }]
}"#;

/// Quiet: asks nobody anything, and finds every host on this machine.
pub fn start(folder: &Path) -> Driver {
    let preferences = json!({
        "network.dns.forceResolve": "127.0.0.1",
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "dom.security.https_first": false,
        "app.update.auto": false,
        "app.normandy.enabled": false,
        "browser.backup.enabled": false,
        "browser.shell.checkDefaultBrowser": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "toolkit.telemetry.enabled": false,
        "extensions.update.enabled": false,
        "messaging-system.rsexperimentloader.enabled": false,
        "nimbus.debug": false,
        "intl.accept_languages": "en-US, en",
        "dom.ipc.processPrelaunch.enabled": false,
        // What pages write into the console goes to the standard output, which is the driver's.
        "devtools.console.stdout.content": true,
    });
    let capabilities = json!({
        "moz:firefoxOptions": {"binary": "/usr/bin/firefox-esr", "args": ["-headless"], "prefs": preferences},
    });
    let mut command = Command::new(driver());
    command.args(["--port=0", "--websocket-port=0", "--allow-system-access"]);
    command.env("HOME", folder).env("TMPDIR", folder);
    Driver::started(&mut command, "Listening on 127.0.0.1:", capabilities)
}

/// The add-on as a folder.
pub fn addon(folder: &Path) -> PathBuf {
    let addon = folder.join("addon");
    fs::create_dir(&addon).unwrap();
    fs::write(addon.join("manifest.json"), MANIFEST).unwrap();
    fs::write(addon.join("page.js"), PAGE_JS).unwrap();
    addon
}

/// The driver of the machine, or the one that `tests/run` has built.
fn driver() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/geckodriver");
    if built.exists() { built } else { "geckodriver".into() }
}
