//! How the two codecs read the arguments of a callback.

use bytes::Bytes;

use super::run::{CallbackEvent, CallbackRun};
use crate::protocol::Problem;
use crate::typed::codec::{Arguments, Json, Raw, decode};
use crate::typed::declare::ParamSpec;

/// A codec that makes a callback's arguments of its body. Not for users to implement.
pub trait DecodeCallback<A> {
    /// The arguments of the next callback of a run; `None` at its end.
    #[doc(hidden)]
    fn next(run: &mut dyn CallbackRun, params: &[ParamSpec]) -> Option<Result<A, Problem>>;

    /// The arguments of one callback.
    ///
    /// # Errors
    /// A problem that names the parameter and what was expected.
    #[doc(hidden)]
    fn decode(event: CallbackEvent, params: &[ParamSpec]) -> Result<A, Problem>;
}

impl<A: Arguments> DecodeCallback<A> for Json {
    #[inline]
    fn next(run: &mut dyn CallbackRun, params: &[ParamSpec]) -> Option<Result<A, Problem>> {
        run.next().map(|data| decode(data, params))
    }

    #[inline]
    fn decode(event: CallbackEvent, params: &[ParamSpec]) -> Result<A, Problem> {
        decode(&event.data, params)
    }
}

/// The only parameter is bytes.
impl DecodeCallback<Bytes> for Raw {
    #[inline]
    fn next(run: &mut dyn CallbackRun, _: &[ParamSpec]) -> Option<Result<Bytes, Problem>> {
        run.next_event().map(|event| Ok(event.data))
    }

    #[inline]
    fn decode(event: CallbackEvent, _: &[ParamSpec]) -> Result<Bytes, Problem> {
        Ok(event.data)
    }
}
