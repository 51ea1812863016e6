//! Programs for macOS: files in the format Mach-O.

use std::fs::File;
use std::path::PathBuf;

use crate::transport::unix::host::process::program_kind::Kind;

/// Whether an open file can be run itself, whatever is at its path by then.
pub(in crate::transport::unix) const RUNS_OPEN_FILES: bool = false;

/// The numbers of the processors that macOS has run on since it is 64 bits wide: `CPU_TYPE_X86_64` and
/// `CPU_TYPE_ARM64` of mach/machine.h. The one runs programs for the other.
const PROCESSORS: [u32; 2] = [0x0100_0007, 0x0100_000c];

/// The kind of a Mach-O file with these first bytes, for one processor or several; `None` if it is none.
pub(in crate::transport::unix) fn recognise(head: &[u8]) -> Option<Kind> {
    match head {
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, ..] => Some(Kind::Native),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, rest @ ..] => {
            let Some(number) = rest.first_chunk() else {
                return Some(Kind::Unknown("a damaged Mach-O file"));
            };
            let number = u32::from_le_bytes(*number);
            Some(match PROCESSORS.contains(&number) {
                true => Kind::Native,
                false => Kind::Foreign(format!("an unknown machine (Mach-O number {number})")),
            })
        }
        _ => None,
    }
}

/// The loader of a program: the same for all, and always there.
pub(in crate::transport::unix) fn loader(_: &File) -> Option<PathBuf> {
    None
}
