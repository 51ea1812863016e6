//! Where an instance's descriptor with schemas comes from.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::host::install::Installation;
use crate::protocol::name::Qualified;
use crate::protocol::{Descriptor, Dialect};

/// Where the descriptor with schemas comes from. It is made when somebody needs it, which a start does
/// not.
pub(super) enum DescribedBy {
    /// There is none beside the answer to the activation: the plugin speaks a dialect without schemas,
    /// or has given it already, or it serves in this process, where the thread that asks may be the thread that would answer.
    Activation,
    /// The `.pconf` may have it: its digest of the program says that it was written for it.
    Pconf(Arc<Installation>),
    /// The plugin has it.
    Plugin,
}

impl DescribedBy {
    /// `has_described` says that the plugin has nothing more to say, or must not be asked.
    pub(super) fn of(
        installation: &Arc<Installation>,
        dialect: Dialect,
        has_described: bool,
    ) -> Self {
        if dialect == Dialect::GoPlug1 || has_described {
            Self::Activation
        } else if installation.pconf.sha256().is_some() && installation.attached.is_none() {
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
                announced
                    .filter(|it| it.has_schemas() && differs(it, activated).is_none())
                    .map(Arc::new)
            }
            Self::Plugin => None,
        }
    }
}

/// What tells this from a description of the same members as the answer to the activation, for people;
/// `None` if it is one.
pub(super) fn differs(described: &Descriptor, activated: &Descriptor) -> Option<String> {
    if described.name != activated.name || described.namespace != activated.namespace {
        let Descriptor { name, namespace, .. } = described;
        return Some(format!("is of another plugin, {}", Qualified { namespace, name }));
    }
    let (theirs, ours) = (prints(described), prints(activated));
    let other = theirs.symmetric_difference(&ours).next();
    other.map(|(name, _)| {
        format!("has other members, or other signatures, than its activation said: {name}")
    })
}

/// The names and fingerprints of all members.
fn prints(descriptor: &Descriptor) -> BTreeSet<(&str, &str)> {
    let methods = descriptor.methods.iter().map(|it| (&*it.name, &*it.fingerprint));
    let callbacks = descriptor.callbacks.iter().map(|it| (&*it.name, &*it.fingerprint));
    methods.chain(callbacks).collect()
}
