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
use super::names;
use crate::failure::{Failure, Outcome};
use crate::pconf::Pconf;
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
    /// Into this file of the folder, in place of the one that is called as the plugin.
    file: Option<PathBuf>,
}

impl Entry {
    pub(super) fn new(development: bool, alias: Option<PluginId>) -> Self {
        Self { development, alias, file: None }
    }

    pub(super) fn has_alias(&self) -> bool {
        self.alias.is_some()
    }

    /// As a file of the folder has it.
    pub(super) fn of(file: &Path, pconf: &Pconf) -> Self {
        let alias = pconf.alias_of().and_then(|_| pconf.id());
        let file = file.file_name().map(PathBuf::from);
        Self { development: pconf.development, alias, file }
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
        match (&self.file, &self.alias) {
            (Some(file), _) => file.clone(),
            (None, Some(alias)) => format!("{alias}.pconf").into(),
            (None, None) => written.file_name().unwrap_or_default().into(),
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
    let copy = in_place(&program, folder);
    let content = beside(&program, folder).map_err(about)?;
    // A program that is no plugin is not installed, and one that is there stays.
    let staged = Staged::write(&program, folder, entry).await?;
    replace(&copy, content).map_err(about)?;
    staged.put(&program, &copy, folder, entry)
}

/// Where a program is once it is copied into a folder: where it was, if that is in the folder.
pub(super) fn in_place(program: &Path, folder: &Path) -> PathBuf {
    match program.starts_with(folder) {
        true => program.to_owned(),
        false => folder.join(program.file_name().unwrap_or_default()),
    }
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
    ///
    /// # Errors
    /// The name belongs to another plugin, or the program is none.
    pub(super) async fn write(program: &Path, folder: &Path, entry: &Entry) -> Outcome<Self> {
        let staging = tempfile::Builder::new().prefix(".goplug-").tempdir_in(folder)?;
        let file = written(program, staging.path()).await?;
        let target = folder.join(entry.file_name(&file));
        names::ensure_free(&target, &Pconf::read(&file))?;
        if let Ok(mut old) = read(&target) {
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
        if read(&file).is_ok_and(|old| old == keys) {
            return Ok(file);
        }
        let text = serde_json::to_vec_pretty(&keys).map_err(|error| about(error.into()))?;
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
