//! Writing the `.pconf` by which a registry starts this program.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::plugin::pconf_file::read as read_pconf;
use crate::protocol::Pconf;
use crate::protocol::pconf::Announcement;
use crate::transport::{
    FileAccess, Sha256, canonicalize, create_folder, has_listener, lock_folder, replace_file,
};

/// What an installation has done.
#[derive(Debug)]
pub(super) struct InstallReport {
    /// The `.pconf`.
    pub(super) path: PathBuf,
    /// What the user should know, each a sentence.
    pub(super) warnings: Vec<String>,
}

/// Writes a plugin's `.pconf` into a folder, which is created if it does not exist.
///
/// If `program` lies in the folder, it is named relative to the folder, so that both can be
/// moved together.
///
/// # Errors
/// [`Error::Io`] names the file that cannot be read or written; [`Error::Configuration`] if the
/// program's path is not UTF-8, if the file that is there already announces another plugin, or if
/// something else than a file is in its place.
pub(super) fn install(pconf: Pconf, program: &Path, folder: &Path) -> Result<InstallReport> {
    let about = |path: &Path| {
        let path = path.display().to_string();
        move |error| Error::io(path, error)
    };
    create_folder(folder).map_err(about(folder))?;
    let folder = canonicalize(folder).map_err(about(folder))?;
    let program = canonicalize(program).map_err(about(program))?;
    let named = name_of(&program, &folder).ok_or_else(|| {
        Error::Configuration(format!("{}: the path is not UTF-8", program.display()))
    })?;
    let id = pconf.id().clone();
    let fault = |error| Error::Configuration(format!("plugin {id}: {error}"));
    let digest = File::open(&program).and_then(|file| Sha256::of_file(&file));
    let digest = digest.map_err(about(&program))?;
    let mut pconf = pconf.with_exec(vec![named]).map_err(fault)?;
    pconf = pconf.with_sha256(&digest).map_err(fault)?;
    let path = folder.join(pconf.file_name());
    let mut warnings = Vec::new();
    let _lock = lock_folder(&folder).map_err(about(&folder))?;
    if let Some(old) = read_pconf(&path)? {
        warnings.extend(check_old(&old, &pconf, &path)?);
        pconf = pconf.with_unknown_keys_of(&old);
    }
    replace_file(&path, &pconf.to_json()).map_err(about(&path))?;
    warnings.extend(
        [Some(&*folder), Some(&*program), program.parent()]
            .into_iter()
            .flatten()
            .filter_map(refused),
    );
    warnings.dedup();
    Ok(InstallReport { path, warnings })
}

/// A program as `Exec` names it: in the folder by its way from there, with `/` as each system understands
/// it; elsewhere by its whole path. `None` if that is not UTF-8.
fn name_of(program: &Path, folder: &Path) -> Option<String> {
    let Ok(within) = program.strip_prefix(folder) else { return program.to_str().map(Into::into) };
    let parts: Option<Vec<_>> = within.iter().map(OsStr::to_str).collect();
    Some(parts?.join("/"))
}

/// Looks at the file that is to be replaced. Returns a warning if a process serves by it.
///
/// # Errors
/// [`Error::Configuration`] if it announces another plugin.
fn check_old(old: &[u8], pconf: &Pconf, path: &Path) -> Result<Option<String>> {
    // A file that no registry can read is of no use to anybody.
    let Ok(old) = Announcement::parse(old) else { return Ok(None) };
    if old.id != *pconf.id() {
        return Err(Error::Configuration(format!(
            "{} announces {}: remove it, or install {} in another folder",
            path.display(),
            old.id,
            pconf.id()
        )));
    }
    let serves = match (old.has_exec, &old.sock, path.parent()) {
        (false, Some(sock), Some(folder)) => has_listener(&folder.join(sock)).unwrap_or(false),
        _ => false,
    };
    Ok(serves.then(|| {
        format!(
            "a process that somebody started serves {}; registries that look now start another",
            old.id
        )
    }))
}

/// A warning if a registry will refuse this file or folder.
fn refused(path: &Path) -> Option<String> {
    let reason = FileAccess::at(path).ok()?.writable_by_others().ok()??;
    Some(format!("registries will not use {}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::plugin::PluginServer;

    fn pconf() -> Pconf {
        PluginServer::builder("Do").namespace("Test").build().unwrap().pconf().unwrap()
    }

    fn read(path: &Path) -> Pconf {
        Pconf::parse(&fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn a_program_in_the_folder_is_named_relative_to_the_folder_with_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let program = folder.path().join("bin/do");
        fs::write(&program, "abc").unwrap();

        let path = install(pconf(), &program, folder.path()).unwrap().path;

        assert_eq!(path.file_name().unwrap(), "Test.Do.pconf");
        assert_eq!(read(&path).exec().unwrap(), ["bin/do"]);
        // FIPS 180-2, appendix B.1.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(read(&path).sha256().unwrap(), digest);
    }

    #[test]
    fn a_program_elsewhere_is_named_by_its_absolute_path_and_the_folder_is_created() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let program = elsewhere.path().join("do");
        fs::write(&program, "abc").unwrap();

        let path = install(pconf(), &program, &folder.path().join("new/plugins")).unwrap().path;

        let expected = canonicalize(&program).unwrap();
        assert_eq!(read(&path).program(Path::new("/x")).unwrap(), expected);
    }

    #[test]
    fn installing_again_keeps_unknown_keys() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("do");
        fs::write(&program, "abc").unwrap();
        let old = r#"{"Name":"Do","NameSpace":"Test","Exec":["old"],"Note":"mine"}"#;
        fs::write(folder.path().join("Test.Do.pconf"), old).unwrap();

        let path = install(pconf(), &program, folder.path()).unwrap().path;

        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains("\"Note\": \"mine\"") && !text.contains("old"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("do");
        fs::write(&program, "abc").unwrap();
        let path = folder.path().join("Test.Do.pconf");
        fs::create_dir(&path).unwrap();

        let error = install(pconf(), &program, folder.path()).unwrap_err();
        assert!(error.to_string().contains("is in the way"), "{error}");
    }

    #[test]
    fn an_error_names_the_missing_program() {
        let folder = tempfile::tempdir().unwrap();
        let error = install(pconf(), &folder.path().join("none"), folder.path()).unwrap_err();
        assert!(error.to_string().contains("none: "), "{error}");
    }
}
