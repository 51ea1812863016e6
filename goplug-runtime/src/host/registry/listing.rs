//! The half of a scan that reads the folder. It blocks, and changes nothing.
//!
//! Only an error that says that there is nothing means that a file or the folder is gone. Every other
//! error of looking leaves what is known as it is, and is a rejection with the reason.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::settings::Settings;
use crate::error::Error;
use crate::host::install::trust::{self, Distrust};
use crate::host::install::{Installation, Unusable, path_of_signature};
use crate::host::looks::{Looks, Row};
use crate::protocol::pconf;
use crate::transport::{FileId, FileStamp, has_extension, is_absent, is_passing};

/// The result of a scan.
pub(super) struct FolderScan {
    /// All files that exist; `None` if that is not known.
    pub(super) present: Option<BTreeSet<PathBuf>>,
    /// Why the folder itself cannot be used, if so.
    pub(super) rejection: Option<String>,
    /// The files that were new or changed.
    pub(super) changed: Vec<ScannedFile>,
    /// Whether something could not be read for a reason that passes by itself.
    pub(super) is_incomplete: bool,
}

/// A file that was read.
pub(super) struct ScannedFile {
    pub(super) path: PathBuf,
    /// The file's stamp before it was read; `None` if it has none.
    pub(super) stamp: Option<PconfStamp>,
    /// Whether the file is new or has another stamp than before. A file that changed a moment ago is
    /// read again all the same.
    pub(super) is_news: bool,
    /// What the file describes, or why it cannot be used.
    pub(super) installation: Result<Installation, Unusable>,
    /// The program that the file names, as it was then: as one that is not there if it did not answer,
    /// so that it is noticed when it does. `None` if the file names none.
    pub(super) program: Option<FileId>,
}

/// What is known of a file: whether it has to be read again.
pub(super) trait KnownStamps {
    /// The stamp of a file that was read; `None` if it has to be read in any case.
    fn stamp(&self, path: &Path) -> Option<PconfStamp>;
}

/// The stamp of a `.pconf`, and that of its signature where signatures are required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PconfStamp {
    file: FileStamp,
    signature: Option<FileStamp>,
}

impl PconfStamp {
    /// The stamp of the file at a path; `None` if there is no file. Does blocking I/O.
    ///
    /// # Errors
    /// The system's error.
    fn at(path: &Path, is_signed: bool) -> io::Result<Option<Self>> {
        let Some(file) = FileStamp::at(path)? else { return Ok(None) };
        let signature = if is_signed { FileStamp::at(&path_of_signature(path))? } else { None };
        Ok(Some(Self { file, signature }))
    }

    /// Whether a later change would give another stamp.
    fn is_settled(&self) -> bool {
        self.file.is_settled() && self.signature.is_none_or(|stamp| stamp.is_settled())
    }
}

/// Lists the folder and reads the files that have changed. Blocks.
pub(super) fn scan(settings: &Settings, known: &impl KnownStamps, looks: &Looks) -> FolderScan {
    let mut looks = looks.row();
    let mut scan =
        FolderScan { present: None, rejection: None, changed: Vec::new(), is_incomplete: false };
    let mut present = match list(&settings.folder) {
        Ok(present) => present,
        Err(error) => {
            scan.is_incomplete = is_passing(&error);
            scan.rejection = Some(unreadable(&error));
            return scan;
        }
    };
    if !settings.trust_writable
        && let Err(unusable) = check_folder(&settings.folder)
    {
        // Known plugins stay: their files were read while the folder could be trusted. New files
        // may be from anybody, and are not read.
        scan.is_incomplete = unusable.is_passing;
        scan.rejection = Some(unusable.reason);
    } else {
        present.retain(|path| match read_if_changed(path, settings, known, &mut looks) {
            Read::Unchanged => true,
            Read::Absent => false,
            Read::Changed(file) => {
                let passes = file.installation.as_ref().is_err_and(|error| error.is_passing);
                scan.is_incomplete |= passes;
                scan.changed.push(*file);
                true
            }
        });
    }
    scan.present = Some(present);
    scan
}

