//! Which folders decide to what a path leads: its folder, and the folder of what is there if links lead
//! elsewhere. Folders above are left out: in the root of a volume, all users may make folders, and yet
//! exchange none. So are links, which only administrators make.

use std::io;
use std::path::Path;

use crate::transport::{PathLookup, canonicalize};

impl PathLookup {
    /// Follows a path as the system does. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    pub fn of(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        // The last name may be missing.
        let real = canonicalize(&path).unwrap_or_else(|_| path.clone());
        let mut folders = Vec::new();
        for folder in [&path, &real].into_iter().filter_map(|path| path.parent()) {
            if !folders.iter().any(|known| known == folder) {
                folders.push(folder.into());
            }
        }
        Ok(Self { folders, links: Vec::new() })
    }

    /// The same for a folder: nothing, as a folder above it is left out.
    ///
    /// # Errors
    /// None.
    pub fn of_folder(_path: &Path) -> io::Result<Self> {
        Ok(Self { folders: Vec::new(), links: Vec::new() })
    }
}
