//! What the command line says of a plugin that serves the network, and what of it is refused.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::instance::Instance;
use crate::error::{Error, Result};

/// Where and for whom a plugin serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plugin) struct RemoteOptions {
    /// An address and a port, or a name and a port.
    pub(in crate::plugin) address: String,
    pub(in crate::plugin) files: SecurityFiles,
    /// The name of this instance, if it is not to be a random one.
    pub(in crate::plugin) instance: Option<Instance>,
    /// Whether responses set the cookie by which a balancer finds this instance again.
    pub(in crate::plugin) sets_cookie: bool,
    /// How long a stop may take in all.
    pub(in crate::plugin) drain: Duration,
    pub(in crate::plugin) consent: Consent,
}

/// The files by which the two sides know each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::plugin) struct SecurityFiles {
    pub(in crate::plugin) tls: Option<TlsFiles>,
    /// One token per line.
    pub(in crate::plugin) tokens: Option<PathBuf>,
}

/// The files of TLS, all PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plugin) struct TlsFiles {
    /// The certificate, and those between it and a root.
    pub(in crate::plugin) certificates: PathBuf,
    pub(in crate::plugin) key: PathBuf,
    /// The roots of the certificates of callers, who need one then.
    pub(in crate::plugin) client_roots: Option<PathBuf>,
}

/// What is missing on purpose, beyond loopback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::plugin) struct Consent {
    /// TLS: a mesh, or a proxy on a network of its own, has it.
    pub(in crate::plugin) without_tls: bool,
    /// A way to know the caller.
    pub(in crate::plugin) any_caller: bool,
}

impl SecurityFiles {
    /// Whether callers have to say who they are.
    pub(super) fn knows_callers(&self) -> bool {
        let certified = self.tls.as_ref().is_some_and(|tls| tls.client_roots.is_some());
        certified || self.tokens.is_some()
    }
}

impl RemoteOptions {
    /// Checks that this address may be listened on.
    ///
    /// # Errors
    /// [`Error::Configuration`] if others than this machine reach it, and something is missing without
    /// consent.
    pub(super) fn check(&self, address: SocketAddr) -> Result<()> {
        let Self { files, consent, .. } = self;
        let missing = [
            (files.tls.is_none() && !consent.without_tls).then_some(
                "TLS: give --tls-cert and --tls-key, or say --insecure-no-tls if a mesh or a private \
                 network protects what is sent",
            ),
            (!files.knows_callers() && !consent.any_caller).then_some(
                "a way to know the caller: give --client-ca or --token-file, or say \
                 --insecure-any-caller if whoever reaches this address may call",
            ),
        ];
        let missing: Vec<_> = missing.into_iter().flatten().collect();
        if address.ip().to_canonical().is_loopback() || missing.is_empty() {
            return Ok(());
        }
        let missing = missing.join("; and ");
        Err(Error::Configuration(format!("other machines reach {address}, so it needs {missing}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, tls: bool, roots: bool, tokens: bool, consent: Consent) -> String {
        let tls = tls.then(|| TlsFiles {
            certificates: "c".into(),
            key: "k".into(),
            client_roots: roots.then(|| "r".into()),
        });
        let options = RemoteOptions {
            address: address.into(),
            files: SecurityFiles { tls, tokens: tokens.then(|| "t".into()) },
            instance: None,
            sets_cookie: false,
            drain: Duration::ZERO,
            consent,
        };
        options.check(address.parse().unwrap()).err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn beyond_loopback_each_missing_protection_needs_a_consent_of_its_own() {
        let none = Consent::default();
        let without_tls = Consent { without_tls: true, ..none };
        let any_caller = Consent { any_caller: true, ..none };
        for address in ["127.0.0.1:0", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(check(address, false, false, false, none), "");
        }
        for address in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1"] {
            assert_eq!(check(address, true, true, false, none), "");
            assert_eq!(check(address, true, false, true, none), "");
            assert_eq!(check(address, false, false, true, without_tls), "");
            assert_eq!(check(address, true, false, false, any_caller), "");
            let both = Consent { without_tls: true, any_caller: true };
            assert_eq!(check(address, false, false, false, both), "");

            let neither = check(address, false, false, false, none);
            assert!(
                neither.contains("--insecure-no-tls") && neither.contains("--insecure-any-caller")
            );
            for (tls, tokens, consent, missing) in [
                (true, false, without_tls, "--insecure-any-caller"),
                (false, true, any_caller, "--insecure-no-tls"),
                (false, false, without_tls, "--insecure-any-caller"),
                (false, false, any_caller, "--insecure-no-tls"),
            ] {
                let refused = check(address, tls, false, tokens, consent);
                assert!(refused.contains(missing), "{address} {tls} {tokens}: {refused}");
            }
        }
    }
}
