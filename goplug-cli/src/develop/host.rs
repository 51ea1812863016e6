//! The host's process.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::failure::{Failure, Outcome};
use crate::system::{GroupSignal, of_own_group, signal_group};

/// How long a host may take to stop its plugins and to end.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// A host that runs. Dropping it kills it, with everything that is in its process group; its plugins end
/// with it.
pub(super) struct Host {
    child: Child,
    group: u32,
}

impl Host {
    /// Starts a command line of the shell. It has no input: what is typed is for this command.
    pub(super) fn start(line: &str) -> Outcome<Self> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).stdin(Stdio::null()).kill_on_drop(true);
        of_own_group(&mut command);
        let about = |error: std::io::Error| Failure::unreachable(format!("{line}: {error}"));
        let child = command.spawn().map_err(about)?;
        let group =
            child.id().ok_or_else(|| Failure::unreachable(format!("{line}: it is gone")))?;
        Ok(Self { child, group })
    }

    /// Waits until the host has ended by itself. Cancel safe.
    pub(super) async fn ended(&mut self) -> Outcome<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Ends the host as Ctrl-C does, and kills it if that takes too long.
    pub(super) async fn end(mut self) {
        signal_group(self.group, GroupSignal::Interrupt);
        // Dropping it kills what is left.
        let _ = timeout(END_TIMEOUT, self.child.wait()).await;
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        signal_group(self.group, GroupSignal::Kill);
    }
}
