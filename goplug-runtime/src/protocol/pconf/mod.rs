//! The `.pconf` file: describes a plugin in its folder.
//!
//! Keys may be in any case, and unknown keys are kept. Everything else is checked strictly, and each
//! fault is one sentence that names the key: people read it in a `Rejected` event. A [`Pconf`]
//! follows all rules, so that nothing has to be checked again.

mod digests;
mod near_miss;
mod read;
mod remote;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use digests::Digests;
pub use read::Announcement;
use read::{RawJson, exec, permissions, protocol, sock, url, version};

use super::descriptor::{
    CallbackDescriptor, Descriptor, MethodDescriptor, ServiceDescriptor, TypeDescriptor,
};
use super::indented;
use super::name::{InvalidName, PluginId};
use super::permissions::Permissions;
use super::wire;

/// The extension of the file's name.
pub const EXTENSION: &str = "pconf";

/// Why a `.pconf` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PconfError {
    /// The file has no content.
    #[error("the file is empty")]
    Empty,
    /// The content is UTF-16 or UTF-32.
    #[error("it is not in UTF-8, but begins with the mark of another encoding; save it as UTF-8")]
    Encoding,
    /// The content is not a JSON object.
    #[error("not a JSON object: {0}")]
    Json(#[source] serde_json::Error),
    /// A name or namespace is not allowed.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A key is missing or has a value that it cannot have.
    #[error("{key}: {reason}")]
    Key {
        /// The key, as the protocol writes it.
        key: &'static str,
        /// What is wrong, for people.
        reason: String,
    },
}

/// The content of a `.pconf` file.
#[derive(Clone, Debug, PartialEq)]
pub struct Pconf {
    id: PluginId,
    /// As which plugin the program answers, if that is another name.
    alias_of: Option<PluginId>,
    url: String,
    sock: Option<PathBuf>,
    lazy_load: bool,
    version: Option<semver::Version>,
    protocol: u32,
    exec: Option<Vec<String>>,
    sha256: Option<Digests>,
    development: bool,
    methods: Vec<MethodDescriptor>,
    callbacks: Vec<CallbackDescriptor>,
    needs: Vec<ServiceDescriptor>,
    wants: Vec<ServiceDescriptor>,
    permissions: Permissions,
    configuration: Option<TypeDescriptor>,
    definitions: Arc<Map<String, Value>>,
    /// Unknown keys, which are kept when the file is rewritten.
    other: Vec<(String, RawJson)>,
}

impl Pconf {
    /// The `.pconf` of a plugin with this descriptor. It still needs a socket or a program: see
    /// [`Pconf::with_sock`] and [`Pconf::with_exec`].
    ///
    /// # Errors
    /// [`PconfError`] for a name that goplug does not write, a version that is not a semantic
    /// version, protocol 0, or a permission that cannot be asked for.
    pub fn of(descriptor: Descriptor) -> Result<Self, PconfError> {
        let id = PluginId::new(&descriptor.name, &descriptor.namespace)?;
        Ok(Self {
            url: wire::default_url(id.name(), id.namespace()),
            id,
            alias_of: None,
            sock: None,
            lazy_load: false,
            version: descriptor.version.as_deref().map(version).transpose()?,
            protocol: protocol(descriptor.protocol)?,
            exec: None,
            sha256: None,
            development: false,
            methods: descriptor.methods,
            callbacks: descriptor.callbacks,
            needs: descriptor.needs,
            wants: descriptor.wants,
            permissions: permissions(descriptor.permissions)?,
            configuration: descriptor.configuration,
            definitions: descriptor.definitions,
            other: Vec::new(),
        })
    }

    /// Sets the URL.
    ///
    /// # Errors
    /// [`PconfError::Key`] unless it has a scheme, an authority and no path, or is that of a remote plugin.
    pub fn with_url(mut self, text: &str) -> Result<Self, PconfError> {
        self.url = url(&self.id, Some(text.into()))?;
        Ok(self)
    }

    /// The same file under another name. The program answers as the plugin that it is.
    #[must_use]
    pub fn with_alias(self, alias: PluginId) -> Self {
        let plugin = self.plugin().clone();
        let url = match self.remote() {
            Some(_) => self.url.clone(),
            None => wire::default_url(alias.name(), alias.namespace()),
        };
        let alias_of = (plugin != alias).then_some(plugin);
        Self { id: alias, alias_of, url, ..self }
    }

