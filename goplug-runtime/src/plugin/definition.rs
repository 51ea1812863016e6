//! What a plugin is: everything that is fixed once it has been built.

use std::any::{Any, TypeId};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

use super::hooks::Hooks;
use crate::limits;
use crate::protocol::{Descriptor, MethodDescriptor, Pconf, PconfError, PluginId};
use crate::typed::{Handler, Streaming};

/// What a plugin is and offers.
pub(super) struct PluginDefinition {
    pub(super) id: PluginId,
    pub(super) descriptor: Descriptor,
    /// The descriptor as it goes over the wire.
    pub(super) descriptor_json: Bytes,
    /// The URL, if it is not the default one.
    pub(super) url: Option<String>,
    pub(super) lazy_load: bool,
    /// The folder of the `.pconf`; `None` for a plugin that only serves on a host's socket.
    pub(super) location: Option<PathBuf>,
    /// The path of its own socket; `None` for a plugin that only serves on a host's socket.
    pub(super) socket: Option<PathBuf>,
    /// The Rust type of an annotated plugin.
    pub(super) type_id: Option<TypeId>,
    pub(super) settings: Settings,
    /// In the order of the descriptor's methods, which are sorted by name.
    pub(super) handlers: Vec<Handler>,
    pub(super) hooks: Hooks,
    /// What serves the methods with streams.
    pub(super) streaming: Option<Streaming>,
    /// Adds the types to a descriptor of an annotated plugin. It takes longer than a start may.
    pub(super) describe: Option<fn(&mut Descriptor)>,
}

impl PluginDefinition {
    /// The method with this wire name, and its handler.
    pub(super) fn method(&self, method: &str) -> Option<(&MethodDescriptor, &Handler)> {
        let methods = &self.descriptor.methods;
        let place = methods.binary_search_by(|offered| offered.name.as_str().cmp(method)).ok()?;
        Some((&methods[place], self.handlers.get(place)?))
    }

    /// The part of the server that serves streams in this way.
    pub(super) fn streaming_part<T: Any>(&self) -> Option<&'static T> {
        self.streaming?.part()
    }

    /// Whether the plugin calls services of its host.
    pub(super) fn calls_services(&self) -> bool {
        !(self.descriptor.needs.is_empty() && self.descriptor.wants.is_empty())
    }

    /// What the plugin offers, with the schemas of its types.
    pub(super) fn described(&self) -> Descriptor {
        let mut descriptor = self.descriptor.clone();
        if let Some(describe) = self.describe {
            describe(&mut descriptor);
        }
        descriptor
    }

    /// The content of the `.pconf`, with the schemas unless they make it too long for a registry.
    ///
    /// # Errors
    /// None, if [`PluginDefinition::announcing`] has been asked before.
    pub(super) fn pconf(&self) -> Result<Pconf, PconfError> {
        let pconf = self.announcing(self.described())?;
        if pconf.to_json().len() > limits::MAX_PCONF_SCHEMAS {
            return self.announcing(self.descriptor.clone());
        }
        Ok(pconf)
    }

    /// The content of a `.pconf` with this descriptor.
    ///
    /// # Errors
    /// [`PconfError`] for a name, version, URL or socket that the file cannot have.
    pub(super) fn announcing(&self, descriptor: Descriptor) -> Result<Pconf, PconfError> {
        let mut pconf = Pconf::of(descriptor)?.with_lazy_load(self.lazy_load);
        if let Some(url) = &self.url {
            pconf = pconf.with_url(url)?;
        }
        if let Some(socket) = &self.socket {
            pconf = pconf.with_sock(socket)?;
        }
        Ok(pconf)
    }
}

/// The limits and times of one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// The largest request body, in bytes.
    pub(super) body_limit: usize,
    /// How long a stop waits for the stop hook and for calls in flight, if that is set.
    pub(super) stop_timeout: Option<Duration>,
    /// How long a peer may pause within a request.
    pub(super) peer_idle: Duration,
    /// How long a host whose callback stream broke is remembered.
    pub(super) callback_resume: Duration,
    /// Runs before a stop hook, and is told whether the plugin ends after it.
    pub(super) before_stop_hook: fn(bool),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_limit: limits::MAX_BODY,
            stop_timeout: None,
            peer_idle: limits::PEER_IDLE_TIMEOUT,
            callback_resume: limits::CALLBACK_RESUME,
            before_stop_hook: |_| {},
        }
    }
}
