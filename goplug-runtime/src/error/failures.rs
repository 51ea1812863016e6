//! Which errors of typed clients stand for an error of goplug's.
//!
//! [`CallError`] is generic over a method's error type, so it is found in a chain of errors only by code
//! that knows the type. A client that fails notes its type here.

use std::any::TypeId;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use super::{CallError, ErrorKind};

/// Which of goplug's errors a [`CallError`] is, for each error type of this program's methods whose client
/// has received one.
static KINDS: RwLock<Vec<(TypeId, KindOf)>> = RwLock::new(Vec::new());

type KindOf = fn(&(dyn StdError + 'static)) -> Option<ErrorKind>;

/// Notes that a method with this error type has failed with an error of goplug's: an error that loses its
/// type keeps its kind.
pub(crate) fn remember_failure<E: fmt::Debug + 'static>() {
    let id = TypeId::of::<E>();
    let is_known = |known: &[(TypeId, KindOf)]| known.iter().any(|(other, _)| *other == id);
    if is_known(&KINDS.read().unwrap_or_else(PoisonError::into_inner)) {
        return;
    }
    let mut known = KINDS.write().unwrap_or_else(PoisonError::into_inner);
    if !is_known(&known) {
        known.push((id, kind_of_call::<E>));
    }
}

fn kind_of_call<E: fmt::Debug + 'static>(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    match error.downcast_ref::<CallError<E>>()? {
        CallError::Goplug(error) => Some(error.kind()),
        CallError::Method(_) => None,
    }
}

/// Which of goplug's errors a [`CallError`] is whose type this program has received.
pub(super) fn known_kind(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    let known = KINDS.read().unwrap_or_else(PoisonError::into_inner);
    known.iter().find_map(|(_, kind)| kind(error))
}
