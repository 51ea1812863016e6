//! How to start a plugin's process.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::search_path::find_in;
use crate::protocol::PluginId;
use crate::transport::program_at;

/// How to start a plugin's process.
#[derive(Debug)]
pub(in crate::host) struct Command {
    pub(in crate::host) program: PathBuf,
    /// Whether it is the program that this process runs. Then its path may lead elsewhere by now.
    pub(in crate::host) is_own: bool,
    pub(in crate::host) arguments: Vec<OsString>,
    pub(in crate::host) environment: Vec<(OsString, OsString)>,
    pub(in crate::host) folder: PathBuf,
    /// The name that the file gives to a plugin that has another one, if it is called by that.
    pub(in crate::host) alias: Option<PluginId>,
    /// The digests that files have to have before the start.
    pub(in crate::host) digests: Vec<(PathBuf, String)>,
    /// Whether everything that runs has to have a digest, since the plugin's file is signed.
    pub(in crate::host) is_signed: bool,
}

impl Command {
    /// What to write instead of a program that does not exist but is there with an extension, or is in
    /// `PATH`, as the end of a sentence; empty if there is nothing to say. `search_path` is the `PATH` of
    /// the process.
    pub(in crate::host) fn advice_if_missing(
        &self,
        error: &io::Error,
        search_path: Option<&OsStr>,
    ) -> String {
        let name = match (error.kind(), self.program.file_name()) {
            (io::ErrorKind::NotFound, Some(name)) => Path::new(name),
            _ => return String::new(),
        };
        if let Some(found) = program_at(&self.program).filter(|found| *found != self.program) {
            let found = found.file_name().unwrap_or_default().to_string_lossy();
            return format!(". There is {found}: Exec has the whole name of the file");
        }
        // Compared as text: in `./name`, the author has said which folder.
        if self.program.as_os_str() != self.folder.join(name).as_os_str() {
            return String::new();
        }
        let found = search_path.and_then(|path| find_in(path, &self.folder, name));
        let advice = |found: PathBuf| {
            format!(
                ". A name without / is a program in the folder of the .pconf, and PATH is not \
                 searched; write {}",
                // As the file has to have it: in JSON.
                serde_json::Value::from(found.to_string_lossy())
            )
        };
        found.map(advice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::env::consts::EXE_SUFFIX;

    use super::*;

    #[test]
    fn a_program_that_is_named_without_its_extension_is_told_its_whole_name() {
        let own = std::env::current_exe().unwrap();
        let name = own.file_name().unwrap().to_str().unwrap().to_owned();
        let command = Command {
            program: own.with_file_name(name.strip_suffix(EXE_SUFFIX).unwrap()),
            is_own: false,
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: own.parent().unwrap().to_owned(),
            alias: None,
            digests: Vec::new(),
            is_signed: false,
        };
        let advice = command.advice_if_missing(&io::ErrorKind::NotFound.into(), None);
        // Where programs have no extension, it is there.
        let expected = match EXE_SUFFIX {
            "" => String::new(),
            _ => format!(". There is {name}: Exec has the whole name of the file"),
        };
        assert_eq!(advice, expected);
    }
}
