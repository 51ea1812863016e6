//! The processes that a host uses in place of starting plugins, as its environment names them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::protocol::{InvalidName, PluginId, wire};
use crate::transport::EXAMPLE_SOCKET;

/// The sockets of plugins that somebody serves by hand, for example in a debugger.
#[derive(Debug, Default)]
pub(in crate::host) struct Attached(BTreeMap<PluginId, PathBuf>);

impl Attached {
    /// Those that [`wire::ENV_ATTACH`] names.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the variable has a value of another form.
    pub(in crate::host) fn of_environment() -> Result<Self> {
        match std::env::var_os(wire::ENV_ATTACH) {
            Some(value) => Self::parse(&value),
            None => Ok(Self::default()),
        }
    }

    fn parse(value: &OsStr) -> Result<Self> {
        let wrong = |entry: &str, reason: &str| {
            Error::Configuration(format!(
                "{}: {entry:?} {reason}; write what `PROGRAM debug` prints, such as \
                 math.Calculator={EXAMPLE_SOCKET}, and a comma between several",
                wire::ENV_ATTACH
            ))
        };
        let value = value.to_str().ok_or_else(|| wrong(&value.to_string_lossy(), "is no UTF-8"))?;
        let mut attached = BTreeMap::new();
        let entries = value.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for entry in entries {
            let (name, socket) =
                entry.split_once('=').ok_or_else(|| wrong(entry, "names no socket"))?;
            let id = name
                .parse()
                .map_err(|error: InvalidName| wrong(entry, &format!("names no plugin: {error}")))?;
            if !Path::new(socket).is_absolute() {
                return Err(wrong(entry, "names a socket without its whole path"));
            }
            if attached.insert(id, socket.into()).is_some() {
                return Err(wrong(entry, "names a plugin that another entry names as well"));
            }
        }
        Ok(Self(attached))
    }

    /// The socket of this plugin's process.
    pub(in crate::host) fn socket(&self, id: &PluginId) -> Option<&Path> {
        self.0.get(id).map(PathBuf::as_path)
    }

    /// The plugins.
    pub(in crate::host) fn plugins(&self) -> impl Iterator<Item = &PluginId> {
        self.0.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &str) -> Result<Attached> {
        Attached::parse(OsStr::new(value))
    }

    #[test]
    fn each_entry_is_a_plugin_and_its_socket() {
        let (one, two) = (format!("{EXAMPLE_SOCKET}=b"), format!("{EXAMPLE_SOCKET}2"));
        let attached = parse(&format!("acme.math.Calculator={one}, Echo={two},")).unwrap();
        let calculator = PluginId::new("Calculator", "acme.math").unwrap();
        let echo = PluginId::new("Echo", "").unwrap();
        assert_eq!(attached.socket(&calculator), Some(Path::new(&one)));
        assert_eq!(attached.socket(&echo), Some(Path::new(&two)));
        assert_eq!(parse("").unwrap().plugins().count(), 0);
    }

    #[test]
    fn a_wrong_value_is_an_error_that_names_the_variable_and_the_entry() {
        for (value, reason) in [
            ("Calculator", "\"Calculator\" names no socket"),
            ("=SOCKET", "SOCKET\" names no plugin"),
            ("a/b=SOCKET", "names no plugin"),
            ("Calculator=s", "without its whole path"),
            ("C=SOCKET,C=SOCKET2", "SOCKET2\" names a plugin that another entry names"),
        ] {
            let error = parse(&value.replace("SOCKET", EXAMPLE_SOCKET)).unwrap_err().to_string();
            let quoted = format!("{EXAMPLE_SOCKET:?}");
            let reason = reason.replace("SOCKET", quoted.trim_matches('"'));
            assert!(error.contains("GOPLUG_ATTACH") && error.contains(&reason), "{error}");
        }
    }
}
