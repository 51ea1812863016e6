//! A plugin that serves a network: its file names a URL, and neither a socket nor a program.

use super::installation::Installation;
use crate::error::Result;
use crate::protocol::RemoteUrl;

impl Installation {
    /// Where the plugin serves a network; `None` if it serves on a socket of this machine.
    pub(in crate::host) fn remote(&self) -> Option<RemoteUrl> {
        if self.is_embedded() || self.attached.is_some() { None } else { self.pconf.remote() }
    }

    /// Checks that this host can use a plugin at this URL.
    ///
    /// # Errors
    /// [`Error::Rejected`](crate::Error::Rejected) if the host lacks the feature, or if the signature of
    /// the file says nothing of the process that serves.
    pub(super) fn check_remote(&self, url: &RemoteUrl) -> Result<()> {
        if cfg!(not(feature = "remote")) {
            return Err(self.rejected(format!(
                "its Url is that of a remote plugin, {url}, and this host was built without the feature \
                 `remote` of goplug"
            )));
        }
        if self.is_signed && !url.is_secure() {
            return Err(self.rejected(format!(
                "a signature is required, and that of a file says nothing of the process that serves \
                 {url}, since no TLS secures the way"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Installation;

    #[test]
    fn a_host_without_the_feature_rejects_a_file_of_a_network_and_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("P.pconf");
        std::fs::write(&file, r#"{"Name":"P","Url":"https://p.example"}"#).unwrap();
        let read = Installation::read(&file, true, None);
        if cfg!(feature = "remote") {
            assert_eq!(read.unwrap().remote().unwrap().host(), "p.example");
        } else {
            let reason = read.unwrap_err().reason;
            assert!(reason.contains("the feature `remote`"), "{reason}");
        }
    }
}
