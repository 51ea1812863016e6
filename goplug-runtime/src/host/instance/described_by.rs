//! Where an instance's descriptor with schemas comes from.

use std::sync::Arc;

use crate::host::install::Installation;
use crate::protocol::{Descriptor, Dialect};

/// Where the descriptor with schemas comes from. It is made when somebody needs it, which a start does
/// not.
pub(super) enum DescribedBy {
    /// There is none beside the answer to the activation: the plugin speaks a dialect without schemas,
    /// or it serves in this process, where the thread that asks may be the thread that would answer.
    Activation,
    /// The `.pconf` may have it: its digest of the program says that it was written for it.
    Pconf(Arc<Installation>),
    /// The plugin has it.
    Plugin,
}

impl DescribedBy {
    /// `is_own` says that the plugin serves in this process.
    pub(super) fn of(installation: &Arc<Installation>, dialect: Dialect, is_own: bool) -> Self {
        if dialect == Dialect::GoPlug1 || is_own {
            Self::Activation
        } else if installation.pconf.sha256().is_some() {
            Self::Pconf(Arc::clone(installation))
        } else {
            Self::Plugin
        }
    }

    /// The descriptor with schemas, if it is known without a question.
    pub(super) fn known(&self, activated: &Arc<Descriptor>) -> Option<Arc<Descriptor>> {
        match self {
            Self::Activation => Some(Arc::clone(activated)),
            Self::Pconf(installation) => {
                let announced = installation.pconf.descriptor();
                announced.filter(|it| it.has_schemas() && is_of(it, activated)).map(Arc::new)
            }
            Self::Plugin => None,
        }
    }
}

/// Whether this describes the same members as the answer to the activation.
pub(super) fn is_of(described: &Descriptor, activated: &Descriptor) -> bool {
    described.name == activated.name
        && described.namespace == activated.namespace
        && prints(described) == prints(activated)
}

/// The names and fingerprints of all members, sorted.
fn prints(descriptor: &Descriptor) -> Vec<(&str, &str)> {
    let methods = descriptor.methods.iter().map(|it| (&*it.name, &*it.fingerprint));
    let callbacks = descriptor.callbacks.iter().map(|it| (&*it.name, &*it.fingerprint));
    let mut prints: Vec<_> = methods.chain(callbacks).collect();
    prints.sort_unstable();
    prints
}
