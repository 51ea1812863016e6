//! How the host learns that an instance has ended.

use super::attachment::Attachment;
use super::exit::Exit;
use super::process::Process;
use super::remote_link::RemoteLink;
use super::shared::Instance;
use crate::transport::PassedListener;

/// How the host learns that an instance has ended.
pub(super) enum Liveness {
    /// The instance is this host's child, and listens on a socket of the host.
    Child { process: Box<Process>, listener: PassedListener },
    /// Another process started the plugin. A connection is kept open, and closes when the plugin
    /// ends.
    Foreign(Box<Attachment>),
    /// The plugin serves a network, and is asked what it is.
    Remote(Box<RemoteLink>),
}

impl Liveness {
    /// Kills a child process. Has no effect on a plugin that another process started.
    pub(super) fn kill(&self) {
        if let Self::Child { process, .. } = self {
            // It is as good as killed if it has ended, and cannot be helped if the system refuses.
            drop(process.kill());
        }
    }

    /// Whether the instance has nothing to say beyond what it has said: it serves in this process, as a
    /// test's server does, or has said everything.
    pub(super) fn has_described(&self) -> bool {
        match self {
            Self::Child { .. } => false,
            Self::Foreign(attachment) => attachment.is_own(),
            Self::Remote(_) => true,
        }
    }

    /// Waits until the instance has ended. Cancel safe.
    pub(super) async fn wait(&mut self, instance: &Instance) -> Exit {
        match self {
            Self::Child { process, .. } => process.wait().await,
            Self::Foreign(attachment) => attachment.wait(instance).await,
            Self::Remote(link) => link.wait(instance).await,
        }
    }
}
