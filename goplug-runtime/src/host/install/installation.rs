//! An installed plugin: its `.pconf`, and how to start it.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::command::Command;
use super::exec_files::ExecFiles;
use super::signature::Signers;
use super::trust::{self, Distrust};
use crate::error::{Error, Result};
use crate::limits;
use crate::panic::contained;
use crate::protocol::visible::OneLine;
use crate::protocol::{Descriptor, Pconf, PluginId, visible, wire};
use crate::transport::{
    FileId, canonicalize, explain, is_passing, open_without_waiting, own_program,
};
use crate::typed::{PluginType, table};

/// Where a plugin's `.pconf` comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) enum Origin {
    /// A file of the registry's folder.
    File(PathBuf),
    /// The host's own executable.
    Embedded(PathBuf),
}

/// A valid `.pconf` and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::host) struct Installation {
    pub(in crate::host) pconf: Pconf,
    pub(in crate::host) origin: Origin,
    /// Whether the program is run even if other users may write it.
    pub(in crate::host) trusted: bool,
    /// Whether the file had to be signed: then it has to have the digests of what runs.
    pub(in crate::host) is_signed: bool,
    /// The socket of a process that is used in place of starting the plugin: somebody debugs it.
    pub(in crate::host) attached: Option<PathBuf>,
}

/// Why a `.pconf` cannot be used.
#[derive(Debug)]
pub(in crate::host) struct Unusable {
    /// The reason, for people.
    pub(in crate::host) reason: String,
    /// The plugin that the file names, if that much can be read.
    pub(in crate::host) plugin: Option<PluginId>,
    /// Whether the reason says nothing about the file, and passes by itself.
    pub(in crate::host) is_passing: bool,
}

impl Unusable {
    /// A file that cannot be looked at or read.
    pub(in crate::host) fn unread(error: &io::Error) -> Self {
        Self { is_passing: is_passing(error), ..Self::from(error.to_string()) }
    }
}

impl From<Distrust> for Unusable {
    fn from(distrust: Distrust) -> Self {
        match distrust {
            Distrust::Writable(reason) | Distrust::Unsigned(reason) => reason.into(),
            Distrust::Unknown(error) => Self::unread(&error),
        }
    }
}

impl From<String> for Unusable {
    fn from(reason: String) -> Self {
        Self { reason: visible(&reason).into_owned(), plugin: None, is_passing: false }
    }
}

