//! `goplug uninstall NAME...`.

use std::path::{Path, PathBuf};

use super::sign::signature_of;
use crate::arguments::Uninstall;
use crate::failure::{Failure, Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;
use crate::pconf::{self, Pconf};
use crate::system::{discard, real_path};

pub(crate) async fn uninstall(options: &Uninstall, output: &Output) -> Outcome<Status> {
    let mut removed: Vec<String> = Vec::new();
    for file in named(options).await? {
        for path in files(&file) {
            let about = |error| Failure::unreachable(format!("{}: {error}", path.display()));
            discard(&path).map_err(about)?;
            let path = path.display().to_string();
            if !output.is_json() {
                output.line(&format!("removed {path}"))?;
            }
            removed.push(path);
        }
    }
    if output.is_json() {
        output.document(&removed)?;
    }
    Ok(Status::Success)
}

/// The `.pconf` files of all that is named, each once. Nothing is removed if a name is wrong.
async fn named(options: &Uninstall) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for name in &options.names {
        let opened = Opened::find(&options.folder, name).await?;
        let file = opened.pconf();
        opened.close().await;
        let file =
            file.ok_or_else(|| Failure::unreachable(format!("{name} has no .pconf file")))?;
        if !files.contains(&file) {
            files.push(file);
        }
    }
    Ok(files)
}

/// The `.pconf`, its signature, and its program if that lies in the folder and no other file names it. The `.pconf` is
/// first: a registry never sees one whose program is missing.
fn files(file: &Path) -> Vec<PathBuf> {
    let mut files = vec![file.to_owned()];
    files.extend(Some(signature_of(file)).filter(|signature| signature.is_file()));
    let Some(folder) = file.parent() else { return files };
    let Some(program) = program(file, folder) else { return files };
    let is_shared = pconf::files(folder)
        .into_iter()
        .filter(|other| other != file)
        .any(|other| self::program(&other, folder).as_ref() == Some(&program));
    if !is_shared {
        files.push(program);
    }
    files
}

/// The program that a `.pconf` names, if it is a file in the folder.
fn program(pconf: &Path, folder: &Path) -> Option<PathBuf> {
    let program = real_path(Pconf::read(pconf).program()?).ok()?;
    (program.starts_with(real_path(folder).ok()?) && program.is_file()).then_some(program)
}
