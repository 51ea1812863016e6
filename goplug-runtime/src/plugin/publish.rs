//! The plugin's `.pconf`, for as long as the plugin serves.
//!
//! A registry may read the file the moment that it appears, so it appears whole, and only
//! after the socket listens. At the end it is removed only if it is still the one that was
//! written here: a newer plugin may have put its own in the same place.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::protocol::Pconf;
use crate::transport::replace_file;

/// A file that was put into place.
#[derive(Debug)]
pub(super) struct Published {
    path: PathBuf,
    text: String,
}

impl Published {
    /// Writes the file into its folder, which is made if it is not there.
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

impl Drop for Published {
    fn drop(&mut self) {
        if fs::read(&self.path).is_ok_and(|text| text == self.text.as_bytes()) {
            // Whoever wants it gone has it gone; a file that stays is found to be dead.
            let _ = fs::remove_file(&self.path);
        }
    }
}