impl Installation {
    /// Reads a `.pconf`. If it is `trusted`, other users may write the file and the program. If there are
    /// `signers`, one of them has to have signed it.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub(in crate::host) fn read(
        path: &Path,
        trusted: bool,
        signers: Option<&Signers>,
    ) -> Result<Self, Unusable> {
        let unreadable = |error| Unusable::unread(&error);
        // All checks are of the open file: the path may name another file by now.
        let file =
            open_without_waiting(path).map_err(|error| unreadable(explain_link(path, error)))?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "not a regular file" };
            return Err(format!("it is {what}").into());
        }
        if metadata.len() > limits::MAX_PCONF {
            return Err(format!("it is larger than {} bytes", limits::MAX_PCONF).into());
        }
        if !trusted {
            trust::check_file(&file, path)?;
        }
        let mut text = Vec::new();
        file.take(limits::MAX_PCONF + 1).read_to_end(&mut text).map_err(unreadable)?;
        if let Some(signers) = signers {
            signers.check(path, &text)?;
        }
        let unusable = |reason| Unusable { plugin: Pconf::id_of(&text), ..Unusable::from(reason) };
        let pconf = Pconf::parse(&text).map_err(|error| unusable(error.to_string()))?;
        let is_signed = signers.is_some();
        let installation =
            Self { pconf, origin: Origin::File(path.into()), trusted, is_signed, attached: None };
        installation.check().map_err(|error| match error {
            Error::Rejected { reason, .. } => unusable(reason),
            other => unusable(other.to_string()),
        })?;
        Ok(installation)
    }

    /// Logs which keys of the file are not known, but resemble known ones. Returns whether there are
    /// any.
    pub(in crate::host) fn warn_of_misspelled_keys(&self) -> bool {
        let mut has_any = false;
        for (key, known) in self.pconf.misspelled_keys() {
            has_any = true;
            contained(|| {
                tracing::warn!(
                    target: "goplug::discovery",
                    "{}: the key {key:?} is not known and ignored; is it {known}?",
                    OneLine(self.path().display())
                )
            });
        }
        has_any
    }

    /// The plugin `P`, served by this program's own executable.
    pub(in crate::host) fn embedded<P: PluginType>() -> Result<Self> {
        // Opened now, and run later: meanwhile the file may be removed or replaced.
        let program = own_program()
            .map_err(|error| Error::io("opening this program's own file", error))?
            .path()
            .to_owned();
        let mut pconf = Pconf::of(configurable::<P>()?)
            .map_err(|error| Error::Configuration(error.to_string()))?
            .with_lazy_load(P::LAZY_LOAD);
        if let Some(url) = P::URL {
            pconf = pconf.with_url(url).map_err(|error| Error::Configuration(error.to_string()))?;
        }
        // The host itself runs from this file: if others have changed it, it is too late anyway.
        Ok(Self {
            pconf,
            origin: Origin::Embedded(program),
            trusted: true,
            is_signed: false,
            attached: None,
        })
    }

    pub(in crate::host) fn id(&self) -> &PluginId {
        self.pconf.id()
    }

    /// The same program as another plugin of the registry.
    pub(in crate::host) fn under(&self, alias: &PluginId) -> Self {
        let installation = self.clone();
        Self { pconf: installation.pconf.with_alias(alias.clone()), ..installation }
    }

    /// The `.pconf`, or the program of an embedded plugin: the path that an error names.
    pub(in crate::host) fn path(&self) -> &Path {
        match &self.origin {
            Origin::File(path) | Origin::Embedded(path) => path,
        }
    }

    /// Whether the plugin is part of the host's own executable.
    pub(in crate::host) fn is_embedded(&self) -> bool {
        matches!(self.origin, Origin::Embedded(_))
    }

    /// The program that the file names; `None` if another process starts the plugin, or if it is
    /// embedded.
    pub(in crate::host) fn program(&self) -> Option<PathBuf> {
        if self.is_embedded() || self.attached.is_some() {
            return None;
        }
        self.pconf.program(self.folder())
    }

    /// The identity of the files that the plugin's process will run: of the program, and of the code
    /// that its arguments name. `None` if it is not known, or as for [`Installation::program`]. Does
    /// blocking I/O.
    pub(in crate::host) fn file_id(&self) -> Option<FileId> {
        let command = if self.is_embedded() { None } else { self.command() }?;
        let arguments = ExecFiles::arguments(&command).ok()?;
        ExecFiles::identity(&arguments, FileId::at(&command.program))
    }

    fn folder(&self) -> &Path {
        self.path().parent().unwrap_or(Path::new("/"))
    }

    /// The error that this plugin cannot be used, for this reason.
    pub(in crate::host) fn rejected(&self, reason: impl Into<String>) -> Error {
        let reason = visible(&reason.into()).into_owned();
        Error::Rejected { path: self.path().into(), reason }
    }

    /// The error that nothing answers on the socket of a plugin that another process starts.
    pub(in crate::host) fn unreachable(&self, error: &io::Error) -> Error {
        let Ok(socket) = self.socket() else { return self.rejected(error.to_string()) };
        let advice = match error.kind() {
            _ if self.attached.is_some() => {
                "; the host uses this socket because of its variable GOPLUG_ATTACH: run `PROGRAM debug`, \
                 and give the host the line that it prints"
            }
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                "; another process has to start this plugin, since its file has no Exec"
            }
            _ => "",
        };
        self.rejected(format!("its socket {}: {error}{advice}", socket.display()))
    }

    /// How to start the plugin; `None` if another process starts it. Looks at no file: before the
    /// start, [`Installation::check_program`] has to.
    pub(in crate::host) fn command(&self) -> Option<Command> {
        if self.attached.is_some() {
            return None;
        }
        if let Origin::Embedded(program) = &self.origin {
            let marker = (wire::ENV_EMBEDDED.into(), self.pconf.plugin().to_string().into());
            return Some(Command {
                program: program.clone(),
                is_own: true,
                arguments: Vec::new(),
                environment: vec![marker],
                folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
                alias: None,
                digests: Vec::new(),
                is_signed: false,
            });
        }
        let (program, argv) = (self.pconf.program(self.folder())?, self.pconf.exec()?);
        Some(Command {
            program,
            is_own: false,
            arguments: argv.iter().skip(1).map(OsString::from).collect(),
            environment: Vec::new(),
            folder: self.folder().into(),
            alias: self.alias(),
            digests: self.digests(),
            is_signed: self.is_signed,
        })
    }

    /// The further name that the file, which is called by it, gives to a plugin. Where the host has given the
    /// name, the file is that of the plugin.
    fn alias(&self) -> Option<PluginId> {
        let id = self.id();
        let is_alias = self.pconf.plugin() != id && self.path().ends_with(self.pconf.file_name());
        is_alias.then(|| id.clone())
    }

    /// Checks that links do not lead a relative program out of the folder of the `.pconf`. If there is
    /// no program, the start will report that. Does blocking I/O.
    ///
    /// # Errors
    /// [`Error::Rejected`] if they do.
    pub(in crate::host) fn check_program(&self) -> Result<()> {
        let Some(program) = self.program().filter(|_| self.has_relative_program()) else {
            return Ok(());
        };
        match (canonicalize(&program), canonicalize(self.folder())) {
            (Ok(program), Ok(folder)) if !program.starts_with(&folder) => {
                Err(self.rejected("Exec names a program outside the folder of the file"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the file names a program by a path from its own folder.
    pub(in crate::host) fn has_relative_program(&self) -> bool {
        let first = self.pconf.exec().and_then(|argv| argv.first());
        !self.is_embedded() && first.is_some_and(|first| Path::new(first).is_relative())
    }

    fn digests(&self) -> Vec<(PathBuf, String)> {
        let digests = self.pconf.digests(self.folder()).into_iter();
        digests.map(|(file, digest)| (file, digest.to_owned())).collect()
    }

    /// The socket of a plugin that another process starts.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the file names neither a program nor a socket, or if somebody debugs the
    /// plugin and it cannot be attached to.
    pub(in crate::host) fn socket(&self) -> Result<PathBuf> {
        if let Some(socket) = &self.attached {
            return self.attachable().map(|()| socket.clone());
        }
        self.pconf.sock_path(self.folder()).ok_or_else(|| {
            self.rejected("it names neither Exec nor Sock, so nothing can be called")
        })
    }

    /// # Errors
    /// [`Error::Rejected`] for a plugin of the original GoPlug: a host that leaves it ends it.
    fn attachable(&self) -> Result<()> {
        match self.pconf.protocol() {
            1 => Err(self.rejected(
                "the host's variable GOPLUG_ATTACH names it, and a plugin of the original GoPlug cannot \
                 be attached to",
            )),
            _ => Ok(()),
        }
    }

    fn check(&self) -> Result<()> {
        if self.command().is_some() {
            return Ok(());
        }
        if let Some(url) = self.remote() {
            return self.check_remote(&url);
        }
        self.socket()?;
        if self.is_signed {
            return Err(self.rejected(
                "a signature is required, and that of a file without Exec says nothing of the process \
                 that serves its socket",
            ));
        }
        Ok(())
    }
}

/// The descriptor of the plugin `P` with the schema of its configuration, and with no others: each
/// process says those of its members if they matter.
fn configurable<P: PluginType>() -> Result<Descriptor> {
    let table = table::<P>()?;
    let mut nothing = Descriptor::new(P::NAME, P::NAMESPACE);
    table.describe(&mut nothing);
    let Descriptor { configuration, definitions, .. } = nothing;
    Ok(Descriptor { configuration, definitions, ..table.descriptor::<P>() })
}

/// The error of opening a file, which may be a link to nothing.
fn explain_link(path: &Path, error: io::Error) -> io::Error {
    match path.read_link() {
        Ok(target) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!("it is a link to {}, which does not exist", target.display());
            explain(error, text)
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_it_is_not_known_who_may_write_a_file_says_nothing_against_it() {
        let unusable = Unusable::from(Distrust::Unknown(crate::transport::shortage()));
        assert!(unusable.is_passing, "{unusable:?}");
        assert!(!Unusable::from(Distrust::Writable("a reason".into())).is_passing);
    }
}
