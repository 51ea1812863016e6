//! What a policy says of plugins that serve a network.

use super::Policy;
use crate::host::policy::Remote;

impl Policy {
    /// How the host reaches the plugin if that serves a network, and whom it trusts there; by TLS with the
    /// roots of the system unless set.
    pub fn remote(mut self, remote: Remote) -> Self {
        self.remote = remote;
        self
    }
}
