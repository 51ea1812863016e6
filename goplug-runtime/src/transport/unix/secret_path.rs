//! Paths of sockets that nobody guesses.
//!
//! The mode of a socket keeps other users away, and nothing keeps away processes of the same user that know
//! its path. A plugin in a sandbox cannot read the folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::system::fill_random;

/// How many random bytes a name has: as many bits as a key.
const RANDOM: usize = 16;

/// A path for another socket in this folder, with 128 random bits in its name. Does blocking I/O.
///
/// # Errors
/// The system has no random numbers.
pub fn secret_socket_path(folder: &Path) -> io::Result<PathBuf> {
    Ok(folder.join(base32(random()?) + ".sock"))
}

fn random() -> io::Result<[u8; RANDOM]> {
    let mut bytes = [0; RANDOM];
    if !fill_random(&mut bytes) {
        // A filter of system calls may refuse it.
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    }
    Ok(bytes)
}

/// Five bits a character. Paths of sockets are short, so hexadecimal digits would be too many.
fn base32(bytes: [u8; RANDOM]) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut rest = u128::from_le_bytes(bytes);
    let mut digits = String::new();
    for _ in 0..u128::BITS.div_ceil(5) {
        digits.push(char::from(DIGITS[(rest % 32) as usize]));
        rest /= 32;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_is_in_the_name() {
        let names: std::collections::BTreeSet<_> =
            (0..128).map(|bit| base32((1_u128 << bit).to_le_bytes())).collect();
        assert_eq!(names.len(), 128);
        assert!(names.iter().all(|name| name.len() == 26), "{names:?}");
    }

    #[test]
    fn no_path_comes_twice_and_each_is_short() {
        let folder = Path::new("/tmp/goplug-000abc");
        let one = secret_socket_path(folder).unwrap();
        assert_ne!(one, secret_socket_path(folder).unwrap());
        assert_eq!(one.parent(), Some(folder));
        assert_eq!(one.as_os_str().len(), "/tmp/goplug-000abc/".len() + 26 + ".sock".len());
    }
}
