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

/// The rejected files, by their paths and by what is wrong: a file itself, or the starts of what it is of.
/// Several plugins may have one path: the further names of a plugin, and those of one host's program.
#[derive(Debug, Default)]
pub(super) struct Rejected(BTreeMap<(PathBuf, Subject), Rejection>);

/// What is rejected under a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// The file.
    File,
    /// The starts of a plugin, for a reason that holds for all its instances if it has several.
    Plugin(PluginId),
    /// The starts of one of several instances.
    Instance(PluginId, usize),
}

impl Subject {
    /// The starts of a plugin, or of one of its instances.
    pub(super) fn of(plugin: &PluginId, instance: Option<usize>) -> Self {
        match instance {
            None => Self::Plugin(plugin.clone()),
            Some(instance) => Self::Instance(plugin.clone(), instance),
        }
    }
}

#[derive(Debug)]
struct Rejection {
    reason: String,
    /// The plugin that the file is of, if that is known.
    plugin: Option<PluginId>,
}

impl Rejected {
    /// Notes that a file cannot be used, in place of what was wrong with it before. Returns false if it was
    /// rejected for the same reason before.
    pub(super) fn insert(&mut self, path: &Path, plugin: Option<PluginId>, reason: &str) -> bool {
        let is_new = !self.has(path, reason);
        self.remove(path);
        let rejection = Rejection { reason: reason.into(), plugin };
        self.0.insert((path.into(), Subject::File), rejection);
        is_new
    }

    /// Notes that a start has failed. Returns false if the path was rejected for the same reason before,
    /// perhaps under another of a plugin's names.
    pub(super) fn insert_start(
        &mut self,
        path: &Path,
        plugin: &PluginId,
        instance: Option<usize>,
        reason: &str,
    ) -> bool {
        let is_new = !self.has(path, reason);
        let rejection = Rejection { reason: reason.into(), plugin: Some(plugin.clone()) };
        self.0.insert((path.into(), Subject::of(plugin, instance)), rejection);
        is_new
    }

    fn has(&self, path: &Path, reason: &str) -> bool {
        self.of_path(path).any(|(_, file)| file.reason == reason)
    }

    fn of_path(&self, path: &Path) -> impl Iterator<Item = (&(PathBuf, Subject), &Rejection)> {
        let first = (path.to_path_buf(), Subject::File);
        self.0.range(first..).take_while(move |((other, _), _)| other == path)
    }

    /// Forgets everything that is wrong with a path.
    pub(super) fn remove(&mut self, path: &Path) {
        let keys: Vec<_> = self.of_path(path).map(|(key, _)| key.clone()).collect();
        keys.iter().for_each(|key| drop(self.0.remove(key)));
    }

    /// Forgets the failed starts of a plugin, as far as they are about this instance if it has several.
    pub(super) fn remove_starts(
        &mut self,
        path: &Path,
        plugin: &PluginId,
        instance: Option<usize>,
    ) {
        for subject in [Subject::of(plugin, None), Subject::of(plugin, instance)] {
            self.0.remove(&(path.into(), subject));
        }
    }

    /// How many paths are rejected.
    pub(super) fn len(&self) -> usize {
        let mut paths: Vec<_> = self.0.keys().map(|(path, _)| path).collect();
        paths.dedup();
        paths.len()
    }

    /// The rejection because of which a plugin is not known: of its file, of a file that is named
    /// after it, or of the folder.
    pub(super) fn of(&self, id: &PluginId, folder: &Path) -> Option<RejectedFile> {
        let of_plugin = || self.0.iter().find(|(_, file)| file.plugin.as_ref() == Some(id));
        // Of a file that cannot be read, only the name can tell. The original writes no dot.
        let names = [format!("{id}"), format!("{}{}", id.namespace(), id.name()), id.name().into()];
        let of_name = || {
            names.iter().find_map(|name| {
                self.of_path(&folder.join(format!("{name}.{}", pconf::EXTENSION)))
                    .find(|(_, file)| file.plugin.is_none())
            })
        };
        let found = of_plugin().or_else(of_name).or_else(|| self.of_path(folder).next());
        let ((path, _), file) = found?;
        Some(RejectedFile { path: path.clone(), reason: file.reason.clone() })
    }

    /// All of them, sorted by their paths: each reason once.
    pub(super) fn list(&self) -> Vec<RejectedFile> {
        let files = self.0.iter();
        let mut list: Vec<RejectedFile> = Vec::with_capacity(files.len());
        for ((path, _), Rejection { reason, .. }) in files {
            let mut of_path = list.iter().rev().take_while(|known| known.path == *path);
            if !of_path.any(|known| known.reason == *reason) {
                list.push(RejectedFile { path: path.clone(), reason: reason.clone() });
            }
        }
        list
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
    fn what_is_wrong_with_one_name_stays_when_another_starts() {
        let mut rejected = Rejected::default();
        let path = Path::new("/plugins/x.A.pconf");
        let reasons = |rejected: &Rejected| -> Vec<_> {
            rejected.list().into_iter().map(|file| file.reason).collect()
        };
        let (a, b) = (id("A", "x"), id("B", "x"));
        assert!(rejected.insert_start(path, &a, None, "a does not start"));
        assert!(rejected.insert_start(path, &b, Some(0), "b does not start: instance 0"));
        assert!(rejected.insert_start(path, &b, Some(1), "b does not start: instance 1"));
        assert!(rejected.insert_start(path, &b, None, "another digest"));
        assert!(!rejected.insert_start(path, &a, None, "another digest"));
        assert_eq!(rejected.len(), 1);
        let of_instances = ["b does not start: instance 0", "b does not start: instance 1"];
        assert_eq!(reasons(&rejected)[1..], of_instances);
        assert_eq!(reason(&rejected, &b).unwrap(), "another digest");
        rejected.remove_starts(path, &b, Some(0));
        assert_eq!(reasons(&rejected), ["another digest", of_instances[1]]);
        rejected.remove_starts(path, &a, None);
        assert_eq!(reasons(&rejected), of_instances[1..]);
        assert!(rejected.insert(path, None, "empty"));
        assert_eq!(reasons(&rejected), ["empty"]);
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
