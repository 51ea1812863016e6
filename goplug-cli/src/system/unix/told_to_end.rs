//! The signals by which a process is told to end.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::system::ignores;

/// Waits until this process is told to end: by Ctrl-C, by `kill`, or since its terminal is gone.
///
/// # Errors
/// The system's error.
pub(crate) async fn told_to_end() -> io::Result<()> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let hangup = SignalKind::hangup();
    // `nohup` has it ignored, and so it stays.
    let mut hung_up = (!ignores(hangup.as_raw_value())).then(|| signal(hangup)).transpose()?;
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