/// Why a folder that cannot be read is rejected.
pub(super) fn unreadable(error: &io::Error) -> String {
    format!("the folder cannot be read: {error}")
}

/// What came of a look at a file.
enum Read {
    Unchanged,
    Absent,
    Changed(Box<ScannedFile>),
}

fn read_if_changed(
    path: &Path,
    settings: &Settings,
    known: &impl KnownStamps,
    looks: &mut Row<'_>,
) -> Read {
    let known = known.stamp(path);
    let file = |stamp: Option<PconfStamp>, installation, program| {
        let is_news = stamp.is_none() || stamp != known;
        Read::Changed(Box::new(ScannedFile {
            path: path.into(),
            stamp,
            is_news,
            installation,
            program,
        }))
    };
    // Taken before the file is read: a change in between is found by the next scan.
    let stamp = match PconfStamp::at(path, settings.signers.is_some()) {
        Ok(stamp) => stamp,
        Err(error) => return file(None, Err(Unusable::unread(&error)), None),
    };
    if stamp.is_some_and(|stamp| Some(stamp) == known && stamp.is_settled()) {
        return Read::Unchanged;
    }
    let installation = Installation::read(path, settings.trust_writable, settings.signers.as_ref());
    // A file that was removed meanwhile is absent, not unusable. A link to nothing is there.
    if installation.is_err() && path.symlink_metadata().is_err_and(|error| is_absent(&error)) {
        return Read::Absent;
    }
    let looked = installation.and_then(|installation| look_at_program(installation, looks));
    match looked {
        Ok((installation, program)) => file(stamp, Ok(installation), program),
        Err(unusable) => file(stamp, Err(unusable), None),
    }
}

/// Looks at the program that a file names. If that does not answer, its start will tell.
fn look_at_program(
    installation: Installation,
    looks: &mut Row<'_>,
) -> Result<(Installation, Option<FileId>), Unusable> {
    let Some(program) = installation.program() else { return Ok((installation, None)) };
    let named = installation.clone();
    let look = move || (named.check_program(), named.file_id());
    let Some((checked, id)) = looks.look(installation.path(), look) else {
        return Ok((installation, Some(FileId::absent(&program))));
    };
    match checked {
        // What could not be looked at is taken for absent too, so that it is noticed when it can be.
        Ok(()) => Ok((installation, id.or_else(|| Some(FileId::absent(&program))))),
        Err(Error::Rejected { reason, .. }) => {
            Err(Unusable { plugin: Some(installation.id().clone()), ..Unusable::from(reason) })
        }
        Err(other) => Err(other.to_string().into()),
    }
}

/// # Errors
/// The reason not to trust the folder.
fn check_folder(folder: &Path) -> Result<(), Unusable> {
    match trust::check_folder(folder) {
        Err(Distrust::Unknown(error)) if is_absent(&error) => Ok(()),
        checked => checked.map_err(Unusable::from),
    }
}

