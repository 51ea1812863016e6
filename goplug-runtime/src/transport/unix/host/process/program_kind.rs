//! What a program's file is, by its first bytes: for this machine, for another one, or a script.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The number of bytes from which the kernel recognises the kind of a program.
pub(super) const HEAD: usize = 256;

/// What a program's file is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::transport::unix) enum Kind {
    /// A program for this system and the architecture that this host is built for.
    Native,
    /// A program for this system and another machine, which this is the name of.
    Foreign(String),
    /// A file that begins with `#!`.
    Script(Shebang),
    /// Nothing that the kernel runs; the text says what it is.
    Unknown(&'static str),
}

/// The first line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shebang {
    /// The program that runs the script.
    pub interpreter: PathBuf,
    /// The interpreter's first argument, if the line has more than the interpreter: all the rest of
    /// the line.
    pub argument: Option<OsString>,
    /// What is wrong with the line, for people; `None` if the kernel can use it.
    pub(super) fault: Option<String>,
}

impl Kind {
    /// The kind of a file with these first [`HEAD`] bytes, fewer if the file is shorter, that is no program
    /// in the format of this system.
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [b'#', b'!', line @ ..] => Self::Script(Shebang::parse(line, head.len() == HEAD)),
            [] => Self::Unknown("an empty file"),
            [0xef, 0xbb, 0xbf, b'#', b'!', ..] => Self::Unknown(
                "a script with a byte order mark before its #!; save it without the mark",
            ),
            [b'M', b'Z', ..] => Self::Unknown("a program for Windows"),
            [0x7f, b'E', b'L', b'F', ..] => Self::Unknown("a program for another kind of system"),
            [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => {
                Self::Unknown("a program for macOS, or Java classes")
            }
            head if head.contains(&0) => Self::Unknown("no program for this machine"),
            _ => Self::Unknown(
                "a text that does not begin with #! and its interpreter, such as #!/bin/sh",
            ),
        }
    }
}

impl Shebang {
    /// Reads what follows `#!`. The head `is_full` if the file may go on behind it.
    fn parse(line: &[u8], is_full: bool) -> Self {
        let end = line.iter().position(|byte| *byte == b'\n');
        let whole = &line[..end.unwrap_or(line.len())];
        let text = whole.trim_ascii();
        let split = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        let (interpreter, argument) = text.split_at(split);
        let argument = Some(argument.trim_ascii()).filter(|argument| !argument.is_empty());
        // `env -S` divides the rest of the line itself, and takes the carriage return for a space.
        let divides = argument.is_some_and(|argument| argument.starts_with(b"-S"));
        let shown = || String::from_utf8_lossy(text);
        let fault = if interpreter.is_empty() {
            Some("its first line is #! without an interpreter, such as #!/bin/sh".into())
        } else if whole.ends_with(b"\r") && !divides {
            Some(format!(
                "its first line, #!{}, ends with a carriage return, so the system looks for an \
                 interpreter of another name; save the file with Unix line ends (LF, not CRLF)",
                shown()
            ))
        } else if end.is_none() && is_full {
            Some(format!("its first line is longer than the {} bytes that it may have", HEAD - 1))
        } else {
            None
        };
        Self {
            interpreter: OsStr::from_bytes(interpreter).into(),
            argument: argument.map(|argument| OsStr::from_bytes(argument).into()),
            fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn script(head: &[u8]) -> Shebang {
        match Kind::of(head) {
            Kind::Script(shebang) => shebang,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_line_of_a_script_is_read_as_the_kernel_does() {
        let shebang = script(b"#! /usr/bin/env -S python3 -u\nprint()\n");
        assert_eq!(shebang.interpreter, Path::new("/usr/bin/env"));
        assert_eq!(shebang.argument.as_deref(), Some(OsStr::new("-S python3 -u")));
        assert_eq!(shebang.fault, None);
        assert_eq!(script(b"#!/bin/sh").argument, None);
    }

    #[test]
    fn faults_of_the_first_line_are_named() {
        let fault = |head: &[u8]| script(head).fault.unwrap();
        for head in [b"#!/bin/sh\r\n".as_slice(), b"#!/usr/bin/env python3\r\nprint()\r\n"] {
            assert!(fault(head).contains("carriage return"), "{}", fault(head));
        }
        assert_eq!(script(b"#!/usr/bin/env -S python3 -u\r\n").fault, None);
        assert!(fault(b"#!\n").contains("without an interpreter"));
        let long = [b"#!/".as_slice(), &[b'x'; HEAD]].concat();
        assert!(fault(&long[..HEAD]).contains("longer than the 255 bytes"));
    }

    #[test]
    fn what_the_kernel_does_not_run_is_named() {
        let name = |head: &[u8]| match Kind::of(head) {
            Kind::Unknown(name) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(b""), "an empty file");
        assert!(name(b"\xef\xbb\xbf#!/bin/sh\n").contains("byte order mark"));
        assert!(name(b"MZ\x90\0").contains("Windows"));
        assert!(name(b"\xcf\xfa\xed\xfe\x07").contains("macOS"));
        assert!(name(b"echo hello\n").contains("does not begin with #!"));
        assert_eq!(name(b"\x01\0\x02"), "no program for this machine");
    }
}
