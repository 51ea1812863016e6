//! Programs for Linux: files in the format ELF.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::transport::unix::host::process::program_kind::Kind;

/// The longest path of a loader that is read from a program.
const MAX_LOADER: u64 = 4096;

/// The kind of an ELF file with these first bytes; `None` if it is none.
pub(in crate::transport::unix) fn recognise(head: &[u8]) -> Option<Kind> {
    let rest = head.strip_prefix(b"\x7fELF")?;
    // The byte order is the sixth byte of the file, the machine the two bytes at 18.
    let machine = match (rest.get(1), rest.get(14..16)) {
        (Some(1), Some(&[a, b])) => u16::from_le_bytes([a, b]),
        (Some(2), Some(&[a, b])) => u16::from_be_bytes([a, b]),
        _ => return Some(Kind::Unknown("a damaged ELF file")),
    };
    let name = machine_name(machine);
    Some(if name == std::env::consts::ARCH { Kind::Native } else { Kind::Foreign(name) })
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

/// The loader that an ELF file of this machine names; `None` if it names none or is damaged.
pub(in crate::transport::unix) fn loader(file: &File) -> Option<PathBuf> {
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

    #[test]
    fn the_machine_of_an_elf_file_is_read_in_its_byte_order() {
        let elf = |order: u8, machine: [u8; 2]| {
            let mut head = [0; 64];
            head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, order]);
            head[18..20].copy_from_slice(&machine);
            recognise(&head)
        };
        assert_eq!(elf(1, [8, 0]), Some(Kind::Foreign("an unknown machine (ELF number 8)".into())));
        assert_eq!(elf(2, [0, 8]), Some(Kind::Foreign("an unknown machine (ELF number 8)".into())));
        assert!(matches!(elf(3, [0, 8]), Some(Kind::Unknown(_))));
        assert!(matches!(recognise(b"\x7fELF"), Some(Kind::Unknown(_))));
    }

    #[test]
    fn the_loader_of_a_program_is_read() {
        let loader = loader(&File::open("/bin/true").unwrap());
        // A statically linked one has none.
        assert!(loader.is_none_or(|loader| loader.exists()));
        assert_eq!(super::loader(&File::open("/etc/passwd").unwrap()), None);
    }
}
