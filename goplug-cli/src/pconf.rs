//! The keys of a `.pconf` that say where a plugin comes from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use goplug::protocol::{Permissions, ServiceDescriptor};
use goplug::{Permission, PluginId};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::system::real_path;

/// Whether a path is that of a file that describes a plugin, by its name.
pub(crate) fn is_pconf(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "pconf")
}

/// The files of a folder that describe plugins, by name. A folder that cannot be read has none.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| is_pconf(path)).collect();
    files.sort();
    files
}

/// The content of a regular file. Of a pipe, for example, nothing may ever come.
///
/// # Errors
/// The system's error, or that it is another kind of file.
pub(crate) fn read_regular(file: &Path) -> io::Result<Vec<u8>> {
    ensure_regular(file)?;
    fs::read(file)
}

/// An error that says what is at this path, unless it is a regular file or a link to it.
pub(crate) fn ensure_regular(file: &Path) -> io::Result<()> {
    let found = fs::metadata(file)?;
    match (found.is_file(), found.is_dir()) {
        (true, _) => Ok(()),
        (_, true) => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Where a plugin comes from, as its file says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Pconf {
    name: Option<String>,
    name_space: Option<String>,
    /// The plugin that the program is, if this is a further name of it.
    alias_of: Option<String>,
    /// Whether the program is built again and again.
    pub(crate) development: bool,
    /// The program as the file names it, and its arguments.
    exec: Option<Vec<String>>,
    /// The socket as the file names it.
    pub(crate) sock: Option<PathBuf>,
    /// Digests of what the plugin runs.
    sha256: Option<IgnoredAny>,
    needs: Vec<ServiceDescriptor>,
    wants: Vec<ServiceDescriptor>,
    permissions: Permissions,
    /// The folder of the file, from which relative paths begin.
    #[serde(skip)]
    folder: PathBuf,
}

impl Pconf {
    /// Permissions as a sentence has them.
    pub(crate) fn list(permissions: &[Permission]) -> String {
        permissions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Reads a file. One that cannot be read says nothing: a registry has a reason for it.
    pub(crate) fn read(file: &Path) -> Self {
        let text = read_regular(file).unwrap_or_default();
        let keys: Self = serde_json::from_slice(&text).unwrap_or_default();
        let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
        Self { folder, ..keys }
    }

    /// The name by which hosts know the plugin.
    pub(crate) fn id(&self) -> Option<PluginId> {
        PluginId::read(self.name.as_deref()?, self.name_space.as_deref().unwrap_or_default()).ok()
    }

    /// The plugin that the program is, if the file gives it another name.
    pub(crate) fn alias_of(&self) -> Option<PluginId> {
        let plugin = self.alias_of.as_ref()?.parse().ok();
        plugin.filter(|plugin| self.id().as_ref() != Some(plugin))
    }

    /// The plugin that the program is.
    pub(crate) fn plugin(&self) -> Option<PluginId> {
        self.alias_of().or_else(|| self.id())
    }

    /// Whether a file is among what the plugin runs: its program, or a script of an interpreter. The path is
    /// a real one.
    pub(crate) fn runs(&self, file: &Path) -> bool {
        let mut words = self.exec.iter().flatten();
        words.any(|word| real_path(self.folder.join(word)).is_ok_and(|path| path == file))
    }

    /// Whether a change of what the plugin runs is noticed.
    pub(crate) fn has_digest(&self) -> bool {
        self.sha256.is_some()
    }

    /// What the plugin asks of its host.
    pub(crate) fn asks(&self) -> Vec<Permission> {
        let services = self.needs.iter().chain(&self.wants);
        let services = services.map(|service| Permission::Service(service.name.clone()));
        self.permissions.iter().chain(services).collect()
    }

    /// The program as the file names it.
    pub(crate) fn exec(&self) -> Option<&str> {
        self.exec.as_ref()?.first().map(String::as_str)
    }

    /// The path of the program. One without a slash is in the folder too: `PATH` is not searched.
    pub(crate) fn program(&self) -> Option<PathBuf> {
        Some(self.folder.join(self.exec()?))
    }

    /// The path of the socket.
    pub(crate) fn socket(&self) -> Option<PathBuf> {
        Some(self.folder.join(self.sock.as_ref()?))
    }
}
