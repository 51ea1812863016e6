//! The end of the gateway: asked for by a signal, and noticed by everything that would go on for ever.

use tokio::signal;
use tokio::sync::watch;

/// Whether the gateway is to stop.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Is requested by the first SIGTERM or SIGINT, on Windows by Ctrl-Break or Ctrl-C.
    pub(crate) fn on_signals() -> std::io::Result<Self> {
        let (mut interrupt, mut terminate) = end_requests()?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            sender.send_replace(true);
            // The sender lives as long as somebody waits.
            sender.closed().await;
        });
        Ok(Self(receiver))
    }

    /// Whether the gateway is to stop.
    pub(crate) fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the gateway is to stop.
    pub(crate) fn requested(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut receiver = self.0.clone();
        // An error would mean that the task above is gone, which ends with the program.
        async move { drop(receiver.wait_for(|is_requested| *is_requested).await) }
    }
}

#[cfg(unix)]
fn end_requests() -> std::io::Result<(signal::unix::Signal, signal::unix::Signal)> {
    use signal::unix::{SignalKind, signal};
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

#[cfg(windows)]
fn end_requests() -> std::io::Result<(signal::windows::CtrlC, signal::windows::CtrlBreak)> {
    Ok((signal::windows::ctrl_c()?, signal::windows::ctrl_break()?))
}
