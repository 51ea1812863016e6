//! What lies in the folder, and whether to trust it.
//!
//! Values and reads of the file system. The room imports no other room of the host but `policy`. Start
//! reading at [`Installation`].

mod command;
mod configuration;
mod digest;
mod env_target;
mod exec_files;
mod installation;
pub(in crate::host) mod interpreter;
mod json_schema;
mod program_files;
mod remote;
mod search_path;
mod signature;
pub(in crate::host) mod trust;

pub(in crate::host) use command::Command;
pub(in crate::host) use digest::{DigestCache, PinnedFile, read_digest};
pub(in crate::host) use exec_files::ExecFiles;
pub(in crate::host) use installation::{Installation, Origin, Unusable};
pub(in crate::host) use program_files::{ProgramFiles, check_files};
pub(in crate::host) use signature::{Signers, path_of_signature};
