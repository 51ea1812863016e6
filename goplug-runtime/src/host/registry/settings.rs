//! The settings of a registry, as its builder leaves them.

use std::path::PathBuf;

use super::configure_with::ConfigureWith;
use crate::host::policy::Policies;

/// The settings of a registry. `RegistryBuilder` explains each of them.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) folder: PathBuf,
    pub(super) trust_writable: bool,
    pub(super) policies: Policies,
    pub(super) configure_with: Option<ConfigureWith>,
}