/// The folder's `.pconf` files, sorted; none if there is no such folder. Hidden files are left out,
/// since they are the temporary files of other programs.
///
/// # Errors
/// The folder, or one of its entries, cannot be read: then it is not known what is in it.
fn list(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // A file in the place of the folder is an error: it is not what somebody meant to do.
        Err(error) if is_absent(&error) && FileStamp::at(folder)?.is_none() => {
            return Ok(BTreeSet::new());
        }
        Err(error) => return Err(error),
    };
    let mut files = BTreeSet::new();
    for entry in entries {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        if !hidden && has_extension(&path, pconf::EXTENSION) {
            files.insert(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::time::UNIX_EPOCH;

    use super::*;

    #[derive(Default)]
    struct Stamps(BTreeMap<PathBuf, PconfStamp>);

    impl KnownStamps for Stamps {
        fn stamp(&self, path: &Path) -> Option<PconfStamp> {
            self.0.get(path).copied()
        }
    }

    impl Stamps {
        /// The stamps after a scan.
        fn after(scan: &FolderScan) -> Self {
            let files = scan.changed.iter();
            Self(files.filter_map(|file| Some((file.path.clone(), file.stamp?))).collect())
        }
    }

    fn settings(folder: &Path) -> Settings {
        Settings { folder: folder.into(), trust_writable: true, ..Settings::default() }
    }

    fn look(folder: &Path, known: &Stamps) -> FolderScan {
        scan(&settings(folder), known, &Looks::default())
    }

    fn pconf(version: &str) -> String {
        let program = std::env::current_exe().unwrap();
        serde_json::json!({"Name": "A", "Version": version, "Exec": [program]}).to_string()
    }

    /// Writes a file with a time that does not tell it from others, as installers do.
    fn put(path: &Path, content: &str) {
        fs::write(path, content).unwrap();
        fs::File::options().append(true).open(path).unwrap().set_modified(UNIX_EPOCH).unwrap();
    }

    fn version(scan: &FolderScan) -> String {
        let [file] = &scan.changed[..] else { panic!("{} files", scan.changed.len()) };
        file.installation.as_ref().unwrap().pconf.version().unwrap().to_string()
    }

    #[test]
    fn a_file_that_was_replaced_by_one_of_equal_length_and_time_is_read_again() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a.pconf");
        put(&path, &pconf("1.0.0"));
        let known = Stamps::after(&look(temp.path(), &Stamps::default()));
        put(&temp.path().join(".new"), &pconf("2.0.0"));
        fs::rename(temp.path().join(".new"), &path).unwrap();
        let scan = look(temp.path(), &known);
        assert_eq!(version(&scan), "2.0.0");
        assert!(scan.changed[0].is_news);
    }

    #[test]
    fn a_file_that_changed_a_moment_ago_is_read_again_and_is_no_news() {
        let temp = tempfile::tempdir().unwrap();
        put(&temp.path().join("a.pconf"), &pconf("1.0.0"));
        let known = Stamps::after(&look(temp.path(), &Stamps::default()));
        let scan = look(temp.path(), &known);
        assert_eq!(scan.changed.len(), 1);
        assert!(!scan.changed[0].is_news);
    }

    #[test]
    fn a_folder_that_does_not_exist_has_no_files() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("file"), "").unwrap();
        for absent in ["nothing", "file/below"] {
            let scan = look(&temp.path().join(absent), &Stamps::default());
            assert_eq!((scan.present, scan.rejection), (Some(BTreeSet::new()), None));
        }
    }

    #[test]
    fn of_a_folder_that_cannot_be_read_nothing_is_known() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        let scan = look(&file, &Stamps::default());
        assert_eq!(scan.present, None);
        let reason = scan.rejection.unwrap();
        assert!(reason.starts_with("the folder cannot be read: "), "{reason}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_there() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("a.pconf")).unwrap();
        let scan = look(temp.path(), &Stamps::default());
        assert_eq!(scan.present.unwrap().len(), 1);
        assert!(scan.changed[0].installation.is_err());
    }

    #[test]
    fn a_program_that_does_not_answer_keeps_no_file_from_being_read() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a.pconf");
        put(&path, &pconf("1.0.0"));
        let (release, released) = std::sync::mpsc::channel::<()>();
        let looks = Looks::default();
        assert!(looks.row().look(&path, move || released.recv()).is_none());
        let scan = scan(&settings(temp.path()), &Stamps::default(), &looks);
        assert_eq!(version(&scan), "1.0.0");
        // Once it answers, it is another than before.
        assert!(scan.changed[0].program.as_ref().unwrap().successor().is_some());
        drop(release);
    }
}