    /// Sets the path of the socket.
    ///
    /// # Errors
    /// [`PconfError::Key`] if the path is empty, is not UTF-8, or holds a zero byte.
    pub fn with_sock(self, path: impl Into<PathBuf>) -> Result<Self, PconfError> {
        Ok(Self { sock: Some(sock(path.into())?), ..self })
    }

    /// Sets whether the plugin is loaded only on demand.
    #[must_use]
    pub fn with_lazy_load(self, lazy_load: bool) -> Self {
        Self { lazy_load, ..self }
    }

    /// Sets the program and its arguments.
    ///
    /// # Errors
    /// [`PconfError::Key`] if there is no program, or its relative path leaves the folder.
    pub fn with_exec(self, argv: Vec<String>) -> Result<Self, PconfError> {
        Ok(Self { exec: Some(exec(argv)?), ..self })
    }

    /// Sets the digest of the program: 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`PconfError::Key`] for anything else.
    pub fn with_sha256(self, digest: &str) -> Result<Self, PconfError> {
        self.with_digests(Digests::of_program(digest))
    }

    /// Sets the digests of several files. Their paths are relative to the file's folder, or absolute.
    ///
    /// # Errors
    /// [`PconfError::Key`] if a path is empty or given twice, or a digest is not 64 hexadecimal
    /// digits.
    pub fn with_sha256_of_files(
        self,
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, PconfError> {
        self.with_digests(Digests::of_files(files))
    }

    fn with_digests(self, digests: Result<Digests, String>) -> Result<Self, PconfError> {
        match digests {
            Ok(digests) => Ok(Self { sha256: Some(digests), ..self }),
            Err(reason) => Err(PconfError::Key { key: "Sha256", reason }),
        }
    }

    /// The plugin's name and namespace.
    pub fn id(&self) -> &PluginId {
        &self.id
    }

    /// The plugin that the program is, as which it answers: [`Pconf::id`], unless this file gives it
    /// another name.
    pub fn plugin(&self) -> &PluginId {
        self.alias_of.as_ref().unwrap_or(&self.id)
    }

    /// The plugin's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path of the socket, relative to `folder`, in which the file lies; absolute if `folder`
    /// is. `None` if the file names no socket: then the registry starts the plugin.
    pub fn sock_path(&self, folder: &Path) -> Option<PathBuf> {
        self.sock.as_ref().map(|sock| folder.join(sock))
    }

    /// Whether the plugin is loaded only on demand.
    pub fn lazy_load(&self) -> bool {
        self.lazy_load
    }

    /// Whether the program may change at any time, since it is being developed.
    pub fn is_in_development(&self) -> bool {
        self.development
    }

    /// The plugin's version.
    pub fn version(&self) -> Option<&semver::Version> {
        self.version.as_ref()
    }

    /// The protocol version that the file claims; 1 if it claims none. The version that the plugin
    /// really speaks is known after its activation.
    pub fn protocol(&self) -> u32 {
        self.protocol
    }

    /// The program and its arguments; `None` for a plugin that starts itself.
    pub fn exec(&self) -> Option<&[String]> {
        self.exec.as_deref()
    }

    /// The path of the program, relative to `folder`, in which the file lies; absolute if `folder`
    /// is. `None` for a plugin that starts itself.
    pub fn program(&self, folder: &Path) -> Option<PathBuf> {
        self.exec.as_ref().and_then(|argv| argv.first()).map(|program| folder.join(program))
    }

    /// The program's SHA-256 digest, in lower-case hexadecimal digits.
    pub fn sha256(&self) -> Option<&str> {
        match self.sha256.as_ref()? {
            Digests::Program(digest) => Some(digest),
            Digests::Files(digests) => {
                let program = self.exec()?.first()?;
                let place = digests.binary_search_by(|(file, _)| file.cmp(program)).ok()?;
                Some(&digests[place].1)
            }
        }
    }

    /// The files that have to have these SHA-256 digests before the plugin is started. The paths
    /// are relative to `folder`, in which the file lies; absolute if `folder` is.
    pub fn digests(&self, folder: &Path) -> Vec<(PathBuf, &str)> {
        match &self.sha256 {
            None => Vec::new(),
            Some(Digests::Program(digest)) => {
                self.program(folder).map(|program| (program, digest.as_str())).into_iter().collect()
            }
            Some(Digests::Files(digests)) => {
                let digests = digests.iter();
                digests.map(|(file, digest)| (folder.join(file), digest.as_str())).collect()
            }
        }
    }

    /// The methods that the file names.
    pub fn methods(&self) -> &[MethodDescriptor] {
        &self.methods
    }

    /// The callbacks that the file names.
    pub fn callbacks(&self) -> &[CallbackDescriptor] {
        &self.callbacks
    }

    /// The services of its host that the plugin needs, as the file says.
    pub fn needs(&self) -> &[ServiceDescriptor] {
        &self.needs
    }

    /// The services of its host that the plugin uses and can do without, as the file says.
    pub fn wants(&self) -> &[ServiceDescriptor] {
        &self.wants
    }

    /// What the plugin asks of its host beside services.
    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    /// What the plugin reads at its activation, as the file says.
    pub fn configuration(&self) -> Option<&TypeDescriptor> {
        self.configuration.as_ref()
    }

    /// The schemas that others share, by name; see [`Descriptor::definitions`].
    pub fn definitions(&self) -> &Arc<Map<String, Value>> {
        &self.definitions
    }

    /// What the file says of the plugin; `None` if it names no method and no callback.
    pub fn descriptor(&self) -> Option<Descriptor> {
        let is_empty = self.methods.is_empty() && self.callbacks.is_empty();
        (!is_empty).then(|| Descriptor {
            version: self.version.as_ref().map(ToString::to_string),
            protocol: self.protocol,
            methods: self.methods.clone(),
            callbacks: self.callbacks.clone(),
            needs: self.needs.clone(),
            wants: self.wants.clone(),
            permissions: self.permissions.clone(),
            configuration: self.configuration.clone(),
            definitions: Arc::clone(&self.definitions),
            ..Descriptor::new(self.plugin().name(), self.plugin().namespace())
        })
    }

    /// The file's name: `<NameSpace>.<Name>.pconf`, or `<Name>.pconf`.
    pub fn file_name(&self) -> String {
        format!("{}.{EXTENSION}", self.id)
    }

    /// The file's content: an indented JSON object and a line end.
    pub fn to_json(&self) -> String {
        // Strings, numbers and paths in UTF-8: serializing them cannot fail.
        let mut text = indented(&serde_json::to_vec(self).unwrap_or_default());
        text.push('\n');
        text
    }
}

impl Pconf {
    /// Writes what a descriptor says too.
    fn serialize_descriptor<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if !self.methods.is_empty() {
            map.serialize_entry("Methods", &self.methods)?;
        }
        if !self.callbacks.is_empty() {
            map.serialize_entry("Callbacks", &self.callbacks)?;
        }
        if !self.needs.is_empty() {
            map.serialize_entry("Needs", &self.needs)?;
        }
        if !self.wants.is_empty() {
            map.serialize_entry("Wants", &self.wants)?;
        }
        if !self.permissions.is_empty() {
            map.serialize_entry("Permissions", &self.permissions)?;
        }
        if let Some(configuration) = &self.configuration {
            map.serialize_entry("ConfigurationType", configuration)?;
        }
        if !self.definitions.is_empty() {
            map.serialize_entry("$defs", &self.definitions)?;
        }
        Ok(())
    }
}

impl Serialize for Pconf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Name", self.id.name())?;
        map.serialize_entry("NameSpace", self.id.namespace())?;
        if let Some(plugin) = &self.alias_of {
            map.serialize_entry("AliasOf", &plugin.to_string())?;
        }
        map.serialize_entry("Url", &self.url)?;
        if let Some(sock) = &self.sock {
            map.serialize_entry("Sock", sock)?;
        }
        map.serialize_entry("LazyLoad", &self.lazy_load)?;
        if let Some(version) = &self.version {
            map.serialize_entry("Version", version)?;
        }
        if self.protocol != 1 {
            map.serialize_entry("Protocol", &self.protocol)?;
        }
        if let Some(exec) = &self.exec {
            map.serialize_entry("Exec", exec)?;
        }
        if let Some(sha256) = &self.sha256 {
            map.serialize_entry("Sha256", sha256)?;
        }
        if self.development {
            map.serialize_entry("Development", &true)?;
        }
        self.serialize_descriptor(&mut map)?;
        for (key, value) in &self.other {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
