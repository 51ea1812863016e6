//! The file of a program: opened once, so that the file that was checked is the file that runs.
//!
//! Between the check of a file's digest and its start, another file can be moved to its path. A
//! program for this machine is therefore run from the open file. That is not possible for a script,
//! whose interpreter opens the path again, nor for a program that the kernel runs in an emulator.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, OFlags};
use rustix::io::Errno;

use super::program_kind::{HEAD, Kind, Shebang};
use crate::transport::unix::inode::Inode;
use crate::transport::unix::system::{RUNS_OPEN_FILES, is_noexec, loader, recognise};

/// A program's file, open for reading and executable by this user.
#[derive(Debug)]
pub struct OpenProgram {
    path: PathBuf,
    file: File,
    kind: Kind,
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
    /// or execute it, [`InvalidData`](io::ErrorKind::InvalidData) for a script whose first line
    /// the system cannot use.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let mut options = File::options();
        options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let file = options.open(&path).map_err(explain_open)?;
        check_executable(&path, &file)?;
        Self::of_file(path, file)
    }

    /// The program in an open file, which need not be at the path any more.
    pub(in crate::transport::unix) fn of_file(path: PathBuf, file: File) -> io::Result<Self> {
        let mut head = [0; HEAD];
        let length = file.read_at(&mut head, 0)?;
        let head = &head[..length];
        let kind = recognise(head).unwrap_or_else(|| Kind::of(head));
        if let Kind::Script(Shebang { fault: Some(fault), .. }) = &kind {
            return Err(io::Error::new(io::ErrorKind::InvalidData, fault.clone()));
        }
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

    /// The first line, if it is a script: then its interpreter opens the path again.
    pub fn shebang(&self) -> Option<&Shebang> {
        match &self.kind {
            Kind::Script(shebang) => Some(shebang),
            _ => None,
        }
    }

    /// The loader that the kernel runs for it, if it is a program of this machine.
    pub fn loader(&self) -> Option<PathBuf> {
        (self.kind == Kind::Native).then(|| loader(&self.file)).flatten()
    }

    /// Whether the kernel runs the open file itself, whatever is at its path by then.
    pub fn runs_from_file(&self) -> bool {
        RUNS_OPEN_FILES && self.kind == Kind::Native
    }

    /// Checks that the path still leads to the open file.
    pub(super) fn check_unchanged(&self) -> io::Result<()> {
        let opened = self.file.metadata()?;
        let named = std::fs::metadata(&self.path).map_err(explain_open)?;
        if Inode::of(&opened) == Inode::of(&named) {
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
                machine,
                std::env::consts::ARCH
            ),
            (Some(Errno::NOEXEC), Kind::Native) => "it is damaged".into(),
            (Some(Errno::NOEXEC), Kind::Unknown(what)) => format!("it is {what}"),
            (Some(Errno::NOEXEC), Kind::Script(shebang)) => {
                format!("its interpreter {} is no program", shebang.interpreter.display())
            }
            (Some(Errno::NOENT), Kind::Script(shebang)) => missing_interpreter(shebang),
            (Some(Errno::NOENT), Kind::Native) => self.missing_loader(),
            (Some(Errno::ACCESS), kind) => self.explain_access(kind),
            (Some(Errno::TXTBSY), _) => {
                "another process has it open for writing; it cannot run before that has closed it"
                    .into()
            }
            (Some(Errno::TOOBIG), _) => "its arguments and environment are too large".into(),
            _ => return error,
        };
        io::Error::new(error.kind(), text)
    }

    fn missing_loader(&self) -> String {
        match loader(&self.file).filter(|loader| !loader.exists()) {
            Some(loader) => format!(
                "its loader {} does not exist: it was built for another C library or another \
                 system; build it for this one, or link it statically",
                loader.display()
            ),
            None => "the loader or library that it was linked against does not exist".into(),
        }
    }

    fn explain_access(&self, kind: &Kind) -> String {
        if let Some(text) = noexec(&self.path, &self.file) {
            return text;
        }
        let Kind::Script(Shebang { interpreter, .. }) = kind else {
            return "this user may not execute it, or its loader".into();
        };
        match OpenProgram::open(interpreter) {
            Err(error) => format!("its interpreter {}: {error}", interpreter.display()),
            Ok(_) => {
                format!("it or its interpreter {} may not be executed here", interpreter.display())
            }
        }
    }
}

