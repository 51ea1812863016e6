//! What lies in the folder, and whether to trust it.
//!
//! Values and reads of the file system. The room imports no other room of the host. Start
//! reading at [`Installation`].

mod digest;
mod installation;
pub(in crate::host) mod trust;

pub(in crate::host) use digest::{DigestCache, read_digest};
pub(in crate::host) use installation::{Command, Installation, Origin};
