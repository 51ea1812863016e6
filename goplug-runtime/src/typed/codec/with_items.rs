//! Arguments with a stream beside them.

use bytes::Bytes;

use super::arguments::{EncodeArguments, EncodeError};
use super::media_type::MediaType;
use super::request_items::RequestItems;
use crate::typed::declare::ParamSpec;

/// Arguments and a stream beside them.
#[derive(Debug)]
pub struct WithItems<A> {
    arguments: A,
    items: Option<RequestItems>,
}

/// These arguments, and this stream.
pub fn with_items<A: EncodeArguments>(arguments: A, items: RequestItems) -> WithItems<A> {
    WithItems { arguments, items: Some(items) }
}

impl<A: EncodeArguments> EncodeArguments for WithItems<A> {
    const MEDIA_TYPE: MediaType = A::MEDIA_TYPE;

    fn write(
        self,
        params: &[ParamSpec],
        json: &mut Vec<u8>,
        raw: &mut Option<Bytes>,
    ) -> Result<(), EncodeError> {
        self.arguments.write(params, json, raw)
    }

    fn take_items(&mut self) -> Option<RequestItems> {
        self.items.take()
    }
}
