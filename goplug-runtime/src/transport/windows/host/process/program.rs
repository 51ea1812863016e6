//! The file of a program: opened once, so that the file that was checked is the file that runs.
//!
//! Windows runs a program by its path. So the file is held open in a way that lets others read it, and
//! neither write it nor put another file in its place.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf, Prefix};
use std::thread;
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BAD_EXE_FORMAT, ERROR_CANT_ACCESS_FILE, ERROR_ELEVATION_REQUIRED,
    ERROR_EXE_MACHINE_TYPE_MISMATCH, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND,
    ERROR_SHARING_VIOLATION, GENERIC_READ,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_EXECUTE, FILE_SHARE_READ};

use super::program_kind::{Kind, machine_name};

/// How often to try a program that another process has open for writing. The process that has just written
/// it closes it soon.
const BUSY_ATTEMPTS: u32 = 20;

/// How long to wait between two of these attempts.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// The first line of a script, which no program of Windows has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shebang {
    /// The program that runs the script.
    pub interpreter: PathBuf,
    /// The interpreter's first argument.
    pub argument: Option<std::ffi::OsString>,
}

/// A program's file, open for reading. Nobody can write, rename or remove it meanwhile.
#[derive(Debug)]
pub struct OpenProgram {
    path: PathBuf,
    file: File,
    kind: Kind,
}

impl OpenProgram {
    /// Opens the program at `path`, following links. Does blocking I/O, and waits for a moment for a process
    /// that has it open for writing.
    ///
    /// # Errors
    /// The text continues "the program cannot be started:". The kinds are
    /// [`NotFound`](io::ErrorKind::NotFound),
    /// [`IsADirectory`](io::ErrorKind::IsADirectory),
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for another kind of file,
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied) if this user may not read
    /// or execute it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        if is_device(&path) {
            return Err(irregular());
        }
        let mut options = File::options();
        options.access_mode(GENERIC_READ | FILE_EXECUTE).share_mode(FILE_SHARE_READ);
        let file = open(&options, &path).map_err(|error| explain_open(&path, error))?;
        if !file.metadata()?.is_file() {
            return Err(irregular());
        }
        let kind = Kind::of(&path, &file)?;
        Ok(Self { path, file, kind })
    }

    /// The path, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, positioned at its beginning until something reads from it.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The first line, if it is a script that the system runs by it: Windows does not.
    pub fn shebang(&self) -> Option<&Shebang> {
        None
    }

    /// Whether what runs is the open file, whatever is at its path by then: here nobody can exchange it.
    pub fn runs_from_file(&self) -> bool {
        true
    }

    /// The loader that the program names: programs of Windows name none.
    pub fn loader(&self) -> Option<PathBuf> {
        None
    }

    /// Checks what the system would not refuse, or would run in another way.
    ///
    /// # Errors
    /// The text says what it is.
    pub(super) fn check_runnable(&self) -> io::Result<()> {
        let text = match self.kind {
            Kind::Native(_) => return Ok(()),
            Kind::Batch => {
                "it is a batch file, whose arguments cannot be quoted safely; name the program \
                            that it runs"
                    .into()
            }
            Kind::Unknown(what) => format!("it is {what}"),
        };
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }

    /// Replaces the system's error about running this program by an error with a text for people.
    pub(super) fn explain(&self, error: io::Error) -> io::Error {
        let text = match (code(&error), &self.kind) {
            (ERROR_BAD_EXE_FORMAT | ERROR_EXE_MACHINE_TYPE_MISMATCH, Kind::Native(machine)) => {
                let machine = machine_name(*machine);
                if machine == std::env::consts::ARCH {
                    "it is damaged".into()
                } else {
                    let own = std::env::consts::ARCH;
                    format!("it is built for {machine}, and this machine runs {own}")
                }
            }
            (ERROR_ELEVATION_REQUIRED, _) => {
                "it asks for the rights of an administrator, which this host \
                                              does not have"
                    .into()
            }
            (ERROR_ACCESS_DENIED, _) => {
                "this user may not execute it, or a policy or a virus scanner forbids it".into()
            }
            _ => return error,
        };
        io::Error::new(error.kind(), text)
    }
}

/// Opens a file, and waits for a moment if another process writes it.
fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    for _ in 1..BUSY_ATTEMPTS {
        match options.open(path) {
            Err(error) if code(&error) == ERROR_SHARING_VIOLATION => thread::sleep(BUSY_PAUSE),
            opened => return opened,
        }
    }
    options.open(path)
}

/// Whether a path leads to a device or a pipe: to open one is to connect to it.
fn is_device(path: &Path) -> bool {
    let first = path.components().next();
    matches!(first, Some(Component::Prefix(prefix)) if matches!(prefix.kind(), Prefix::DeviceNS(_)))
}

fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

fn explain_open(path: &Path, error: io::Error) -> io::Error {
    let text = match code(&error) {
        ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND => "there is no such file",
        ERROR_ACCESS_DENIED if path.is_dir() => {
            let text = "it is a directory; name the program within it";
            return io::Error::new(io::ErrorKind::IsADirectory, text);
        }
        ERROR_ACCESS_DENIED => {
            "this user may not read or execute it, or not enter a folder above it"
        }
        ERROR_SHARING_VIOLATION => {
            "another process has it open for writing; it cannot run before that has closed it"
        }
        ERROR_CANT_ACCESS_FILE => {
            "it is an alias of an app from the Microsoft Store, which only a shell runs; name the program \
             itself"
        }
        _ => return error,
    };
    io::Error::new(error.kind(), text)
}

/// The system's number of an error; 0 if it has none.
fn code(error: &io::Error) -> u32 {
    error.raw_os_error().map_or(0, i32::cast_unsigned)
}
