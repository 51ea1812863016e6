//! The file of a plugin that serves a network.

use super::Pconf;
use crate::protocol::remote_url::RemoteUrl;

impl Pconf {
    /// Where the plugin serves a network: its URL, if that is one of `https` or `http` and the file
    /// names neither a socket nor a program.
    pub fn remote(&self) -> Option<RemoteUrl> {
        let is_local = self.sock.is_some() || self.exec.is_some();
        if is_local { None } else { RemoteUrl::parse(&self.url).ok() }
    }
}
