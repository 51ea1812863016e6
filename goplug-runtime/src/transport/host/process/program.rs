//! The file of a program: opened once, so that the file that was checked is the file that runs.
//!
//! Between the check of a file's digest and its start, another file can be moved to its path. A
//! program for this machine is therefore run from the open file. That is not possible for a script,
//! whose interpreter opens the path again, nor for a program that the kernel runs in an emulator.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, OFlags};
use rustix::io::Errno;

/// The number of bytes from which the kernel recognises the kind of a program.
const HEAD: usize = 256;

/// A program's file, open for reading and executable by this user.
#[derive(Debug)]
pub struct OpenProgram {
    path: PathBuf,
    file: File,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// An ELF file for the architecture that this host is built for.
    Native,
    /// An ELF file for the machine of this number.
    Foreign(u16),
    Script {
        interpreter: PathBuf,
    },
    Unknown,
}

impl OpenProgram {
    /// Opens the program at `path`, following links. Does blocking I/O, but does not wait for the
    /// other end of a FIFO.
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
        let mut options = File::options();
        options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let file = options.open(&path).map_err(explain_open)?;
        check_executable(&path, &file.metadata()?)?;
        Self::of_file(path, file)
    }

    /// The program in an open file, which need not be at the path any more.
    pub(super) fn of_file(path: PathBuf, file: File) -> io::Result<Self> {
        let mut head = [0; HEAD];
        let length = file.read_at(&mut head, 0)?;
        let kind = Kind::of(&head[..length]);
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

    /// Whether it is a script: then its interpreter opens the path again.
    pub fn is_script(&self) -> bool {
        matches!(self.kind, Kind::Script { .. })
    }

    /// Whether the kernel can run the open file itself.
    pub(super) fn runs_from_file(&self) -> bool {
        self.kind == Kind::Native
    }

    /// Checks that the path still leads to the open file.
    pub(super) fn check_unchanged(&self) -> io::Result<()> {
        let opened = self.file.metadata()?;
        let named = std::fs::metadata(&self.path).map_err(explain_open)?;
        if (opened.dev(), opened.ino()) == (named.dev(), named.ino()) {
            Ok(())
        } else {
            Err(io::Error::other("another file took its place while it was being started"))
        }
    }

    /// Replaces the kernel's error about running this program by an error with a text for people.
    pub(super) fn explain(&self, error: io::Error) -> io::Error {
        let text = match (Errno::from_io_error(&error), &self.kind) {
            (Some(Errno::NOEXEC), Kind::Foreign(machine)) => format!(
                "it is built for {}, and this machine runs {}",
                machine_name(*machine),
                std::env::consts::ARCH
            ),
            (Some(Errno::NOEXEC), Kind::Native) => "it is damaged".into(),
            (Some(Errno::NOEXEC), _) => {
                "it is neither a program for this machine nor a script that begins with #!".into()
            }
            (Some(Errno::NOENT), Kind::Script { interpreter }) => {
                format!("its interpreter {} does not exist", interpreter.display())
            }
            (Some(Errno::NOENT), Kind::Native) => {
                "the loader or library that it was linked against does not exist".into()
            }
            (Some(Errno::ACCESS), Kind::Script { interpreter }) => {
                format!("it or its interpreter {} may not be executed here", interpreter.display())
            }
            (Some(Errno::ACCESS), _) => {
                "it may not be executed here; is its file system mounted noexec?".into()
            }
            (Some(Errno::TXTBSY), _) => "another process has it open for writing".into(),
            (Some(Errno::TOOBIG), _) => "its arguments and environment are too large".into(),
            _ => return error,
        };
        io::Error::new(error.kind(), text)
    }
}

impl Kind {
    fn of(head: &[u8]) -> Self {
        if let Some(line) = head.strip_prefix(b"#!") {
            let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let word = line.trim_ascii().split(u8::is_ascii_whitespace).next().unwrap_or_default();
            let interpreter = PathBuf::from(std::ffi::OsStr::from_bytes(word));
            return Self::Script { interpreter };
        }
        // The byte order is the sixth byte, the machine the two bytes at 18.
        let machine = match head {
            [0x7f, b'E', b'L', b'F', _, order, rest @ ..] => match (order, rest.get(12..14)) {
                (1, Some(&[a, b])) => u16::from_le_bytes([a, b]),
                (2, Some(&[a, b])) => u16::from_be_bytes([a, b]),
                _ => return Self::Unknown,
            },
            _ => return Self::Unknown,
        };
        if machine_name(machine) == std::env::consts::ARCH {
            Self::Native
        } else {
            Self::Foreign(machine)
        }
    }
}

/// The name that Rust has for the architecture of an ELF machine number.
fn machine_name(machine: u16) -> String {
    match machine {
        3 => "x86".into(),
        20 => "powerpc".into(),
        21 => "powerpc64".into(),
        22 => "s390x".into(),
        40 => "arm".into(),
        62 => "x86_64".into(),
        183 => "aarch64".into(),
        243 if cfg!(target_pointer_width = "32") => "riscv32".into(),
        243 => "riscv64".into(),
        258 => "loongarch64".into(),
        other => format!("an unknown machine (ELF number {other})"),
    }
}

