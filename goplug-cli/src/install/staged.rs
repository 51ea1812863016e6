//! A `.pconf` that is changed before a registry sees it: without a digest, or under another name.
//!
//! Hosts that watch the folder see each change of a file at once, so a file changes only if it has to,
//! and the program comes before its `.pconf`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use goplug::PluginId;
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use super::copy::beside;
use crate::failure::{Failure, Outcome};
use crate::program::written;
use crate::system::{make_public, real_path, replace};

type Keys = Map<String, Value>;

/// How a program is installed.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Without a digest, since it is built again.
    development: bool,
    /// Under this name in place of its own.
    alias: Option<PluginId>,
}

impl Entry {
    pub(super) fn new(development: bool, alias: Option<PluginId>) -> Self {
        Self { development, alias }
    }

    /// Changes what the program has written.
    fn change(&self, keys: &mut Keys) {
        if self.development {
            keys.remove("Sha256");
            keys.insert("Development".into(), true.into());
        }
        if let Some(alias) = &self.alias {
            let text = |key: &str| keys.get(key).and_then(Value::as_str).unwrap_or_default();
            let plugin = format!("{}.{}", text("NameSpace"), text("Name"));
            keys.insert("AliasOf".into(), plugin.trim_start_matches('.').into());
            // It is made of the names.
            keys.remove("Url");
            keys.insert("Name".into(), alias.name().into());
            keys.insert("NameSpace".into(), alias.namespace().into());
        }
    }

    /// Gives what is kept of an older file the name that the program knows itself by.
    fn change_back(&self, old: &mut Keys, written: &Keys) {
        if self.alias.is_some() {
            old.retain(|key, _| !["AliasOf", "Url", "Name", "NameSpace"].contains(&&**key));
            let names = ["Name", "NameSpace"].map(|key| (key, written.get(key)));
            old.extend(
                names.into_iter().filter_map(|(key, value)| Some((key.into(), value?.clone()))),
            );
        }
    }

    /// The name of the file, which the program calls like this.
    fn file_name(&self, written: &Path) -> PathBuf {
        match &self.alias {
            Some(alias) => format!("{alias}.pconf").into(),
            None => written.file_name().unwrap_or_default().into(),
        }
    }
}

/// Copies a program into a folder, and writes its `.pconf`. Returns the path of the `.pconf`. The
/// folder's path is absolute and free of links.
pub(super) async fn install_copy(program: &Path, folder: &Path, entry: &Entry) -> Outcome<PathBuf> {
    let about = |error: io::Error| Failure::unreachable(format!("{}: {error}", program.display()));
    let program = real_path(program).map_err(about)?;
    if program.starts_with(folder) {
        return Staged::install(&program, folder, entry).await;
    }
    let copy = folder.join(program.file_name().unwrap_or_default());
    let content = beside(&program, folder).map_err(about)?;
    // A program that is no plugin is not installed, and one that is there stays.
    let staged = Staged::write(&program, folder, entry).await?;
    replace(&copy, content).map_err(about)?;
    staged.put(&program, &copy, folder, entry)
}

/// A `.pconf` that no registry sees yet.
pub(super) struct Staged {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Staged {
    /// Writes the `.pconf` of a program that stays where it is. Returns its path.
    pub(super) async fn install(program: &Path, folder: &Path, entry: &Entry) -> Outcome<PathBuf> {
        Self::write(program, folder, entry).await?.put(program, program, folder, entry)
    }

    /// Has a program write its `.pconf` outside of the folder, with what is kept of the file that is
    /// there.
    async fn write(program: &Path, folder: &Path, entry: &Entry) -> Outcome<Self> {
        let staging = tempfile::Builder::new().prefix(".goplug-").tempdir_in(folder)?;
        let file = written(program, staging.path()).await?;
        if let Ok(mut old) = read(&folder.join(entry.file_name(&file))) {
            entry.change_back(&mut old, &read(&file)?);
            fs::write(&file, serde_json::to_vec(&old).map_err(io::Error::from)?)?;
            // The program keeps the keys that it does not know.
            written(program, staging.path()).await?;
        }
        Ok(Self { file, _folder: staging })
    }

    /// Puts the file into the folder, with the path by which the program is named there. A file of
    /// the same content stays.
    fn put(&self, program: &Path, named: &Path, folder: &Path, entry: &Entry) -> Outcome<PathBuf> {
        let file = folder.join(entry.file_name(&self.file));
        let about = |error: io::Error| Failure::unreachable(format!("{}: {error}", file.display()));
        let mut keys = read(&self.file).map_err(about)?;
        entry.change(&mut keys);
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

fn read(file: &Path) -> io::Result<Keys> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}
