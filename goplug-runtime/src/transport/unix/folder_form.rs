//! The form of the private folders of sockets, by which a host knows what another process left behind.

/// How a folder's name begins.
pub const FOLDER_PREFIX: &str = "goplug-";

/// The number of random characters after the prefix, each an ASCII letter or digit.
pub(in crate::transport) const RANDOM: usize = 6;

/// The folder's mode: access for this user only.
pub(in crate::transport) const MODE: u32 = 0o700;

/// How often making a folder is tried while others remove it at once, or have the name.
pub(in crate::transport) const ATTEMPTS: u32 = 16;
