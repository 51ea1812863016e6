//! Processes.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::process_info;
use crate::system::unix::arguments_block::ArgumentsBlock;
use crate::system::unix::words::words;

/// The ids of all processes.
pub(crate) fn process_ids() -> impl Iterator<Item = u32> {
    process_info::process_ids().into_iter()
}

/// The variables with which a process was started, each with a zero byte behind it.
pub(in crate::system::unix) fn environment_of(pid: u32) -> Option<Vec<u8>> {
    let block = process_info::arguments(pid).ok()?;
    Some(ArgumentsBlock::parse(&block)?.environment.to_owned())
}

/// The program of a process, as it was called, and its arguments.
pub(in crate::system) fn arguments_of(pid: u32) -> io::Result<Vec<OsString>> {
    let block = process_info::arguments(pid)?;
    let block = ArgumentsBlock::parse(&block).ok_or(io::ErrorKind::InvalidData)?;
    Ok(words(block.arguments))
}

/// The process that has started a process, or has inherited it.
pub(in crate::system) fn parent_of(pid: u32) -> Option<u32> {
    Some(process_info::basic(pid)?.pbi_ppid)
}

/// The path of the program that a process runs.
pub(in crate::system) fn executable(pid: u32) -> Option<PathBuf> {
    Some(OsString::from_vec(process_info::program(pid)?).into())
}

/// Whether a process, which runs the program of this path, executes the very file that is there now. The
/// system names only the path, so a process is taken for an old one if it is older than the file.
pub(in crate::system) fn executes(pid: u32, program: &Path) -> bool {
    let put_there = program.metadata().and_then(|found| found.modified());
    started(pid).is_some_and(|started| put_there.is_ok_and(|put_there| started >= put_there))
}

/// Whether a process executes the same program as this one.
pub(crate) fn runs_this_command(pid: u32) -> bool {
    let own = executable(std::process::id());
    own.is_some() && own == executable(pid)
}

/// When a process was started.
fn started(pid: u32) -> Option<SystemTime> {
    let info = process_info::basic(pid)?;
    let time = Duration::from_secs(info.pbi_start_tvsec)
        .checked_add(Duration::from_micros(info.pbi_start_tvusec))?;
    SystemTime::UNIX_EPOCH.checked_add(time)
}