fn explain_open(error: io::Error) -> io::Error {
    let text = match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::NOTDIR) => "there is no such file",
        Some(Errno::ACCESS) => "this user may not read it",
        // The kernel's error for opening a socket.
        Some(Errno::NXIO) => {
            return io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
        }
        _ => return error,
    };
    io::Error::new(error.kind(), text)
}

fn check_executable(path: &Path, metadata: &Metadata) -> io::Result<()> {
    let mode = metadata.mode() & 0o7777;
    let (kind, text) = if metadata.is_dir() {
        (io::ErrorKind::IsADirectory, "it is a directory".into())
    } else if !metadata.is_file() {
        (io::ErrorKind::InvalidInput, "it is not a regular file".into())
    } else if mode & 0o111 == 0 {
        (io::ErrorKind::PermissionDenied, format!("it is not executable (mode {mode:04o})"))
    } else if rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS)
        == Err(Errno::ACCESS)
    {
        let uid = metadata.uid();
        let text = format!("this user may not execute it (mode {mode:04o}, owner {uid})");
        (io::ErrorKind::PermissionDenied, text)
    } else {
        return Ok(());
    };
    Err(io::Error::new(kind, text))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn file(folder: &Path, content: &[u8], mode: u32) -> PathBuf {
        let path = folder.join("program");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    fn refusal(path: &Path) -> (io::ErrorKind, String) {
        let error = OpenProgram::open(path).unwrap_err();
        (error.kind(), error.to_string())
    }

    #[test]
    fn a_program_of_this_machine_runs_from_its_open_file() {
        let program = OpenProgram::open(Path::new("/bin/true")).unwrap();
        assert!(program.runs_from_file());
        assert!(!program.is_script());
        let mut magic = [0; 4];
        program.file().read_exact(&mut magic).unwrap();
        assert_eq!(&magic, b"\x7fELF");
    }

    #[test]
    fn a_script_is_recognised_by_its_first_line() {
        let temp = tempfile::tempdir().unwrap();
        let path = file(temp.path(), b"#! /usr/bin/env python3\nprint()\n", 0o755);
        let program = OpenProgram::open(&path).unwrap();
        assert!(program.is_script());
        assert_eq!(program.kind, Kind::Script { interpreter: "/usr/bin/env".into() });
    }

    #[test]
    fn a_missing_file_is_reported() {
        let temp = tempfile::tempdir().unwrap();
        let (kind, text) = refusal(&temp.path().join("program"));
        assert_eq!((kind, text.as_str()), (io::ErrorKind::NotFound, "there is no such file"));
    }

    #[test]
    fn a_mode_without_execution_is_reported() {
        let temp = tempfile::tempdir().unwrap();
        let (kind, text) = refusal(&file(temp.path(), b"#!/bin/sh\n", 0o644));
        assert_eq!(kind, io::ErrorKind::PermissionDenied);
        assert_eq!(text, "it is not executable (mode 0644)");
    }

    #[test]
    fn a_folder_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let (kind, text) = refusal(temp.path());
        assert_eq!((kind, text.as_str()), (io::ErrorKind::IsADirectory, "it is a directory"));
    }

    #[test]
    fn a_fifo_or_socket_is_refused_without_waiting() {
        let temp = tempfile::tempdir().unwrap();
        let fifo = temp.path().join("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o755);
        rustix::fs::mknodat(CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let socket = temp.path().join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        for path in [fifo, socket] {
            let (kind, text) = refusal(&path);
            assert_eq!(kind, io::ErrorKind::InvalidInput);
            assert_eq!(text, "it is not a regular file");
        }
    }

    #[test]
    fn the_machine_of_an_elf_file_is_read_in_its_byte_order() {
        let elf = |order: u8, machine: [u8; 2]| {
            let mut head = [0; 64];
            head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, order]);
            head[18..20].copy_from_slice(&machine);
            Kind::of(&head)
        };
        assert_eq!(elf(1, [8, 0]), Kind::Foreign(8));
        assert_eq!(elf(2, [0, 8]), Kind::Foreign(8));
        assert_eq!(elf(3, [0, 8]), Kind::Unknown);
        assert_eq!(Kind::of(b"\x7fELF"), Kind::Unknown);
        assert_eq!(Kind::of(b""), Kind::Unknown);
    }

    #[test]
    fn a_replaced_file_is_noticed() {
        let temp = tempfile::tempdir().unwrap();
        let path = file(temp.path(), b"#!/bin/sh\n", 0o755);
        let program = OpenProgram::open(&path).unwrap();
        assert!(program.check_unchanged().is_ok());
        std::fs::rename(&path, temp.path().join("old")).unwrap();
        file(temp.path(), b"#!/bin/sh\n", 0o755);
        let error = program.check_unchanged().unwrap_err();
        assert_eq!(error.to_string(), "another file took its place while it was being started");
    }
}
