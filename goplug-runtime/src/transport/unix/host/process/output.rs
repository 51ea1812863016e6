//! What a process prints, as its host reads it.

/// The host's end of a plugin's standard output or standard error.
pub type Output = tokio::net::unix::pipe::Receiver;
