//! The plugin's `.pconf`, for as long as the plugin serves.
//!
//! A registry may read the file the moment that it appears, so it appears whole, and only
//! after the socket listens. At the end it is removed only if it is still the one that was
//! written here: a newer plugin may have put its own in the same place.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::protocol::Pconf;

/// A file that was put into place.
#[derive(Debug)]
pub(super) struct Published {
    path: PathBuf,
    text: String,
}

impl Published {
    /// Writes the file into its folder.
    ///
    /// # Errors
    /// [`Error::Io`] names the file.
    pub(super) fn write(pconf: &Pconf, folder: &Path) -> Result<Self> {
        let path = folder.join(pconf.file_name());
        let text = pconf.to_json();
        write_atomically(&path, &text)
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

/// Puts a text into place under a name that nobody sees half written.
pub(super) fn write_atomically(path: &Path, text: &str) -> io::Result<()> {
    let temporary = temporary_name(path);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_data()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A hidden name beside the file, not ending in its extension.
fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}
