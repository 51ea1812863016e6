//! Signatures of `.pconf` files, as minisign makes them.
//!
//! The signature of a file is beside it, and covers its bytes. The file has the digests of what the
//! plugin's process runs, so the signature holds for that as well.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use minisign_verify::{Error, Signature};

use super::command::Command;
use super::digest::PinnedFile;
use super::exec_files::ExecFiles;
use super::trust::Distrust;
use crate::host::policy::PublicKey;
use crate::limits;
use crate::transport::{
    FileAccess, OpenProgram, canonicalize, explain, is_absent, open_without_waiting,
};

/// What the name of a signature has behind that of its file, by minisign's convention.
const EXTENSION: &str = ".minisig";

/// How the reason begins if there is something else in the place of a signature.
const NO_SIGNATURE: &str = "its signature is none of minisign's";

/// The keys one of which has to have signed each `.pconf`.
#[derive(Clone, Debug)]
pub(in crate::host) struct Signers(Vec<PublicKey>);

impl Signers {
    pub(in crate::host) fn new(keys: Vec<PublicKey>) -> Self {
        Self(keys)
    }

    /// Checks the signature of a file with this content. Does blocking I/O.
    ///
    /// # Errors
    /// There is no signature, it cannot be read, or it is not by one of the keys of this content.
    pub(super) fn check(&self, path: &Path, content: &[u8]) -> Result<(), Distrust> {
        let unusable = |error: Error| Distrust::Unsigned(format!("{NO_SIGNATURE}: {error}"));
        let signature = Signature::decode(&read(path)?).map_err(unusable)?;
        for key in &self.0 {
            match key.as_minisign().verify(content, &signature, false) {
                // Each key has a number, which the signature names.
                Err(Error::UnexpectedKeyId) => {}
                Err(Error::InvalidSignature) => {
                    return Err(Distrust::Unsigned(format!(
                        "its signature is of another content: the file was changed after it was signed; \
                         sign it again: {}",
                        advice(path)
                    )));
                }
                other => return other.map_err(unusable),
            }
        }
        let reason = "its signature is by none of the keys that this host accepts";
        Err(Distrust::Unsigned(reason.into()))
    }
}

/// Where the signature of a file is.
pub(in crate::host) fn path_of_signature(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(EXTENSION);
    name.into()
}

/// Checks that the signed file has the digest of everything that the plugin's process runs. The programs
/// that the system brings are exempt, as only the system can write them. Does blocking I/O.
///
/// # Errors
/// A file without a digest, or a file of which it is not known who may write it.
pub(super) fn check_digests(
    command: &Command,
    program: &OpenProgram,
    files: &ExecFiles,
    pinned: &[PinnedFile],
) -> Result<(), Distrust> {
    let has_digest = |path: &Path| pinned.iter().any(|file| file.path() == path);
    let code = [command.program.as_path()].into_iter().chain(files.code());
    for path in code.filter(|path| !has_digest(path)) {
        let access = if path == command.program {
            FileAccess::of_file(program.file())
        } else {
            FileAccess::at(path)
        };
        let access = match access {
            // The start reports it.
            Err(error) if is_absent(&error) => continue,
            access => access.map_err(|error| unknown(path, error))?,
        };
        if !access.is_of_system_alone() || is_within(path, &command.folder)? {
            return Err(Distrust::Unsigned(format!(
                "a signature is required, and {} has no digest in the signed file; add it to the key \
                 Sha256, and sign the file again",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Whether a file is below a folder, links followed.
fn is_within(path: &Path, folder: &Path) -> Result<bool, Distrust> {
    let real = |path: &Path| canonicalize(path).map_err(|error| unknown(path, error));
    Ok(real(path)?.starts_with(real(folder)?))
}

fn unknown(path: &Path, error: io::Error) -> Distrust {
    let text = format!("{} cannot be looked at: {error}", path.display());
    Distrust::Unknown(explain(error, text))
}

/// The text of the signature of a file.
fn read(path: &Path) -> Result<String, Distrust> {
    let signature = path_of_signature(path);
    let file = match open_without_waiting(&signature) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => {
            let name = signature.file_name().unwrap_or_default().display();
            return Err(Distrust::Unsigned(format!(
                "a signature is required, and there is no {name}; sign the file: {}",
                advice(path)
            )));
        }
        Err(error) => return Err(unknown(&signature, error)),
    };
    let unreadable = |error| unknown(&signature, error);
    let mut text = Vec::new();
    let is_regular = file.metadata().map_err(unreadable)?.is_file();
    if is_regular {
        file.take(limits::MAX_SIGNATURE + 1).read_to_end(&mut text).map_err(unreadable)?;
    }
    if !is_regular || text.len() as u64 > limits::MAX_SIGNATURE {
        return Err(Distrust::Unsigned(format!("{NO_SIGNATURE}: it is no small file")));
    }
    let no_text = |_| Distrust::Unsigned(format!("{NO_SIGNATURE}: it is no text"));
    String::from_utf8(text).map_err(no_text)
}

/// The command that signs a file.
fn advice(path: &Path) -> String {
    format!("minisign -Sm {}", path.display())
}
