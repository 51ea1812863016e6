//! The command is interrupted, or nobody reads its output any more.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{CALCULATOR, GOPLUG, goplug, installed, listed};

/// A command whose output is read, and its first line.
fn begun(mut command: Command) -> (Child, BufReader<ChildStdout>, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    (child, output, line)
}

/// Ctrl-C, what `kill` and service managers send, and a terminal that closes.
const SIGNALS: [&str; 3] = ["-INT", "-TERM", "-HUP"];

#[test]
fn a_signal_ends_what_was_started_and_is_a_status() {
    for signal in SIGNALS {
        let (folder, temp) = (installed(), tempfile::tempdir().unwrap());
        let mut command = goplug(folder.path());
        command.env("TMPDIR", temp.path());
        command.args(["call", "math.Calculator", "count", "to=1000000000000"]);
        let (child, output, first) = begun(command);
        assert_eq!(first, "1\n");
        let process = listed(folder.path())["processes"][0].clone();
        assert_eq!(process["host"], child.id());
        let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        // The pipe has to be drained: the command must not wait for its reader.
        let reading = std::thread::spawn(move || output.lines().count());
        let ended = child.wait_with_output().unwrap();
        reading.join().unwrap();
        assert_eq!(ended.status.code(), Some(130), "{signal} {ended:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "goplug: interrupted\n");
        assert_eq!(listed(folder.path())["state"], "found");
        assert_eq!(temp.path().read_dir().unwrap().count(), 0, "{signal}");
    }
}

#[test]
fn a_signal_takes_back_what_an_install_has_begun() {
    for signal in SIGNALS {
        let folder = tempfile::tempdir().unwrap();
        let (plugins, started) = (folder.path().join("plugins"), folder.path().join("started"));
        let script = folder.path().join("hangs");
        let text = format!("#!/bin/sh\ntouch {}; exec sleep 1000\n", started.display());
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = goplug(&plugins);
        command.env("TMPDIR", folder.path()).arg("install").arg(&script);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        while !started.exists() {}
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130), "{signal} {ended:?}");
        assert_eq!(plugins.read_dir().unwrap().count(), 0, "{signal}");
        while !processes_of(folder.path()).is_empty() {}
    }
}

#[test]
fn a_closed_output_ends_the_command_quietly() {
    let folder = installed();
    for words in [
        &["call", "math.Calculator", "count", "to=1000000000000"][..],
        &["call", "math.Calculator", "count", "to=1000000000000", "--json"],
    ] {
        let mut command = goplug(folder.path());
        command.args(words);
        let (child, output, _) = begun(command);
        drop(output);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert_eq!(ended.status.signal(), None);
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    }
}

#[test]
fn an_interrupt_ends_a_call_that_reads_its_arguments() {
    let folder = installed();
    for words in [
        &["call", "math.Calculator", "greet", "name=@-"][..],
        &["call", "math.Calculator", "sum", "numbers=@-"],
        &["call", "math.Calculator", "add", "--args-file", "-"],
    ] {
        let mut command = goplug(folder.path());
        command.args(words).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _open = child.stdin.take();
        // It catches the signal from the time on when it has begun to read.
        let status = format!("/proc/{}/status", child.id());
        let catches = || {
            let status = std::fs::read_to_string(&status).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            u64::from_str_radix(caught.trim(), 16).unwrap() & 2 != 0
        };
        while !catches() {}
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130), "{words:?} {ended:?}");
    }
}

#[test]
fn a_program_that_hangs_is_ended_with_what_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let (script, started) = (folder.path().join("hangs"), folder.path().join("started"));
    std::fs::write(
        &script,
        format!(
            "#!/bin/sh\nsleep 1000 & echo $! >{0}.new; mv {0}.new {0}; wait\n",
            started.display()
        ),
    )
    .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = goplug(folder.path());
    let child = command.arg("describe").arg(&script).stderr(Stdio::piped()).spawn().unwrap();
    while !started.exists() {}
    let sleeping: u32 = std::fs::read_to_string(&started).unwrap().trim().parse().unwrap();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    let state = || std::fs::read_to_string(format!("/proc/{sleeping}/stat")).unwrap_or_default();
    // Nobody may reap it here, but it runs no more.
    while !(state().is_empty() || state().contains(") Z ")) {}
}

/// The processes whose temporary files are in this folder.
fn processes_of(folder: &Path) -> Vec<u32> {
    let variable = format!("TMPDIR={}", folder.display());
    let has_it = |process: &u32| {
        // Those that have ended, and are not reaped yet, have no environment.
        let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(variable.as_bytes()))
    };
    let entries = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    entries.filter_map(|name| name.to_str()?.parse().ok()).filter(has_it).collect()
}

#[test]
fn an_interrupt_ends_all_cases_and_what_they_have_started() {
    let host = ["call", "--dir", "{}", "conformance.Probe", "add", "a=2", "b=3"];
    let tried = [
        (vec!["--filter", "stop/", "--filter", "start/", "--", CALCULATOR], 3),
        // These plugins heed nothing but a signal that nobody can ignore.
        ([&["--host", "--filter", "host/stays", "--", GOPLUG], &host[..]].concat(), 2),
    ];
    for (words, count) in tried {
        let folder = tempfile::tempdir().unwrap();
        let mut command = goplug(folder.path());
        command.env("TMPDIR", folder.path()).args(["conformance", "--jobs", "4"]).args(&words);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        // The command is one of them.
        while processes_of(folder.path()).len() <= count {}
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130), "{words:?} {ended:?}");
        while !processes_of(folder.path()).is_empty() {}
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "{words:?}");
    }
}
