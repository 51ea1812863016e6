//! The plugin's `.pconf`, which lies in its folder for as long as the plugin serves.
//!
//! A registry may read the file the moment it appears. So it is written only after the socket
//! listens, and appears as a whole. At the end it is removed only if its content is still what
//! was written here: a newer plugin may have put its own file in the same place.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::protocol::Pconf;
use crate::transport::replace_file;

/// A `.pconf` that has been written. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct PconfFile {
    path: PathBuf,
    text: String,
}

impl PconfFile {
    /// Writes the file into `folder`, and creates the folder if it does not exist.
    ///
    /// # Errors
    /// [`Error::Io`] names the file.
    pub(super) fn write(pconf: &Pconf, folder: &Path) -> Result<Self> {
        let path = folder.join(pconf.file_name());
        let text = pconf.to_json();
        fs::create_dir_all(folder)
            .and_then(|()| replace_file(&path, &text))
            .map_err(|error| Error::io(format!("writing {}", path.display()), error))?;
        Ok(Self { path, text })
    }
}

impl Drop for PconfFile {
    fn drop(&mut self) {
        if fs::read(&self.path).is_ok_and(|text| text == self.text.as_bytes()) {
            // It may have been removed already. If it cannot be removed, a registry finds out
            // that nobody listens on its socket.
            let _ = fs::remove_file(&self.path);
        }
    }
}
