//! A service of its host that a plugin uses.

use crate::protocol::ServiceDescriptor;
use crate::typed::declare::MethodSpec;

/// A service of its host that a plugin uses: what the client needs of it by which the plugin calls it.
#[derive(Clone, Debug)]
pub struct Need {
    /// The service's name.
    pub(super) service: String,
    pub(super) methods: Vec<&'static MethodSpec>,
}

impl Need {
    /// The need as a descriptor says it, without schemas.
    pub(super) fn descriptor(&self) -> ServiceDescriptor {
        ServiceDescriptor {
            name: self.service.clone(),
            methods: self.methods.iter().map(|spec| spec.descriptor()).collect(),
        }
    }
}
