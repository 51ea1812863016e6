//! What a process that a registry started does with its socket if it will not serve as the plugin.
//!
//! The processes that a plugin starts inherit its environment. They are told apart by the pipe that it
//! names: the plugin has made it by then.

use std::path::PathBuf;
#[cfg(feature = "host")]
use std::sync::atomic::{AtomicBool, Ordering};

use crate::protocol::wire;
use crate::transport::has_listener;

/// Whether this process has refused to be the plugin that it was started as. It has made the pipe then.
#[cfg(feature = "host")]
static DECLINED: AtomicBool = AtomicBool::new(false);

/// Whether this is the first process that can serve what the environment with these variables names. A
/// launcher may stand between it and the registry.
pub(in crate::transport) fn is_first_with_environment(
    variable: impl Fn(&str) -> Option<String>,
) -> bool {
    #[cfg(feature = "host")]
    if DECLINED.load(Ordering::Acquire) {
        return true;
    }
    named_socket(variable).is_some()
}

/// The path of the socket that the environment names, if nobody serves it yet.
pub(super) fn named_socket(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    variable(wire::ENV_PROTOCOL)?;
    // The plugin has taken it out for the processes that it starts.
    variable(wire::ENV_LIFELINE)?;
    let path = PathBuf::from(variable(wire::ENV_SOCK)?);
    has_listener(&path).is_ok_and(|has_listener| !has_listener).then_some(path)
}

#[cfg(feature = "host")]
pub use decline::decline;

#[cfg(feature = "host")]
mod decline {
    use std::io;
    use std::path::Path;
    use std::sync::atomic::Ordering;
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;
    use tokio::time::timeout;

    use super::{DECLINED, named_socket};
    use crate::transport::{Listener, RuntimeThread, Stream};

    /// How long the host may take to connect and to ask, each. It does both as soon as the process
    /// runs.
    const TIMEOUT: Duration = Duration::from_secs(1);

    /// Answers the host's first request with these bytes, and takes no other connection: this
    /// process will not be the plugin that it was started as. Does nothing the second time. Blocks
    /// for at most two seconds.
    ///
    /// Returns whether there is a socket of a host, which tells a process that was started as a
    /// plugin from one that inherited only the environment.
    pub fn decline(response: &[u8]) -> bool {
        let Some(path) = named_socket(|name| std::env::var(name).ok()) else {
            return DECLINED.load(Ordering::Acquire);
        };
        if !DECLINED.swap(true, Ordering::AcqRel) {
            // If the host is gone, nobody is left to tell.
            let _ = answer_on_thread(&path, response);
        }
        true
    }

    /// The caller may be a task of a runtime, so the connection has one of its own.
    fn answer_on_thread(path: &Path, response: &[u8]) -> io::Result<()> {
        let runtime = RuntimeThread::start("goplug-decline")?;
        let (path, response) = (path.to_owned(), response.to_vec());
        let (answered, outcome) = mpsc::sync_channel(1);
        runtime.handle().spawn(async move {
            let _ = answered.send(answer(&path, &response).await);
        });
        let outcome = outcome.recv_timeout(TIMEOUT * 2);
        // If the connection were closed before the host has sent all, the host would see an error in
        // place of the answer. It closes with the process.
        std::mem::forget(outcome);
        std::mem::forget(runtime);
        Ok(())
    }

    async fn answer(path: &Path, response: &[u8]) -> io::Result<Stream> {
        let listener = Listener::bind(path)?;
        let (mut stream, _) = timeout(TIMEOUT, listener.accept()).await??;
        drop(listener);
        timeout(TIMEOUT, stream.receive(&mut Vec::with_capacity(4096))).await??;
        stream.write_all(response).await?;
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::transport::{Listener, socket_path};

    #[tokio::test]
    async fn the_environment_is_for_the_first_process_that_serves() {
        let path = socket_path(Path::new(""), "");
        let text = path.to_str().unwrap().to_owned();
        let variables = [
            (wire::ENV_PROTOCOL, "2".to_owned()),
            (wire::ENV_SOCK, text),
            (wire::ENV_LIFELINE, "8".to_owned()),
        ];
        let find = |variables: &[(&str, String)], name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
        };
        let named = |count: usize| named_socket(|name| find(&variables[..count], name));
        assert_eq!(named(3), Some(path.clone()));
        assert_eq!(named(2), None);
        assert_eq!(named(1), None);
        let _listener = Listener::bind(&path).unwrap();
        assert_eq!(named(3), None);
    }
}
