//! What a program's file is, by its first bytes: for this machine, for another one, or a script.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The number of bytes from which the kernel recognises the kind of a program.
pub(super) const HEAD: usize = 256;

/// The longest path of a loader that is read from a program.
const MAX_LOADER: u64 = 4096;

/// What a program's file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An ELF file for the architecture that this host is built for.
    Native,
    /// An ELF file for the machine of this number.
    Foreign(u16),
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
    /// The kind of a file with these first [`HEAD`] bytes; fewer if the file is shorter.
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [b'#', b'!', line @ ..] => Self::Script(Shebang::parse(line, head.len() == HEAD)),
            [0x7f, b'E', b'L', b'F', _, order, rest @ ..] => {
                // The byte order is the sixth byte, the machine the two bytes at 18.
                let machine = match (order, rest.get(12..14)) {
                    (1, Some(&[a, b])) => u16::from_le_bytes([a, b]),
                    (2, Some(&[a, b])) => u16::from_be_bytes([a, b]),
                    _ => return Self::Unknown("a damaged ELF file"),
                };
                let is_native = machine_name(machine) == std::env::consts::ARCH;
                if is_native { Self::Native } else { Self::Foreign(machine) }
            }
            [] => Self::Unknown("an empty file"),
            [0xef, 0xbb, 0xbf, b'#', b'!', ..] => Self::Unknown(
                "a script with a byte order mark before its #!; save it without the mark",
            ),
            [b'M', b'Z', ..] => Self::Unknown("a program for Windows"),
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

/// The name that Rust has for the architecture of an ELF machine number.
pub(super) fn machine_name(machine: u16) -> String {
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

/// The loader that an ELF file of this machine names; `None` if it names none or is damaged.
pub(super) fn loader(file: &File) -> Option<PathBuf> {
    const PT_INTERP: u32 = 3;
    let mut head = [0; 64];
    file.read_exact_at(&mut head, 0).ok()?;
    // In a 64-bit file, the fifth byte is 2. The offsets are those of the ELF specification.
    let is_64 = head[4] == 2;
    let (at, size, count) = if is_64 { (32, 54, 56) } else { (28, 42, 44) };
    let table = if is_64 { u64_at(&head, at)? } else { u32_at(&head, at)?.into() };
    let (size, count) = (u16_at(&head, size)?, u16_at(&head, count)?);
    for index in 0..u64::from(count.min(256)) {
        let mut entry = [0; 56];
        let entry = &mut entry[..usize::from(size).min(56)];
        file.read_exact_at(entry, table.checked_add(index * u64::from(size))?).ok()?;
        if u32_at(entry, 0)? != PT_INTERP {
            continue;
        }
        let (offset, length) = if is_64 {
            (u64_at(entry, 8)?, u64_at(entry, 32)?)
        } else {
            (u32_at(entry, 4)?.into(), u32_at(entry, 16)?.into())
        };
        let mut path = vec![0; usize::try_from(length.min(MAX_LOADER)).ok()?];
        file.read_exact_at(&mut path, offset).ok()?;
        let path = path.split(|byte| *byte == 0).next()?;
        return Some(Path::new(OsStr::from_bytes(path)).into());
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
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
    fn the_machine_of_an_elf_file_is_read_in_its_byte_order() {
        let elf = |order: u8, machine: [u8; 2]| {
            let mut head = [0; 64];
            head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, order]);
            head[18..20].copy_from_slice(&machine);
            Kind::of(&head)
        };
        assert_eq!(elf(1, [8, 0]), Kind::Foreign(8));
        assert_eq!(elf(2, [0, 8]), Kind::Foreign(8));
        assert!(matches!(elf(3, [0, 8]), Kind::Unknown(_)));
        assert!(matches!(Kind::of(b"\x7fELF"), Kind::Unknown(_)));
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

    #[test]
    fn the_loader_of_a_program_is_read() {
        let loader = loader(&File::open("/bin/true").unwrap());
        // A statically linked one has none.
        assert!(loader.is_none_or(|loader| loader.exists()));
        assert_eq!(super::loader(&File::open("/etc/passwd").unwrap()), None);
    }
}
