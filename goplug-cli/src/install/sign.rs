//! Signatures of `.pconf` files, for hosts that require them. They are minisign's.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use minisign::{SecretKey, SecretKeyBox};
use tempfile::NamedTempFile;

use crate::failure::{Failure, Outcome};
use crate::pconf::read_regular;
use crate::system::{make_public, replace};

/// What the name of a signature has behind that of its file, by minisign's convention.
const EXTENSION: &str = ".minisig";

/// A secret key.
pub(super) struct Signer(SecretKey);

impl Signer {
    /// Reads the file of a secret key. If the key has a password, the terminal is asked for it.
    pub(super) fn read(file: &Path) -> Outcome<Self> {
        let about = |reason: String| Failure::usage(format!("{}: {reason}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| about(error.to_string()))?;
        let is_no_key = |error| about(format!("it is no secret key of minisign: {error}"));
        let key = || SecretKeyBox::from_string(&text);
        let key = match key().and_then(SecretKeyBox::into_unencrypted_secret_key) {
            Ok(key) => key,
            Err(_) => {
                let encrypted = key().map_err(is_no_key)?;
                encrypted.into_secret_key(None).map_err(is_no_key)?
            }
        };
        Ok(Self(key))
    }

    /// Signs a file. The signature takes the place of an older one.
    pub(super) fn sign(&self, file: &Path) -> Outcome<()> {
        let about = |reason: String| Failure::unreachable(format!("{}: {reason}", file.display()));
        let content = read_regular(file).map_err(|error| about(error.to_string()))?;
        let signature = minisign::sign(None, &self.0, Cursor::new(content), None, None)
            .map_err(|error| about(error.to_string()))?;
        let folder = file.parent().unwrap_or(Path::new("/"));
        let write = || {
            let mut new = NamedTempFile::new_in(folder)?;
            new.write_all(signature.into_string().as_bytes())?;
            make_public(new.as_file(), false)?;
            replace(&signature_of(file), new)
        };
        write().map_err(|error: std::io::Error| about(error.to_string()))
    }
}

/// Where the signature of a file is.
pub(super) fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(EXTENSION);
    name.into()
}
