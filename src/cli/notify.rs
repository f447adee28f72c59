//! What the service manager is told, where it asks for it by `$NOTIFY_SOCKET`: `sd_notify(3)` of systemd.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Whether somebody wants to be told.
pub fn is_wanted() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty())
}

/// Tells that requests are answered.
pub fn ready() {
    tell("READY=1");
}

/// Tells that the program is ending, and how many seconds it may take from now on.
pub fn stopping(seconds: u64) {
    tell(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={}", seconds.saturating_mul(1_000_000)));
}

fn tell(what: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else { return };
    if let Err(error) = send(&socket, what) {
        tracing::warn!(%error, "the service manager can't be told at $NOTIFY_SOCKET");
    }
}

fn send(socket: &OsStr, what: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(what.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_of_a_path_or_of_a_name_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (path, name) = (folder.path().join("notify"), format!("headcount-test-{}", std::process::id()));
        let of_name = SocketAddr::from_abstract_name(&name).unwrap();
        let sockets = [UnixDatagram::bind(&path), UnixDatagram::bind_addr(&of_name)].map(Result::unwrap);
        for (socket, address) in sockets.iter().zip([path.as_os_str(), format!("@{name}").as_ref()]) {
            send(address, "READY=1").unwrap();
            let mut bytes = [0; 20];
            let length = socket.recv(&mut bytes).unwrap();
            assert_eq!(&bytes[..length], b"READY=1");
        }
        assert!(send(folder.path().join("none").as_os_str(), "READY=1").is_err());
    }
}
