//! The program that this process runs, for plugins that are part of it.

use std::fs::File;
use std::io;

use crate::transport::OpenProgram;

/// The program at the path from which this process was started. macOS keeps no link to the file of a
/// running program: if another version has taken its path, that is started.
///
/// # Errors
/// The system's error, for example that no file can be opened for the moment.
pub fn own_program() -> io::Result<OpenProgram> {
    let path = std::env::current_exe()?;
    let file = File::open(&path)?;
    OpenProgram::of_file(path, file)
}
