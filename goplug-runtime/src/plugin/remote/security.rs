//! Who may call, by files that are read again when they change: certificates and tokens are replaced while
//! the plugin serves.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::header::{AUTHORIZATION, HeaderMap, ORIGIN};
use rustls::crypto::{CryptoProvider, ring};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::options::SecurityFiles;
use super::tls::{self, TlsContents};
use super::tokens::Tokens;
use crate::limits;
use crate::plugin::problems::bad_request;
use crate::protocol::{Problem, ProblemKind};

/// The largest of these files that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Who may call.
pub(super) struct Security {
    files: SecurityFiles,
    provider: Arc<CryptoProvider>,
    hasher: RandomState,
    current: Mutex<Arc<Current>>,
}

/// What the files have said last.
pub(super) struct Current {
    tls: Option<TlsAcceptor>,
    tokens: Option<Tokens>,
    needs_certificate: bool,
    /// A digest of the files.
    version: u64,
}

/// The contents of the files.
#[derive(Hash)]
struct Contents {
    tls: Option<TlsContents>,
    tokens: Option<Vec<u8>>,
}

impl Security {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong, and in which file, without anything that is secret.
    pub(super) fn read(files: SecurityFiles) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let hasher = RandomState::new();
        let contents = Contents::read(&files)?;
        let version = hasher.hash_one(&contents);
        let current = Current::new(&files, &contents, &provider, version)?;
        Ok(Self { files, provider, hasher, current: Mutex::new(Arc::new(current)) })
    }

    /// What holds for a connection or a request that begins now.
    pub(super) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again from time to time. What they say does not hold if it is wrong: then what they
    /// said before does, and the reason is written to standard error. Never ready.
    pub(super) async fn watch(&self) {
        if self.files == SecurityFiles::default() {
            return std::future::pending().await;
        }
        let mut reported = None;
        loop {
            sleep(limits::SECURITY_FILES_INTERVAL).await;
            let fault = self.renew().await.err();
            if let Some(fault) = &fault
                && reported.as_ref() != Some(fault)
            {
                // If standard error is gone, nobody is left to tell.
                let _ =
                    writeln!(std::io::stderr(), "warning: what was valid before stays: {fault}");
            }
            reported = fault;
        }
    }

    /// Takes over what the files say by now.
    async fn renew(&self) -> Result<(), String> {
        let files = self.files.clone();
        // A file may be on a mount that does not answer.
        let read = spawn_blocking(move || Contents::read(&files)).await;
        let contents = read.map_err(|error| error.to_string())??;
        let version = self.hasher.hash_one(&contents);
        if version == self.current().version {
            return Ok(());
        }
        let current = Arc::new(Current::new(&self.files, &contents, &self.provider, version)?);
        let before = {
            let mut place = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *place, current)
        };
        drop(before);
        Ok(())
    }
}

impl Current {
    fn new(
        files: &SecurityFiles,
        contents: &Contents,
        provider: &Arc<CryptoProvider>,
        version: u64,
    ) -> Result<Self, String> {
        let tls = match files.tls.as_ref().zip(contents.tls.as_ref()) {
            Some((files, contents)) => Some(tls::config(files, contents, provider)?),
            None => None,
        };
        let tokens = match files.tokens.as_ref().zip(contents.tokens.as_ref()) {
            Some((file, text)) => Some(
                Tokens::read(text, provider)
                    .map_err(|error| format!("{}: {error}", file.display()))?,
            ),
            None => None,
        };
        let needs_certificate = files.tls.as_ref().is_some_and(|tls| tls.client_roots.is_some());
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        Ok(Self { tls, tokens, needs_certificate, version })
    }

    /// What begins TLS on a connection; `None` if there is none.
    pub(super) fn tls(&self) -> Option<&TlsAcceptor> {
        self.tls.as_ref()
    }

    /// Checks that this caller may call. With roots and tokens, it needs both a certificate and a token.
    ///
    /// # Errors
    /// The problem that it may not. It says what is asked for, and nothing of what is valid.
    pub(super) fn admit(&self, request: &HeaderMap, has_certificate: bool) -> Result<(), Problem> {
        let unauthorized = |detail| Err(Problem::new(ProblemKind::Unauthorized, detail));
        if self.needs_certificate && !has_certificate {
            return unauthorized("this plugin asks its callers for a certificate");
        }
        let authorization = request.get(AUTHORIZATION).map(|value| value.as_bytes());
        match &self.tokens {
            Some(tokens) if !authorization.is_some_and(|value| tokens.accept(value)) => {
                unauthorized("this plugin asks its callers for a bearer token")
            }
            None if !self.needs_certificate && is_of_a_page(request) => Err(bad_request(
                "this plugin does not know its callers, and answers no web page in a browser",
            )),
            _ => Ok(()),
        }
    }

    /// Whether callers have tokens.
    pub(super) fn asks_for_tokens(&self) -> bool {
        self.tokens.is_some()
    }
}

/// Whether a browser has made the request for a page. Any page may reach loopback, by the browser of
/// somebody on this machine.
fn is_of_a_page(request: &HeaderMap) -> bool {
    let site = request.get("sec-fetch-site").is_some_and(|site| site != "none");
    site || request.contains_key(ORIGIN)
}

impl Contents {
    fn read(files: &SecurityFiles) -> Result<Self, String> {
        let tls = match &files.tls {
            None => None,
            Some(files) => Some(TlsContents {
                certificates: read(&files.certificates)?,
                key: read(&files.key)?,
                client_roots: files.client_roots.as_deref().map(read).transpose()?,
            }),
        };
        Ok(Self { tls, tokens: files.tokens.as_deref().map(read).transpose()? })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut content));
    match read {
        Err(error) => Err(format!("reading {}: {error}", path.display())),
        Ok(_) if content.len() as u64 > MAX_FILE => {
            Err(format!("{}: it is larger than {MAX_FILE} bytes", path.display()))
        }
        Ok(_) => Ok(content),
    }
}
