//! The settings of a registry, as its builder leaves them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::aliases::Aliases;
use super::configure_with::ConfigureWith;
use crate::host::install::Signers;
use crate::host::policy::Policies;
use crate::typed::Provided;

/// The settings of a registry. `RegistryBuilder` explains each of them.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) folder: PathBuf,
    pub(super) trust_writable: bool,
    /// The keys one of which has to have signed each file; `None` if none needs a signature.
    pub(super) signers: Option<Signers>,
    pub(super) policies: Policies,
    /// Further names of plugins.
    pub(super) aliases: Aliases,
    /// What the host provides for its plugins, by the names of the services.
    pub(super) services: BTreeMap<String, Arc<Provided>>,
    pub(super) configure_with: Option<ConfigureWith>,
}
