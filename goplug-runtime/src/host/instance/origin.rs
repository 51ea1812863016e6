//! What a call tells a plugin that calls services: which host it is, and what the call is within.

use std::sync::Arc;

use super::shared::Instance;
use crate::protocol::wire;
use crate::typed::{CallOrigin, CallRequest};

/// The origin of a call to a plugin that calls services.
pub(super) struct OriginHeaders<'a> {
    host: &'a str,
    /// Where the call is made, if that is within a call itself.
    within: Option<Arc<CallOrigin>>,
}

impl Instance {
    /// The token by which the plugin knows this host; only for a plugin that calls services.
    pub(in crate::host) fn set_host(&self, token: &str) {
        // It is set once, after the activation.
        drop(self.host.set(token.into()));
    }

    /// The origin of a call that is made now; `None` for a plugin that calls no services.
    #[inline]
    pub(super) fn origin(&self) -> Option<OriginHeaders<'_>> {
        let host = self.host.get()?;
        Some(OriginHeaders { host, within: CallOrigin::current() })
    }
}

impl OriginHeaders<'_> {
    /// The headers of a call, as [`Instance::request_of_call`] takes them.
    pub(super) fn of_call(&self, call: &CallRequest<'_>) -> Vec<(&'static str, &str)> {
        self.headers(call.accepts_parts.then_some(wire::FORM_DATA))
    }

    /// The headers of a call whose response may also have this media type.
    pub(super) fn headers(&self, accepts: Option<&'static str>) -> Vec<(&'static str, &str)> {
        let mut headers = vec![(wire::HEADER_HOST, self.host)];
        headers.extend(accepts.map(|media_type| (wire::HEADER_ACCEPT, media_type)));
        if let Some(within) = &self.within {
            headers.push((wire::HEADER_CHAIN, within.chain.as_str()));
        }
        headers
    }
}
