//! Reading and writing that block until a deadline.

use std::io::{ErrorKind, IoSlice};
use std::time::Instant;

use super::error::{SendError, Stage};
use crate::transport::BlockingStream;
use crate::transport::{Debuggee, HELD_WAIT};

/// Reads what there is, at most `limit` bytes, and waits for it until the deadline.
pub(super) fn read(
    stream: &mut BlockingStream,
    room: &mut Vec<u8>,
    limit: usize,
    mut deadline: Instant,
    debuggee: Debuggee,
) -> Result<usize, SendError> {
    let mut was_held = false;
    loop {
        match stream.read_some(room, limit, deadline) {
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                deadline = later(debuggee, &mut was_held, Stage::Sent)?;
            }
            read => return Ok(read?),
        }
    }
}

/// Writes all parts completely, with one system call if the socket takes them.
pub(super) fn send(
    stream: &mut BlockingStream,
    mut unsent: &mut [IoSlice<'_>],
    mut deadline: Instant,
    debuggee: Debuggee,
) -> Result<(), SendError> {
    let (mut sent_something, mut was_held) = (false, false);
    // Skips empty parts.
    IoSlice::advance_slices(&mut unsent, 0);
    while !unsent.is_empty() {
        match stream.write(unsent, deadline) {
            Ok(0) => return Err(SendError::Broken(ErrorKind::WriteZero.into())),
            Ok(count) => {
                sent_something = true;
                IoSlice::advance_slices(&mut unsent, count);
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                deadline = later(debuggee, &mut was_held, Stage::Sending)?;
            }
            Err(error) if sent_something => return Err(error.into()),
            Err(error) => return Err(SendError::Unsent(error)),
        }
    }
    Ok(())
}

/// The next deadline of a process that a debugger holds.
///
/// # Errors
/// None does: the deadline has passed.
#[cold]
fn later(debuggee: Debuggee, was_held: &mut bool, stage: Stage) -> Result<Instant, SendError> {
    match debuggee.is_excused(was_held) {
        true => Ok(Instant::now() + HELD_WAIT),
        false => Err(SendError::TimedOut(stage)),
    }
}