/// Whether there is a file that this user may execute. Does blocking I/O.
pub fn is_executable(path: &Path) -> bool {
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file && rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// The program at this path; a name means one file only. Does blocking I/O.
pub fn program_at(path: &Path) -> Option<PathBuf> {
    is_executable(path).then(|| path.into())
}

/// Where programs are looked for if the environment has no `PATH`, as by the C library.
pub fn default_path() -> OsString {
    "/bin:/usr/bin".into()
}

fn missing_interpreter(Shebang { interpreter, .. }: &Shebang) -> String {
    format!(
        "its interpreter {} does not exist: install it, or correct the script's first line",
        interpreter.display()
    )
}

/// That the file system of a file lets nothing run, for people; `None` if it does.
fn noexec(path: &Path, file: &File) -> Option<String> {
    if !is_noexec(file) {
        return None;
    }
    let real = path.canonicalize().unwrap_or_else(|_| path.into());
    let device = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.dev());
    let own = device(&real);
    let mount = real.ancestors().take_while(|path| device(path) == own).last().unwrap_or(&real);
    Some(format!(
        "the file system at {} is mounted noexec, so no program on it can run; put it elsewhere",
        mount.display()
    ))
}

fn explain_open(error: io::Error) -> io::Error {
    let text = match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::NOTDIR) => "there is no such file",
        Some(Errno::ACCESS) => "this user may not read it, or not enter a folder above it",
        // The kernel's error for opening a socket.
        Some(Errno::NXIO) => {
            return io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
        }
        _ => return error,
    };
    io::Error::new(error.kind(), text)
}

fn check_executable(path: &Path, file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    let mode = metadata.mode() & 0o7777;
    let (kind, text) = if metadata.is_dir() {
        (io::ErrorKind::IsADirectory, "it is a directory; name the program within it".into())
    } else if !metadata.is_file() {
        (io::ErrorKind::InvalidInput, "it is not a regular file".into())
    } else if mode & 0o111 == 0 {
        let text = format!("it is not executable (mode {mode:04o}); make it so with chmod +x");
        (io::ErrorKind::PermissionDenied, text)
    } else if rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS)
        == Err(Errno::ACCESS)
    {
        let text = noexec(path, file).unwrap_or_else(|| {
            format!("this user may not execute it (mode {mode:04o}, owner {})", metadata.uid())
        });
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
        assert_eq!(program.shebang(), None);
        let mut magic = [0; 4];
        program.file().read_exact(&mut magic).unwrap();
        assert_eq!(&magic, b"\x7fELF");
    }

    #[test]
    fn a_script_is_recognised_by_its_first_line() {
        let temp = tempfile::tempdir().unwrap();
        let path = file(temp.path(), b"#! /usr/bin/env python3\nprint()\n", 0o755);
        let program = OpenProgram::open(&path).unwrap();
        assert_eq!(program.shebang().unwrap().interpreter, Path::new("/usr/bin/env"));
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
        assert_eq!(text, "it is not executable (mode 0644); make it so with chmod +x");
    }

    #[test]
    fn a_folder_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let (kind, text) = refusal(temp.path());
        assert_eq!(
            (kind, text.as_str()),
            (io::ErrorKind::IsADirectory, "it is a directory; name the program within it")
        );
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
    fn windows_line_ends_in_the_first_line_are_reported() {
        let temp = tempfile::tempdir().unwrap();
        let (kind, text) = refusal(&file(temp.path(), b"#!/bin/sh\r\nexit\r\n", 0o755));
        assert_eq!(kind, io::ErrorKind::InvalidData);
        assert!(text.contains("carriage return") && text.contains("LF, not CRLF"), "{text}");
    }

    /// What is said of a program that the kernel refuses with this error.
    fn explained(content: &[u8], errno: Errno) -> String {
        let temp = tempfile::tempdir().unwrap();
        let program = OpenProgram::open(&file(temp.path(), content, 0o755)).unwrap();
        program.explain(errno.into()).to_string()
    }

    #[test]
    fn a_missing_interpreter_is_named() {
        let text = explained(b"#!/no/such/interpreter -x\n", Errno::NOENT);
        assert!(text.starts_with("its interpreter /no/such/interpreter does not exist"), "{text}");
    }

    #[test]
    fn a_missing_loader_is_named() {
        let mut program = std::fs::read("/bin/true").unwrap();
        let Some(loader) = loader(&File::open("/bin/true").unwrap()) else { return };
        let loader = loader.to_str().unwrap().as_bytes();
        let at = program.windows(loader.len()).position(|bytes| bytes == loader).unwrap();
        program[at + 1] = b'!';
        let text = explained(&program, Errno::NOENT);
        assert!(text.starts_with("its loader /!") && text.contains("another C library"), "{text}");
    }

    #[test]
    fn what_is_no_program_is_named() {
        let text = explained(b"", Errno::NOEXEC);
        assert_eq!(text, "it is an empty file");
        let text = explained(b"\xef\xbb\xbf#!/bin/sh\n", Errno::NOEXEC);
        assert!(text.contains("byte order mark"), "{text}");
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
