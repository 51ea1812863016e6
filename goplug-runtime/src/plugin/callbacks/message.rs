//! A callback, ready to be written to each host that listens.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::{Traceparent, wire};
use crate::typed::{MediaType, Payload, trace};

/// A callback in both forms in which hosts take it.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    /// The callback's wire name.
    pub(super) name: &'a str,
    /// The type and the data of its event, for GoPlug 2 hosts.
    pub(super) event: &'a str,
    pub(super) data: &'a [u8],
    /// The payload as it is, for GoPlug 1 hosts.
    pub(super) body: &'a [u8],
    /// The place in a trace at which it is sent.
    pub(super) traceparent: Option<Traceparent>,
}

/// The text that a raw payload is sent as.
#[derive(Default)]
pub(super) struct EncodedText {
    event: String,
    data: String,
}

impl<'a> Message<'a> {
    /// The message of any payload. A raw one is encoded into `encoded`.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub(super) fn new(
        name: &'a str,
        payload: Payload<'a>,
        encoded: &'a mut EncodedText,
    ) -> Result<Self> {
        let mut message = Self::json(name, payload.data);
        if payload.media_type == MediaType::Raw {
            encoded.event = format!("{name}{}", wire::EVENT_BASE64_SUFFIX);
            encoded.data = BASE64.encode(message.body);
            (message.event, message.data) = (&encoded.event, encoded.data.as_bytes());
        }
        if message.data.len() + message.event.len() > limits::MAX_EVENT {
            return Err(Error::TooLarge { limit: limits::MAX_EVENT });
        }
        Ok(message)
    }

    /// The message of a payload that is JSON. The caller checks its size.
    #[inline]
    pub(super) fn json(name: &'a str, body: &'a [u8]) -> Self {
        Self { name, event: name, data: body, body, traceparent: trace::current() }
    }

    /// The message of an event of a service, whose type names the trace that it is a part of.
    pub(super) fn of_service(name: &'a str, event: &'a str, data: &'a [u8]) -> Self {
        Self { name, event, data, body: &[], traceparent: None }
    }
}
