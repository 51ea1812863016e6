//! Requests that goplug's own codec does not support: hyper answers them, or, without the
//! feature `hyper`, they are refused.
//!
//! Both implementations are a function `serve`, which takes the connection over, answers one
//! request, and ends it.

#[cfg(feature = "hyper")]
mod hyper_fallback;
#[cfg(not(feature = "hyper"))]
mod refusal;

#[cfg(feature = "hyper")]
pub(super) use hyper_fallback::serve;
#[cfg(not(feature = "hyper"))]
pub(super) use refusal::serve;
