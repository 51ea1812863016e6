//! Sending callbacks: the functions that a callback's generated body calls.

use std::any::TypeId;
use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::typed::call::{CallbackKind, Notifier, Payload, with_notifier};
use crate::typed::codec::{EncodeArguments, EncodeError, MediaType, encode, unwritable};
use crate::typed::declare::{CallbackSpec, PluginType};

/// Calls a callback that returns nothing, in every host that has registered it.
///
/// Waits while the queue of a host is full. Cancel safe: a callback is queued as a whole or not
/// at all.
///
/// # Errors
/// [`Error::NotRegistered`] if no host listens, [`Error::NoPlugin`] outside every plugin,
/// [`Error::Arguments`] if an argument cannot be JSON.
pub async fn emit<P: PluginType, A: EncodeArguments>(
    callback: &CallbackSpec,
    arguments: A,
) -> Result<()> {
    // Queues are rarely full. Then there is no wait, so nothing has to be kept for one.
    match emit_at_once::<P, A>(callback, arguments) {
        None => Ok(()),
        Some(unsent) => emit_unsent::<P>(callback, unsent).await,
    }
}

async fn emit_unsent<P: PluginType>(callback: &CallbackSpec, unsent: Box<Unsent>) -> Result<()> {
    if let Some(error) = unsent.error {
        return Err(unwritable(callback.name, callback.params, error));
    }
    let data = unsent.raw.as_ref().map_or(&unsent.json[..], |raw| raw);
    let payload = Payload { data, media_type: unsent.media_type };
    notifier_of::<P>(callback)?
        .emit(callback.name, payload, CallbackKind::Notification)
        .await
        .map(drop)
}

/// A callback that could not be sent at once.
struct Unsent {
    /// The arguments as JSON.
    json: Vec<u8>,
    /// The argument of a raw callback, which is sent in place of JSON.
    raw: Option<Bytes>,
    media_type: MediaType,
    /// Why a parameter cannot be written.
    error: Option<EncodeError>,
}

/// Sends a callback if that takes no wait. Everything is on the stack, and no large value is moved.
#[inline]
fn emit_at_once<P: PluginType, A: EncodeArguments>(
    callback: &CallbackSpec,
    arguments: A,
) -> Option<Box<Unsent>> {
    let mut json = SPARE.try_with(Cell::take).unwrap_or_default();
    let mut raw = None;
    let error = arguments.write(callback.params, &mut json, &mut raw).err();
    let data = raw.as_ref().map_or(&json[..], |raw| raw);
    let payload = Payload { data, media_type: A::MEDIA_TYPE };
    let send = |notifier: &Arc<dyn Notifier>| notifier.emit_at_once(callback.name, payload);
    if error.is_some() || with_notifier(TypeId::of::<P>(), send) != Ok(true) {
        return Some(Box::new(Unsent { json, raw, media_type: A::MEDIA_TYPE, error }));
    }
    if json.capacity() <= MOST_SPARE {
        json.clear();
        // The thread may be ending; then nothing is kept.
        let _ = SPARE.try_with(|spare| spare.set(json));
    }
    None
}

/// Calls a callback that returns a value, and waits for it.
///
/// Cancel safe. The host's handler may still run; its answer is dropped.
///
/// # Errors
/// As [`emit`]; also [`Error::Method`] if the host's handler failed, and [`Error::Decode`] if
/// its answer is not a `T`.
pub async fn ask<P: PluginType, A: EncodeArguments, T: DeserializeOwned>(
    callback: &CallbackSpec,
    arguments: A,
) -> Result<T> {
    let body = encode(callback.name, callback.params, arguments)?;
    let payload = Payload { data: &body, media_type: A::MEDIA_TYPE };
    let answer =
        notifier_of::<P>(callback)?.emit(callback.name, payload, CallbackKind::Call).await?;
    serde_json::from_slice(&answer)
        .map_err(|source| Error::Decode { method: callback.name.into(), source })
}

thread_local! {
    /// Memory for the arguments of the next callback. It can be used again after each callback,
    /// since the arguments are copied to a queue.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The most memory that is kept for arguments, in bytes.
const MOST_SPARE: usize = 64 << 10;

fn notifier_of<P: PluginType>(callback: &CallbackSpec) -> Result<Arc<dyn Notifier>> {
    with_notifier(TypeId::of::<P>(), Arc::clone)
        .map_err(|reason| Error::NoPlugin { callback: callback.name.into(), reason })
}
