//! The host's process.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::Child;
use tokio::time::timeout;

use crate::failure::{Failure, Outcome};
use crate::system::{Group, shell};

/// How long a host may take to stop its plugins and to end.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// A host that runs. Dropping it kills it, with everything that is in its process group; its plugins end
/// with it.
pub(super) struct Host {
    child: Child,
    group: Group,
}

impl Host {
    /// Starts a command line of the shell. It has no input: what is typed is for this command.
    pub(super) fn start(line: &str, output: Stdio) -> Outcome<Self> {
        let mut command = shell(line);
        command.stdin(Stdio::null()).stdout(output);
        let about = |error: std::io::Error| Failure::unreachable(format!("{line}: {error}"));
        let (child, group) = Group::spawn(&mut command).map_err(about)?;
        Ok(Self { child, group })
    }

    /// Whether it, or what it has started, runs this program, which may have been replaced meanwhile.
    pub(super) fn runs(&self, program: &Path) -> bool {
        self.group.runs(program)
    }

    /// Waits until the host has ended by itself. Cancel safe.
    pub(super) async fn ended(&mut self) -> Outcome<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Ends the host as Ctrl-C does, and kills it if that takes too long.
    pub(super) async fn end(mut self) {
        self.group.interrupt();
        // Dropping it kills what is left.
        let _ = timeout(END_TIMEOUT, self.child.wait()).await;
    }
}
