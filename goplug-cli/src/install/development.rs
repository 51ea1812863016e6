//! Installing a program that is built again and again.
//!
//! Hosts that watch the folder see each change of a file at once, so a file changes only if it has to,
//! and the program comes before its `.pconf`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use super::copy::beside;
use crate::failure::{Failure, Outcome};
use crate::program::written;
use crate::system::{make_public, real_path, replace};

/// Copies a program into a folder, and writes its `.pconf` without a digest. Returns the path of the
/// `.pconf`. The folder's path is absolute and free of links.
pub(crate) async fn install_for_development(program: &Path, folder: &Path) -> Outcome<PathBuf> {
    let about = |error: io::Error| Failure::unreachable(format!("{}: {error}", program.display()));
    let program = real_path(program).map_err(about)?;
    if program.starts_with(folder) {
        return write_pconf(&program, folder).await;
    }
    let copy = folder.join(program.file_name().unwrap_or_default());
    let content = beside(&program, folder).map_err(about)?;
    // A program that is no plugin is not installed, and one that is there stays.
    let staged = Staged::write(&program, folder).await?;
    replace(&copy, content).map_err(about)?;
    staged.put(&program, &copy, folder)
}

/// Writes the `.pconf` of a program that stays where it is, without a digest. Returns its path.
pub(super) async fn write_pconf(program: &Path, folder: &Path) -> Outcome<PathBuf> {
    Staged::write(program, folder).await?.put(program, program, folder)
}

/// A `.pconf` that no registry sees yet.
struct Staged {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Staged {
    /// Has a program write its `.pconf` outside of the folder, with what is kept of the file that is
    /// there.
    async fn write(program: &Path, folder: &Path) -> Outcome<Self> {
        let staging = tempfile::Builder::new().prefix(".goplug-").tempdir_in(folder)?;
        let file = written(program, staging.path()).await?;
        let name = file.file_name().unwrap_or_default();
        if fs::copy(folder.join(name), &file).is_ok() {
            // The program keeps the keys that it does not know.
            written(program, staging.path()).await?;
        }
        Ok(Self { file, _folder: staging })
    }

    /// Puts the file into the folder, with the path by which the program is named there. A file of
    /// the same content stays.
    fn put(&self, program: &Path, named: &Path, folder: &Path) -> Outcome<PathBuf> {
        let file = folder.join(self.file.file_name().unwrap_or_default());
        let about = |error: io::Error| Failure::unreachable(format!("{}: {error}", file.display()));
        let text = fs::read(&self.file).map_err(about)?;
        let mut keys: Map<String, Value> =
            serde_json::from_slice(&text).map_err(|error| about(error.into()))?;
        keys.remove("Sha256");
        keys.insert("Development".into(), true.into());
        if let Some(first) = keys.get_mut("Exec").and_then(|exec| exec.get_mut(0))
            && first.as_str().is_some_and(|first| Path::new(first) == program)
        {
            let named = named.strip_prefix(folder).unwrap_or(named);
            *first = named.to_string_lossy().into_owned().into();
        }
        let text = serde_json::to_vec_pretty(&keys).map_err(|error| about(error.into()))?;
        if fs::read(&file).is_ok_and(|old| old == text) {
            return Ok(file);
        }
        let mut new = NamedTempFile::with_prefix_in(".goplug-", folder).map_err(about)?;
        new.write_all(&text).map_err(about)?;
        make_public(new.as_file(), false).map_err(about)?;
        replace(&file, new).map_err(about)?;
        Ok(file)
    }
}
