//! The base of generated clients, and the trait of their callers.
//!
//! Start with [`caller`], whose trait users implement for test doubles and layers. A generated
//! client holds a [`base`], and makes a [`request`] of it. The room imports from all other rooms of `typed`.

mod base;
mod call_key;
mod caller;
mod progress;
mod request;
mod result_stream;
mod streamed_body;

pub use base::{Client, ClientBase, NamedClient, need};
pub use call_key::CallKey;
pub use caller::{BlockingCaller, CallRequest, Caller, NoHost};
pub use request::{Registration, Request};
pub use result_stream::{ResultIter, ResultStream};
pub use streamed_body::StreamedBody;
