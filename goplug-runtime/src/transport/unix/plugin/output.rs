//! Standard output and standard error while the process ends.
//!
//! What a plugin does at its end, such as saving its data, often prints something, and a print that
//! fails panics. But whoever reads the output may be gone by then, or read no more. So output that
//! leads nowhere is redirected to nowhere, and a pipe gets a second reader in this process: writing to
//! it then fails no more, even if its other readers end meanwhile, and when it stays full, the
//! second reader makes room.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, fstatvfs, open};
use rustix::stdio::{dup2_stderr, dup2_stdout, stderr, stdout};

use crate::transport::OutputReader;

/// How often a pipe is looked at.
const INTERVAL: Duration = Duration::from_millis(50);

/// How many times in a row a pipe has to be full until its content is dropped.
const FULL_ROUNDS: usize = 5;

/// The second readers of standard output and standard error, where these are pipes.
static SECOND_READERS: Mutex<[Option<SecondReader>; 2]> = Mutex::new([None, None]);

/// A reader of a pipe to which this process writes.
struct SecondReader {
    pipe: OwnedFd,
    /// How many times in a row the pipe was full.
    full_rounds: usize,
    /// Whether nobody else reads.
    is_alone: bool,
}

/// Redirects what leads nowhere to nowhere: standard output or standard error whose reader is gone,
/// whose terminal has hung up, or whose disk is full.
pub fn mend_output() {
    for output in OUTPUTS {
        if output.is_broken() {
            output.redirect_to_nowhere();
        }
    }
}

/// Makes sure that printing neither fails nor blocks until the process ends, as far as the system
/// allows. To be called before the process cleans up; then [`drain_output`] has to run.
pub fn keep_output_working(reader: OutputReader) {
    mend_output();
    let mut kept = SECOND_READERS.lock().unwrap_or_else(PoisonError::into_inner);
    for (output, second) in OUTPUTS.into_iter().zip(&mut *kept) {
        if !output.is_pipe() {
            continue;
        }
        if second.is_none() {
            *second = output.second_reader().ok();
        }
        if reader == OutputReader::Gone {
            // Those who are writing at this moment still write to the pipe.
            second.iter_mut().for_each(|second| second.is_alone = true);
            output.redirect_to_nowhere();
        }
    }
}

/// Makes room in pipes that stay full, for this long. Blocks the thread.
pub fn drain_output(duration: Duration) {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        let mut kept = SECOND_READERS.lock().unwrap_or_else(PoisonError::into_inner);
        for (output, second) in OUTPUTS.into_iter().zip(&mut *kept) {
            if let Some(second) = second {
                second.make_room(output);
            }
        }
        drop(kept);
        thread::sleep(INTERVAL);
    }
}

impl SecondReader {
    fn make_room(&mut self, output: Output) {
        self.full_rounds = if output.takes_bytes() { 0 } else { self.full_rounds + 1 };
        if self.is_alone || self.full_rounds >= FULL_ROUNDS {
            self.is_alone = true;
            let mut dropped = [0; 8 << 10];
            // It does not block, and ends with an error when the pipe is empty.
            while rustix::io::read(&self.pipe, &mut dropped).is_ok_and(|count| count > 0) {}
        }
    }
}

/// Standard output or standard error.
#[derive(Clone, Copy)]
enum Output {
    Stdout,
    Stderr,
}

const OUTPUTS: [Output; 2] = [Output::Stdout, Output::Stderr];

impl Output {
    fn descriptor(self) -> BorrowedFd<'static> {
        match self {
            Self::Stdout => stdout(),
            Self::Stderr => stderr(),
        }
    }

    fn is_pipe(self) -> bool {
        fstat(self.descriptor())
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo)
    }

    /// What the system says of the descriptor at this moment.
    fn poll(self, flags: PollFlags) -> PollFlags {
        let descriptor = self.descriptor();
        let mut polled = [PollFd::from_borrowed_fd(descriptor, flags)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        match poll(&mut polled, Some(&at_once)) {
            Ok(_) => polled[0].revents(),
            Err(_) => PollFlags::empty(),
        }
    }

    fn takes_bytes(self) -> bool {
        self.poll(PollFlags::OUT).contains(PollFlags::OUT)
    }

    fn is_broken(self) -> bool {
        let is_file = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if fstat(self.descriptor()).as_ref().is_ok_and(is_file) {
            return fstatvfs(self.descriptor()).is_ok_and(|disk| disk.f_bavail == 0);
        }
        self.poll(PollFlags::empty()).intersects(PollFlags::ERR | PollFlags::HUP)
    }

    /// Opens the reading end of the pipe, without waiting when it is read.
    fn second_reader(self) -> rustix::io::Result<SecondReader> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let path = format!("/proc/self/fd/{}", self.descriptor().as_raw_fd());
        let pipe = open(path, flags, Mode::empty())?;
        Ok(SecondReader { pipe, full_rounds: 0, is_alone: false })
    }

    fn redirect_to_nowhere(self) {
        // Without that device, the output stays as it is.
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let Ok(nowhere) = open("/dev/null", flags, Mode::empty()) else { return };
        let _ = match self {
            Self::Stdout => dup2_stdout(nowhere),
            Self::Stderr => dup2_stderr(nowhere),
        };
    }
}
