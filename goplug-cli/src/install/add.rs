//! `goplug install PROGRAM...`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use goplug::Permission;

use super::copy::Copy;
use super::names;
use super::renew::renew_others;
use super::sign::Signer;
use super::staged::{Entry, Staged, in_place, install_copy};
use crate::arguments::Install;
use crate::failure::{Failure, Outcome, Status};
use crate::output::Output;
use crate::pconf::{self, Pconf, ensure_regular};
use crate::program::written;
use crate::system::{create_folder, real_path};

pub(crate) async fn install(options: &Install, output: &Output) -> Outcome<Status> {
    if options.alias.is_some() && options.programs.len() > 1 {
        return Err(Failure::usage("--as names one plugin: name one program".to_owned()));
    }
    let folder = create(&options.folder.dir)?;
    let signer = options.sign.as_deref().map(Signer::read).transpose()?;
    let asked = Requested::in_folder(&folder);
    let mut files: Vec<String> = Vec::new();
    for program in &options.programs {
        let (file, program) = install_one(program, &folder, options).await?;
        let mut tell = |file: &Path, verb: &str| -> Outcome<()> {
            if let Some(signer) = &signer {
                signer.sign(file)?;
            }
            if let Some(more) = asked.beyond(file) {
                output.note(&more);
            }
            let file = file.display().to_string();
            if !output.is_json() {
                output.line(&format!("{verb}{file}"))?;
            }
            files.push(file);
            Ok(())
        };
        tell(&file, "")?;
        for other in renew_others(&file, &program).await? {
            tell(&other, "renewed ")?;
        }
    }
    if output.is_json() {
        output.document(&files)?;
    }
    Ok(Status::Success)
}

/// What the plugins of a folder ask of their hosts, before others are installed.
struct Requested(Vec<(PathBuf, Vec<Permission>)>);

impl Requested {
    fn in_folder(folder: &Path) -> Self {
        let files = pconf::files(folder).into_iter();
        Self(files.map(|file| (file.clone(), Pconf::read(&file).asks())).collect())
    }

    /// What an installed file asks for and did not before, as a text for people; `None` if there is nothing.
    fn beyond(&self, file: &Path) -> Option<String> {
        let before = self.0.iter().find(|(other, _)| other == file).map(|(_, asked)| &asked[..]);
        let is_new = |one: &Permission| !before.unwrap_or(&[]).iter().any(|old| old.covers(one));
        let more: Vec<_> = Pconf::read(file).asks().into_iter().filter(is_new).collect();
        let name = file.file_stem().unwrap_or_default().display();
        let asks = if before.is_some() { "now also asks" } else { "asks" };
        (!more.is_empty()).then(|| format!("{name} {asks} to {}", Pconf::list(&more)))
    }
}

/// Installs a program. Returns the path of its `.pconf`, and of the program that this runs.
async fn install_one(
    program: &Path,
    folder: &Path,
    options: &Install,
) -> Outcome<(PathBuf, PathBuf)> {
    let about = |error: io::Error| Failure::usage(format!("{}: {error}", program.display()));
    let program =
        real_path(program).and_then(|real| ensure_regular(&real).map(|()| real)).map_err(about)?;
    let entry = Entry::new(options.dev, options.alias.clone());
    let place = if options.link { program.clone() } else { in_place(&program, folder) };
    let file = if options.dev {
        match options.link {
            true => Staged::install(&program, folder, &entry).await?,
            false => install_copy(&program, folder, &entry).await?,
        }
    } else if place == program {
        write(&program, folder, &entry).await?
    } else {
        let copy = Copy::make(&program, folder)?;
        let written = write(&copy.path, folder, &entry).await;
        let file = written.map_err(|failure| match is_script(&program) {
            true => {
                failure.hint("a script that needs files beside it stays where it is with --link")
            }
            false => failure,
        })?;
        copy.keep();
        file
    };
    Ok((file, place))
}

/// Writes the `.pconf` of a program that is in its place.
async fn write(program: &Path, folder: &Path, entry: &Entry) -> Outcome<PathBuf> {
    if entry.has_alias() {
        return Staged::install(program, folder, entry).await;
    }
    // The program overwrites whatever has its name.
    if names::may_be_taken(folder) {
        Staged::write(program, folder, entry).await?;
    }
    written(program, folder).await
}

/// Whether a program is a text that an interpreter reads.
fn is_script(program: &Path) -> bool {
    let mut begin = [0; 2];
    File::open(program).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == *b"#!"
}

/// The whole path of a folder, which is made if it is missing, with the mode that a registry accepts.
pub(crate) fn create(dir: &Path) -> Outcome<PathBuf> {
    let about = |error: io::Error| Failure::unreachable(format!("{}: {error}", dir.display()));
    create_folder(dir).map_err(about)?;
    real_path(dir).map_err(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plugin_asks_for_beyond_before_is_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mail.Mailer.pconf");
        let write = |permissions: &str| {
            let text =
                format!(r#"{{"Name": "Mailer", "Exec": ["m"], "Permissions": {permissions}}}"#);
            std::fs::write(&file, text).unwrap();
        };
        write(r#"{"connect": [587], "read": ["/srv"]}"#);
        let none = Requested(Vec::new());
        let asks = "mail.Mailer asks to read /srv, connect to port 587";
        assert_eq!(none.beyond(&file).as_deref(), Some(asks));
        let before = Requested::in_folder(folder.path());
        assert_eq!(before.beyond(&file), None);
        write(r#"{"read": ["/srv/mail"], "udp": true}"#);
        assert_eq!(before.beyond(&file).as_deref(), Some("mail.Mailer now also asks to use UDP"));
    }
}
