//! What lies in the folder, and whether to trust it.
//!
//! A room of values and of questions to the file system: it imports no other room of the
//! host. Start reading at [`Installation`].

mod digest;
mod installation;
pub(in crate::host) mod trust;

pub(in crate::host) use digest::{DigestCache, read_digest};
pub(in crate::host) use installation::{Command, Installation, Origin};
