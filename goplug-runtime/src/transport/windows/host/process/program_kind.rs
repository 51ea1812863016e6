//! What a program's file is, by its first bytes and its name: for Windows, for another system, a script.

use std::fs::File;
use std::io;
use std::os::windows::fs::FileExt;
use std::path::Path;

/// The number of bytes that tell what other kinds of files are.
const HEAD: usize = 256;

/// Where the first bytes of a program say at which offset the rest of its head is.
const OFFSET_AT: usize = 0x3c;

/// The flag of a library in a program's head.
const IS_LIBRARY: u16 = 0x2000;

/// What a program's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A program for Windows and this machine, whose number is in its head. Windows also runs those for
    /// some other machines, in an emulator.
    Native(u16),
    /// A batch file: the system runs it by `cmd.exe`, which reads its arguments in a way of its own.
    Batch,
    /// Nothing that the system runs; the text says what it is.
    Unknown(&'static str),
}

impl Kind {
    /// The kind of an open file. Its name decides whether it is a batch file, as it does for the system.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn of(path: &Path, file: &File) -> io::Result<Self> {
        if is_batch(path) {
            return Ok(Self::Batch);
        }
        let head: [u8; HEAD] = match read(file, 0)? {
            Ok(head) => head,
            Err(head) => return Ok(Self::Unknown(Self::other(&head))),
        };
        if !head.starts_with(b"MZ") {
            return Ok(Self::Unknown(Self::other(&head)));
        }
        let offset = head[OFFSET_AT..].first_chunk().copied().map_or(0, u32::from_le_bytes);
        Ok(match read::<24>(file, offset.into())? {
            Ok([b'P', b'E', 0, 0, low, high, .., flag_low, flag_high]) => {
                match u16::from_le_bytes([flag_low, flag_high]) & IS_LIBRARY {
                    0 => Self::Native(u16::from_le_bytes([low, high])),
                    _ => Self::Unknown("a library (DLL), and no program"),
                }
            }
            Ok(_) => Self::Unknown("a program for DOS or an early Windows"),
            Err(_) => Self::Unknown("a damaged program: it ends within its head"),
        })
    }

    /// What a file with these first bytes is that is no program for Windows.
    fn other(head: &[u8]) -> &'static str {
        match head {
            [] => "an empty file",
            [b'M', b'Z', ..] => "a damaged program: it ends within its head",
            [b'#', b'!', ..] | [0xef, 0xbb, 0xbf, b'#', b'!', ..] => {
                "a script, and Windows does not look at its first line; name its interpreter in Exec, \
                 and the script after it"
            }
            [0x7f, b'E', b'L', b'F', ..] => "a program for Linux or another Unix",
            [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => {
                "a program for macOS, or Java classes"
            }
            head if head.contains(&0) => "no program for Windows",
            _ => "a text; if it is a script, name its interpreter in Exec, and the script after it",
        }
    }
}

/// The name of the machine of this number in a program's head, as Rust has it.
pub(super) fn machine_name(machine: u16) -> String {
    match machine {
        0x014c => "x86".into(),
        0x01c0 | 0x01c2 | 0x01c4 => "arm".into(),
        0x8664 => "x86_64".into(),
        0xa641 => "arm64ec".into(),
        0xaa64 => "aarch64".into(),
        other => format!("an unknown machine (number {other:#06x})"),
    }
}

/// Whether the system takes a file of this name for a batch file. It does not look at spaces and full stops
/// at the end of a name.
fn is_batch(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.trim_end_matches([' ', '.']);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["bat", "cmd"].iter().any(|batch| extension.eq_ignore_ascii_case(batch))
}

/// This many bytes of the file from the offset on; or those that there are, if there are fewer.
fn read<const COUNT: usize>(file: &File, offset: u64) -> io::Result<Result<[u8; COUNT], Vec<u8>>> {
    let mut bytes = [0; COUNT];
    let mut filled = 0;
    while filled < COUNT {
        match file.seek_read(&mut bytes[filled..], offset + filled as u64)? {
            0 => return Ok(Err(bytes[..filled].to_vec())),
            count => filled += count,
        }
    }
    Ok(Ok(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, content: &[u8]) -> Kind {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(name);
        std::fs::write(&path, content).unwrap();
        Kind::of(&path, &File::open(&path).unwrap()).unwrap()
    }

    /// A program's head for this machine, with these flags.
    fn program(machine: u16, flags: u16) -> Vec<u8> {
        let mut head = vec![0; 512];
        head[..2].copy_from_slice(b"MZ");
        head[OFFSET_AT] = 0x80;
        head[0x80..0x84].copy_from_slice(b"PE\0\0");
        head[0x84..0x86].copy_from_slice(&machine.to_le_bytes());
        head[0x96..0x98].copy_from_slice(&flags.to_le_bytes());
        head
    }

    #[test]
    fn a_program_is_recognised_with_its_machine() {
        assert_eq!(kind("p.exe", &program(0x8664, 2)), Kind::Native(0x8664));
        assert_eq!(kind("p", &program(0xaa64, 2)), Kind::Native(0xaa64));
        let own = std::env::current_exe().unwrap();
        let Kind::Native(machine) = Kind::of(&own, &File::open(&own).unwrap()).unwrap() else {
            panic!("this test is no program");
        };
        assert_eq!(machine_name(machine), std::env::consts::ARCH);
    }

    #[test]
    fn what_the_system_does_not_run_is_named() {
        for (content, text) in [
            (b"".as_slice(), "empty file"),
            (b"MZ", "damaged"),
            (b"#!/usr/bin/env python3\n", "interpreter in Exec"),
            (b"\xef\xbb\xbf#!/bin/sh\n", "interpreter in Exec"),
            (b"\x7fELF\x02\x01", "Linux"),
            (b"\xcf\xfa\xed\xfe\x07", "macOS"),
            (b"print('hello')\n", "a text"),
            (b"\x01\0\x02", "no program for Windows"),
            (&program(0x8664, IS_LIBRARY), "library"),
            (&[b"MZ".as_slice(), &[0; 300]].concat(), "DOS"),
        ] {
            let Kind::Unknown(name) = kind("p.exe", content) else { panic!("{text}") };
            assert!(name.contains(text), "{name}");
        }
    }

    #[test]
    fn a_batch_file_is_one_by_its_name() {
        for name in ["p.bat", "p.CMD", "p.exe.Cmd", "p.bat. ."] {
            assert!(is_batch(Path::new(name)), "{name}");
        }
        for name in ["p.exe", "bat", "cmd.exe", "p.bat.exe"] {
            assert!(!is_batch(Path::new(name)), "{name}");
        }
    }
}
