//! Standard streams that nobody reads, and the signals of terminals and of operators.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::operators::unset;
use crate::program::Program;

/// A pipe that nobody reads.
fn broken_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full_disk() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

#[test]
fn a_log_that_nobody_takes_ends_nothing_and_is_counted() {
    for stream in [broken_pipe, full_disk] {
        let mut program = Program::behind("exec \"$@\"", &[], |command| {
            command.stderr(stream()).stdout(stream());
        });
        program.count("/a");
        let health = program.health();
        assert!(health["log_lines_lost"].as_u64() > Some(0), "{health}");
        assert!(program.metric("headcount_log_lines_lost_total") > 0);
        program.signal(Signal::TERM);
        assert!(program.end().0.success(), "it stores what it has, and ends well");
    }
}

#[test]
fn a_log_whose_reader_stands_still_holds_nobody_up() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    // The pipe is as good as full.
    rustix::pipe::fcntl_setpipe_size(&writer, 4_096).unwrap();
    std::io::Write::write_all(&mut writer, &[b'x'; 4_000]).unwrap();
    let mut program = Program::behind("exec \"$@\"", &[], |command| {
        command.stderr(writer);
    });
    program.count("/a");
    program.signal(Signal::TERM);
    assert!(program.end().0.success());
    drop(reader);
}

#[test]
fn an_answer_that_can_not_be_written_is_a_failure() {
    let command = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
        unset(&mut command);
        command.args(["reference", "sites"]).stdout(stdout).stderr(Stdio::piped()).output().unwrap()
    };
    let full = command(full_disk());
    assert_eq!(full.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&full.stderr).contains("the answer can't be written"));
    assert!(command(broken_pipe()).status.success(), "who closes a pipe has seen enough");
}

#[test]
fn a_hang_up_that_is_ignored_stays_ignored() {
    let mut program = Program::behind("trap '' HUP; exec \"$@\"", &[], |_| {});
    program.signal(Signal::HUP);
    program.count("/a");
    assert!(program.runs() && !program.log().contains("configuration"), "{}", program.log());
}

#[test]
fn a_hang_up_has_the_configuration_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("headcount.toml");
    fs::write(&file, "trusted_proxies = '192.0.2.0/24'\n").unwrap();
    let mut program = Program::behind("exec \"$@\"", &["--config", file.to_str().unwrap()], |_| {});
    // The tracker's answer to who asks for their address.
    let address = || {
        program.ask(
            "POST /api/event HTTP/1.1\r\nhost: h\r\nx-forwarded-for: 203.0.113.7\r\nx-debug-request: true\r\n\
             connection: close\r\ncontent-length: 0\r\n\r\n",
        )
    };
    assert!(address().ends_with("127.0.0.1"), "{}", address());
    let reload = |text: &str, said: &str| {
        fs::write(&file, text).unwrap();
        program.signal(Signal::HUP);
        program.until(|| program.log().contains(said).then_some(()));
    };
    reload("trusted_proxies = 'loopback'\nlog = 'json'\n", "these keys act when the program is started again");
    assert!(address().ends_with("203.0.113.7") && program.log().contains("log"), "{}", program.log());
    reload("trusted_proxys = ''\n", "the configuration is wrong");
    assert!(address().ends_with("203.0.113.7"), "the one before stays in use");
    fs::write(&file, "trusted_proxies = '192.0.2.0/24'\n").unwrap();
    program.signal(Signal::HUP);
    program.until(|| address().ends_with("127.0.0.1").then_some(()));
    assert!(program.runs());
}
