//! The TLS of a plugin that serves the network: rustls, with ring.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::options::TlsFiles;

/// HTTP/2 by ALPN.
pub(super) const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// What the files of TLS have.
#[derive(Hash)]
pub(super) struct TlsContents {
    pub(super) certificates: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) client_roots: Option<Vec<u8>>,
}

/// The configuration that these files stand for. A caller may come without a certificate, and gets no
/// further than to the probes then.
///
/// # Errors
/// What is wrong, and in which file. It has nothing of the key.
pub(super) fn config(
    files: &TlsFiles,
    contents: &TlsContents,
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, String> {
    let certificates = certificates(&files.certificates, &contents.certificates)?;
    let key = PrivateKeyDer::from_pem_slice(&contents.key)
        .map_err(|error| fault(&files.key, "no private key in PEM", error))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match files.client_roots.as_deref().zip(contents.client_roots.as_deref()) {
        None => builder.with_no_client_auth(),
        Some((file, text)) => {
            let roots = Arc::new(roots(file, text)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider))
                .allow_unauthenticated()
                .build()
                .map_err(|error| fault(file, "no roots of callers", error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(certificates, key).map_err(|error| {
        let files = format!("{} and {}", files.certificates.display(), files.key.display());
        format!("{files}: the certificate and the key do not fit: {error}")
    })?;
    config.alpn_protocols = vec![H2.into(), HTTP_1_1.into()];
    Ok(config)
}

fn certificates(file: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => {
            Err(fault(file, "no certificate in PEM", "it has none"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(fault(file, "no certificate in PEM", error)),
    }
}

fn roots(file: &Path, text: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file, text)? {
        roots.add(certificate).map_err(|error| fault(file, "a root that cannot be used", error))?;
    }
    Ok(roots)
}

fn fault(file: &Path, what: &str, error: impl Display) -> String {
    format!("{}: {what}: {error}", file.display())
}
