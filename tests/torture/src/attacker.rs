//! A plugin that attacks its host and the machine, each time in the way that it is told.

use std::io;
use std::net::TcpStream;
use std::process::Command;

#[cfg(target_os = "linux")]
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

/// Attacks on request.
#[goplug::plugin(namespace = "torture")]
pub(crate) struct Attacker;

/// An attack on a target. What it has reached, or the error that has refused it.
type Attack = fn(&str) -> io::Result<String>;

const ATTACKS: &[(&str, Attack)] = &[
    ("read", |path| std::fs::read_to_string(path)),
    ("write", |path| std::fs::write(path, "theirs").map(|()| "it is written".into())),
    ("remove", |path| std::fs::remove_file(path).map(|()| "it is removed".into())),
    ("connect", |address| TcpStream::connect(address).map(|_| "it is connected".into())),
    ("run", |command| {
        let started = Command::new("/bin/sh").args(["-c", command]).spawn()?;
        Ok(format!("process {}", started.id()))
    }),
    #[cfg(unix)]
    ("connect to a Unix socket", |path| {
        std::os::unix::net::UnixStream::connect(path).map(|_| "it is connected".into())
    }),
    ("list", |folder| {
        std::fs::read_dir(folder).map(|entries| format!("{} names", entries.count()))
    }),
    #[cfg(target_os = "linux")]
    ("signal", |process| {
        rustix::process::kill_process(pid(process)?, Signal::CONT)?;
        Ok("it got the signal".into())
    }),
    #[cfg(target_os = "linux")]
    ("signal by a descriptor", |process| {
        let process = pidfd_open(pid(process)?, PidfdFlags::empty())?;
        rustix::process::pidfd_send_signal(process, Signal::CONT)?;
        Ok("it got the signal".into())
    }),
    #[cfg(target_os = "linux")]
    ("call", call),
];

#[cfg(target_os = "linux")]
fn pid(process: &str) -> io::Result<Pid> {
    let process = process.parse().ok().and_then(Pid::from_raw);
    process.ok_or_else(|| io::Error::other("it is no process"))
}

/// Makes a system call, one of those of the tests.
#[cfg(target_os = "linux")]
fn call(name: &str) -> io::Result<String> {
    let made = goplug_tests::fixtures::unix::attempts::make(name);
    made.map(|()| "it was done".into()).map_err(io::Error::from_raw_os_error)
}

/// Makes the attack of this name. The result is what it has reached, or the error that refused it.
#[goplug::method(Attacker, blocking)]
pub(crate) fn attack(name: String, target: String) -> anyhow::Result<Result<String, String>> {
    let attack = ATTACKS.iter().find(|(known, _)| *known == name);
    let (_, attack) = attack.ok_or_else(|| anyhow::anyhow!("there is no attack {name}"))?;
    Ok(attack(&target).map_err(|error| error.to_string()))
}
