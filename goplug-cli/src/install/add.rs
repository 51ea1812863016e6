//! `goplug install PROGRAM...`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use crate::arguments::Install;
use crate::failure::{Failure, Outcome, Status};
use crate::output::Output;
use crate::program::run_install;
use crate::system::{create_folder, make_public};

pub(crate) async fn install(options: &Install, output: &Output) -> Outcome<Status> {
    let folder = create(&options.folder.dir)?;
    let mut files = Vec::new();
    for program in &options.programs {
        let file = install_one(program, &folder, options).await?;
        if !output.is_json() {
            output.line(&file.display().to_string())?;
        }
        files.push(file);
    }
    if output.is_json() {
        output.document(&json!(files))?;
    }
    Ok(Status::Success)
}

/// Installs a program. Returns the path of its `.pconf`.
async fn install_one(program: &Path, folder: &Path, options: &Install) -> Outcome<PathBuf> {
    let about = |error: io::Error| Failure::usage(format!("{}: {error}", program.display()));
    let program = fs::canonicalize(program).map_err(about)?;
    let file = if options.link || program.starts_with(folder) {
        written(&program, folder).await?
    } else {
        let copy = Copy::make(&program, folder)?;
        let file = written(&copy.path, folder).await?;
        copy.keep();
        file
    };
    if options.dev {
        without_digest(&file)?;
    }
    Ok(file)
}

/// The folder, which is made if it is missing.
fn create(dir: &Path) -> Outcome<PathBuf> {
    let about = |error: io::Error| Failure::unreachable(format!("{}: {error}", dir.display()));
    create_folder(dir).map_err(about)?;
    fs::canonicalize(dir).map_err(about)
}

/// Has a program write its `.pconf`, whose path it prints.
async fn written(program: &Path, folder: &Path) -> Outcome<PathBuf> {
    let output = run_install(program, folder).await?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let paths = printed.lines().map(Path::new);
    let mut files = paths.filter(|path| path.starts_with(folder) && path.is_file());
    files.next_back().map(Path::to_owned).ok_or_else(|| {
        let program = program.display();
        Failure::unreachable(format!("{program} has not said which .pconf file it has written"))
    })
}

/// A copy of a program, in a folder. A program that was there before is back unless the copy is kept:
/// processes that run it are not disturbed by either.
struct Copy {
    path: PathBuf,
    before: Option<NamedTempFile>,
    is_kept: bool,
}

impl Copy {
    fn make(program: &Path, folder: &Path) -> Outcome<Self> {
        let about =
            |error: io::Error| Failure::unreachable(format!("{}: {error}", folder.display()));
        let name = program.file_name().unwrap_or_default();
        let path = folder.join(name);
        let before = match path.exists() {
            true => Some(beside(&path, folder).map_err(about)?),
            false => None,
        };
        beside(program, folder).and_then(|copy| Ok(copy.persist(&path)?)).map_err(about)?;
        Ok(Self { path, before, is_kept: false })
    }

    fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // The failure that has led here is the one that the user reads.
        let _ = match self.before.take() {
            Some(before) => before.persist(&self.path).map(drop).map_err(io::Error::from),
            None => fs::remove_file(&self.path),
        };
    }
}

/// A copy of a program under a temporary name, which no registry reads.
fn beside(program: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let mut copy = NamedTempFile::with_prefix_in(".goplug-", folder)?;
    io::copy(&mut File::open(program)?, copy.as_file_mut())?;
    make_public(copy.as_file(), true)?;
    copy.as_file().sync_all()?;
    Ok(copy)
}

/// Takes the digest out of a `.pconf`, so that the program may change.
fn without_digest(file: &Path) -> Outcome<()> {
    let about = |error: io::Error| Failure::unreachable(format!("{}: {error}", file.display()));
    let text = fs::read(file).map_err(about)?;
    let mut keys: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|error| about(error.into()))?;
    keys.remove("Sha256");
    let text = serde_json::to_vec_pretty(&keys).map_err(|error| about(error.into()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = NamedTempFile::with_prefix_in(".goplug-", folder).map_err(about)?;
    io::Write::write_all(&mut new, &text).map_err(about)?;
    make_public(new.as_file(), false).map_err(about)?;
    new.persist(file).map_err(|error| about(error.error))?;
    Ok(())
}
