//! How a host reaches plugins that serve a network, and whom it trusts there.

use std::path::{Path, PathBuf};

/// How a host reaches a plugin whose `.pconf` names a URL, as `https://render.example:7443`, and neither a
/// socket nor a program. Part of a [`Policy`](crate::host::Policy).
///
/// TLS secures the connections, by HTTP/2 or HTTP/1.1, and the plugin's certificate has to be of the
/// host in the URL. No redirect is followed. Secrets are in files, and never in a `.pconf`, a message or a
/// log.
///
/// ```ignore
/// use goplug::{Registry, Remote};
///
/// # async fn example() -> goplug::Result<()> {
/// let access = Remote::new()
///     .roots("/etc/acme/ca.pem")
///     .client_certificate("/etc/acme/host.pem", "/etc/acme/host.key")
///     .token_file("/run/secrets/render-token");
/// let registry = Registry::builder("plugins")
///     .plugin("Renderer", "acme", |policy| policy.remote(access))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it does nothing unless it is given to a plugin's policy"]
pub struct Remote {
    roots: Option<PathBuf>,
    client_certificate: Option<(PathBuf, PathBuf)>,
    token_file: Option<PathBuf>,
    allows_plain_http: bool,
}

impl Remote {
    /// The roots of the system, and nothing that this host is known by.
    pub fn new() -> Self {
        Self::default()
    }

    /// The certificates in this PEM file are the roots that are trusted, in place of those of the
    /// system.
    pub fn roots(mut self, file: impl Into<PathBuf>) -> Self {
        self.roots = Some(file.into());
        self
    }

    /// The certificate by which plugins know this host, with those between it and its root, and its key:
    /// two PEM files, read when the plugin is loaded.
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.client_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// The file of the token that is sent with each request: its first line. It is read again when the
    /// plugin refuses the token, and every [`limits::REMOTE_PROBE`](crate::limits::REMOTE_PROBE), so a new
    /// one is used without a restart.
    pub fn token_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.token_file = Some(file.into());
        self
    }

    /// Allows a URL of `http://` whose host is another machine: where a mesh secures the way, for
    /// example. A URL of this machine needs no permission. Everybody on the way reads and changes what
    /// is sent, the token included.
    pub fn allow_plain_http(mut self) -> Self {
        self.allows_plain_http = true;
        self
    }

    pub(in crate::host) fn roots_file(&self) -> Option<&Path> {
        self.roots.as_deref()
    }

    pub(in crate::host) fn client_files(&self) -> Option<(&Path, &Path)> {
        self.client_certificate.as_ref().map(|(certificate, key)| (&**certificate, &**key))
    }

    pub(in crate::host) fn token(&self) -> Option<&Path> {
        self.token_file.as_deref()
    }

    pub(in crate::host) fn allows_plain(&self) -> bool {
        self.allows_plain_http
    }
}
