//! The signals by which a process is told to end.

use std::future::pending;
use std::{fs, io};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits until this process is told to end: by Ctrl-C, by `kill`, or since its terminal is gone.
///
/// # Errors
/// The system's error.
pub(crate) async fn told_to_end() -> io::Result<()> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let hangup = SignalKind::hangup();
    // `nohup` has it ignored, and so it stays.
    let mut hung_up = (!is_ignored(hangup)).then(|| signal(hangup)).transpose()?;
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
        () = next(hung_up.as_mut()) => {}
    }
    Ok(())
}

async fn next(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// Whether this process ignores a signal.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
