//! Being asked to end by the system.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask a process to end: `SIGTERM` and `SIGINT`.
///
/// From [`Termination::listen`] on they no longer end the process by themselves.
#[derive(Debug)]
pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// Begins to listen. Needs a runtime with I/O.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next such signal. Cancel safe.
    pub async fn requested(&mut self) {
        std::future::poll_fn(|cx| {
            if self.terminate.poll_recv(cx).is_ready() {
                return std::task::Poll::Ready(());
            }
            self.interrupt.poll_recv(cx).map(drop)
        })
        .await;
    }
}
