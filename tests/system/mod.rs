//! What the tests ask of the system, in the same words on each: processes, and programs as files.
//!
//! A process of a test is known by a variable in its environment, which whatever it starts inherits.

#[cfg(target_os = "linux")]
pub mod access_list;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;

use std::path::{Path, PathBuf};

/// The name of the program file `name`.
pub fn program_name(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// How the end of a process with this status is written.
pub fn exited(status: i32) -> String {
    format!("exit status: {status}")
}

/// The program of this package that ends as it is told, or waits: beside the program that asks.
///
/// # Errors
/// The system's error.
pub fn brief() -> std::io::Result<PathBuf> {
    // Where the system does not tell which program runs, its first argument does.
    let mut folder = match (std::env::current_exe(), std::env::args_os().next()) {
        (Err(_), Some(name)) => std::path::absolute(name)?,
        (program, _) => program?,
    };
    folder.pop();
    // Tests are one folder below.
    if folder.ends_with("deps") {
        folder.pop();
    }
    Ok(folder.join(program_name("fixture-brief")))
}

/// Replaces the file at a path, if there is one, by another, at once.
///
/// # Errors
/// The system's error.
pub fn replace_program(by: &Path, path: &Path) -> std::io::Result<()> {
    let next = path.with_extension("next");
    copy_program(by, &next)?;
    move_program(&next, path)
}
