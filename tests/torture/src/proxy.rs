//! A proxy between a host and a plugin, whose connections can be cut at any moment.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use goplug_runtime::transport::{Listener, Stream, connect};
use tokio::task::{AbortHandle, JoinHandle};

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Forwards bytes between its own socket and another. Dropping it cuts every connection.
pub(crate) struct Proxy {
    accepting: JoinHandle<()>,
    connections: Connections,
}

type Connections = Arc<Mutex<Vec<AbortHandle>>>;

impl Proxy {
    /// Listens on `front`, and forwards each connection to `back`.
    pub(crate) fn start(front: &Path, back: PathBuf) -> Result<Self> {
        let listener = Listener::bind(front)?;
        let connections = Connections::default();
        let kept = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let pass = tokio::spawn(forward(near, back.clone()));
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.retain(|connection| !connection.is_finished());
                kept.push(pass.abort_handle());
            }
        });
        Ok(Self { accepting, connections })
    }

    /// Cuts a random connection; returns whether there was one.
    pub(crate) fn cut(&self) -> bool {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|connection| !connection.is_finished());
        if connections.is_empty() {
            return false;
        }
        let victim = fastrand::usize(..connections.len());
        connections.swap_remove(victim).abort();
        true
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        while self.cut() {}
    }
}

/// Forwards bytes until either end closes.
async fn forward(mut near: Stream, back: PathBuf) {
    if let Ok(mut far) = connect(&back, PATIENCE).await {
        // An error at one end closes both.
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    }
}
