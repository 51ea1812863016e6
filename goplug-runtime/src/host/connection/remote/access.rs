//! Whom a host trusts, and by what it is known: roots, a client certificate, a token. Read from files.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use hyper::header::HeaderValue;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::host::disk;
use crate::limits;

/// The longest token, in bytes.
const MAX_TOKEN: usize = 8 << 10;

/// Whom a host trusts, and by what it is known.
pub(in crate::host) struct Access {
    /// `None` where TLS is not spoken.
    pub(super) tls: Option<Arc<ClientConfig>>,
    token: Option<Token>,
}

/// A token that is sent with each request.
struct Token {
    file: PathBuf,
    /// The value of the header `Authorization`, which is marked as a secret.
    value: RwLock<HeaderValue>,
}

impl Access {
    /// Reads the files. Without TLS, of these there is only the token. Does blocking I/O.
    ///
    /// # Errors
    /// The text names the file, and what is wrong with it.
    pub(in crate::host) fn read(
        is_secure: bool,
        roots: Option<&Path>,
        client: Option<(&Path, &Path)>,
        token: Option<&Path>,
    ) -> io::Result<Self> {
        let token = token.map(|file| {
            let value = RwLock::new(read_token(file)?);
            Ok::<_, io::Error>(Token { file: file.into(), value })
        });
        let tls = is_secure.then(|| tls(roots, client).map(Arc::new));
        Ok(Self { tls: tls.transpose()?, token: token.transpose()? })
    }

    /// The value of the header `Authorization`.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let value = self.token.as_ref()?.value.read();
        Some(value.unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Reads the token again. Returns whether it is another one.
    pub(super) async fn renew(&self) -> bool {
        let Some(token) = &self.token else { return false };
        let file = token.file.clone();
        let read = disk::run_within(limits::FOLDER_TIMEOUT, move || read_token(&file)).await;
        // A file that is just being replaced is read the next time.
        let Ok(Ok(value)) = read else { return false };
        let mut current = token.value.write().unwrap_or_else(PoisonError::into_inner);
        let is_other = *current != value;
        *current = value;
        is_other
    }
}

fn tls(roots: Option<&Path>, client: Option<(&Path, &Path)>) -> io::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(self::roots(roots)?);
    let mut config = match client {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let read = PrivateKeyDer::from_pem_file(key);
            let secret = read.map_err(|error| of_file(key, &error.to_string()))?;
            config.with_client_auth_cert(chain, secret).map_err(|error| {
                let (certificate, key) = (certificate.display(), key.display());
                let text =
                    format!("{certificate} and {key} are no certificate and its key: {error}");
                io::Error::new(ErrorKind::InvalidData, text)
            })?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match file {
        Some(file) => {
            for certificate in certificates(file)? {
                store.add(certificate).map_err(|error| of_file(file, &error.to_string()))?;
            }
        }
        None => {
            // Some of a system's certificates may be odd: the others count.
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
        }
    }
    if store.is_empty() {
        let text =
            "this system has no root certificates: name those of the plugin by Remote::roots";
        return Err(io::Error::new(ErrorKind::NotFound, text));
    }
    Ok(store)
}

/// The certificates in a PEM file: at least one.
fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| of_file(file, &error.to_string()))?;
    if found.is_empty() { Err(of_file(file, "it holds no certificate")) } else { Ok(found) }
}

fn of_file(file: &Path, reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{}: {reason}", file.display()))
}

/// The first line of the file, as the value of a header.
fn read_token(file: &Path) -> io::Result<HeaderValue> {
    let mut text = String::new();
    File::open(file)
        .and_then(|opened| opened.take(MAX_TOKEN as u64 + 1).read_to_string(&mut text))
        .map_err(|error| of_file(file, &error.to_string()))?;
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() || text.len() > MAX_TOKEN {
        return Err(of_file(file, "its first line is to be a token, of at most 8 KiB"));
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| of_file(file, "its token has characters that no header may have"))?;
    value.set_sensitive(true);
    Ok(value)
}
