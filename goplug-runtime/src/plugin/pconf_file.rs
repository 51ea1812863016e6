//! The plugin's `.pconf`, which lies in its folder for as long as the plugin serves.
//!
//! A registry may read the file the moment it appears. So it is written only after the socket
//! listens, and appears as a whole. It replaces no file but one that a process of the same plugin
//! has left behind. At the end it is removed only if it is still the file that was written here.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::Pconf;
use crate::protocol::pconf::Announcement;
use crate::transport::{WrittenFile, create_folder, has_listener, lock_folder, replace_file};

/// A `.pconf` that has been written. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct PconfFile {
    file: WrittenFile,
    text: String,
}

impl PconfFile {
    /// Writes the file into `folder`, and creates the folder if it does not exist. This process
    /// listens on the socket that `pconf` names.
    ///
    /// # Errors
    /// [`Error::Io`] names the file; [`Error::Configuration`] says why the file that is there
    /// already stays.
    pub(super) fn write(mut pconf: Pconf, folder: &Path) -> Result<Self> {
        let path = folder.join(pconf.file_name());
        let failed = |error| Error::io(format!("writing {}", path.display()), error);
        create_folder(folder).map_err(failed)?;
        // An installation at the same moment waits.
        let _lock = lock_folder(folder).map_err(failed)?;
        if let Some(old) = read(&path)? {
            check_left_over(&old, &pconf, folder).map_err(|reason| {
                Error::Configuration(format!("{} stays as it is: {reason}", path.display()))
            })?;
            pconf = pconf.with_unknown_keys_of(&old);
        }
        let text = pconf.to_json();
        let file = replace_file(&path, &text).map_err(failed)?;
        Ok(Self { file, text })
    }

    fn remove(&self) -> std::io::Result<()> {
        let path = self.file.path();
        // Somebody may also have written into it.
        if self.file.is_in_place()? && fs::read(path)? == self.text.as_bytes() {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

impl Drop for PconfFile {
    fn drop(&mut self) {
        // It may have been removed already. If it cannot be removed, a registry finds out
        // that nobody listens on its socket.
        let _ = self.remove();
    }
}

/// The content of the file that is there already, as far as a registry reads it; `None` if there is
/// none.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, which does not mean that nothing is there;
/// [`Error::Configuration`] if it is not a file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let failed = |error| Error::io(format!("reading {}", path.display()), error);
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => {
            let what = format!("{} is in the way: it is not a file", path.display());
            return Err(Error::Configuration(what));
        }
    }
    let mut content = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(limits::MAX_PCONF + 1).read_to_end(&mut content).map_err(failed)?;
    Ok(Some(content))
}

/// Checks that a file is what an ended process of the plugin has left behind.
///
/// # Errors
/// What it is instead, and what to do, for people.
fn check_left_over(old: &[u8], pconf: &Pconf, folder: &Path) -> Result<(), String> {
    const ELSEWHERE: &str = "serve in another folder, or remove the file";
    let old = Announcement::parse(old)
        .map_err(|error| format!("it is not readable ({error}): {ELSEWHERE}"))?;
    if old.id != *pconf.id() {
        return Err(format!("it announces {}: {ELSEWHERE}", old.id));
    }
    if old.has_exec {
        return Err(format!("the plugin is installed there, and registries start it: {ELSEWHERE}"));
    }
    let socket = old.sock.map(|sock| folder.join(sock));
    if socket == pconf.sock_path(folder) {
        return Ok(());
    }
    match socket.as_deref().map(has_listener) {
        Some(Ok(true)) => Err("another process of the plugin serves there".into()),
        Some(Err(error)) if error.kind() != ErrorKind::NotFound => {
            Err(format!("whether its process serves is not known ({error}): {ELSEWHERE}"))
        }
        _ => Ok(()),
    }
}
