//! The files that a registry cannot use.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::panic::contained;
use crate::protocol::visible::{Lines, OneLine};
use crate::protocol::{PluginId, pconf};

/// A file of a registry's folder that cannot be used, or the folder itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedFile {
    /// The file, or the folder. The host's own program, if a plugin that is embedded in it does not
    /// start.
    pub path: PathBuf,
    /// Why it cannot be used, as a text for people.
    pub reason: String,
}

/// The path and the reason, on one line if the reason is. Safe to show: control and invisible
/// characters are written out.
impl fmt::Display for RejectedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", OneLine(self.path.display()), Lines(&self.reason))
    }
}

/// The rejected files, by their paths.
#[derive(Debug, Default)]
pub(super) struct Rejected(BTreeMap<PathBuf, Rejection>);

#[derive(Debug)]
struct Rejection {
    reason: String,
    /// The plugin that the file is of, if that is known.
    plugin: Option<PluginId>,
}

impl Rejected {
    /// Adds a file. Returns false if it was rejected for the same reason before.
    pub(super) fn insert(&mut self, path: &Path, plugin: Option<PluginId>, reason: &str) -> bool {
        if self.0.get(path).is_some_and(|known| known.reason == reason) {
            return false;
        }
        self.0.insert(path.into(), Rejection { reason: reason.into(), plugin });
        true
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.0.remove(path);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The rejection because of which a plugin is not known: of its file, of a file that is named
    /// after it, or of the folder.
    pub(super) fn of(&self, id: &PluginId, folder: &Path) -> Option<RejectedFile> {
        let of_plugin = || self.0.iter().find(|(_, file)| file.plugin.as_ref() == Some(id));
        // Of a file that cannot be read, only the name can tell. The original writes no dot.
        let names = [format!("{id}"), format!("{}{}", id.namespace(), id.name()), id.name().into()];
        let of_name = || {
            names.iter().find_map(|name| {
                self.0
                    .get_key_value(&folder.join(format!("{name}.{}", pconf::EXTENSION)))
                    .filter(|(_, file)| file.plugin.is_none())
            })
        };
        let found = of_plugin().or_else(of_name).or_else(|| self.0.get_key_value(folder))?;
        Some(RejectedFile { path: found.0.clone(), reason: found.1.reason.clone() })
    }

    /// All of them, sorted by their paths.
    pub(super) fn list(&self) -> Vec<RejectedFile> {
        let files = self.0.iter();
        files
            .map(|(path, file)| RejectedFile { path: path.clone(), reason: file.reason.clone() })
            .collect()
    }
}

/// Logs that a file is rejected.
pub(super) fn log(path: &Path, reason: &str) {
    let (shown, why) = (OneLine(path.display()), Lines(reason));
    contained(|| {
        tracing::warn!(target: "goplug::discovery", path = %shown, "rejected: {why}");
    });
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::directory::Directory;
    use super::super::settings::Settings;
    use super::*;
    use crate::host::test_log::{fields, on_event};

    #[test]
    fn each_new_reason_is_one_warning() {
        let folder = "/plugins".into();
        let settings = Settings { folder, trust_writable: true, ..Settings::default() };
        let directory = Arc::new(Directory::new(settings));
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let (kept, asked) = (Arc::clone(&warnings), Arc::clone(&directory));
        let log = on_event(move |event| {
            if *event.metadata().level() == tracing::Level::WARN {
                // A log may ask the registry for something.
                assert_eq!(asked.rejected().len(), 1);
                let fields =
                    fields(event).into_iter().map(|(name, value)| format!("{name}={value} "));
                kept.lock().unwrap().push(fields.collect::<String>());
            }
        });
        tracing::subscriber::with_default(log, || {
            for reason in ["empty", "empty", "a folder"] {
                directory.reject_path(Path::new("/plugins/a.pconf"), None, reason.into());
            }
        });
        let expected = |reason| format!("message=rejected: {reason} path=/plugins/a.pconf ");
        assert_eq!(*warnings.lock().unwrap(), [expected("empty"), expected("a folder")]);
    }

    fn id(name: &str, namespace: &str) -> PluginId {
        PluginId::read(name, namespace).unwrap()
    }

    fn reason(rejected: &Rejected, id: &PluginId) -> Option<String> {
        rejected.of(id, Path::new("/plugins")).map(|file| file.reason)
    }

    #[test]
    fn a_rejection_is_new_once() {
        let mut rejected = Rejected::default();
        assert!(rejected.insert(Path::new("/plugins/a.pconf"), None, "empty"));
        assert!(!rejected.insert(Path::new("/plugins/a.pconf"), None, "empty"));
        assert!(rejected.insert(Path::new("/plugins/a.pconf"), None, "a folder"));
        rejected.remove(Path::new("/plugins/a.pconf"));
        assert_eq!(rejected.list(), []);
    }

    #[test]
    fn the_rejection_of_a_plugin_is_found_by_its_content_and_by_the_name_of_its_file() {
        let mut rejected = Rejected::default();
        let path = |name: &str| Path::new("/plugins").join(name);
        rejected.insert(&path("other.pconf"), Some(id("A", "x")), "content");
        rejected.insert(&path("x.B.pconf"), None, "name");
        rejected.insert(&path("TestDo.pconf"), None, "original");
        rejected.insert(&path("D.pconf"), Some(id("E", "")), "of another plugin");
        assert_eq!(reason(&rejected, &id("A", "x")).unwrap(), "content");
        assert_eq!(reason(&rejected, &id("B", "x")).unwrap(), "name");
        assert_eq!(reason(&rejected, &id("Do", "Test")).unwrap(), "original");
        assert_eq!(reason(&rejected, &id("D", "")), None);
        rejected.insert(Path::new("/plugins"), None, "folder");
        assert_eq!(reason(&rejected, &id("D", "")).unwrap(), "folder");
    }
}
