//! One socket: a request goes out, a response comes in.
//!
//! Nothing here knows plugins, methods or policies: a request goes to an [`Endpoint`], and a
//! response or a [`SendError`] comes back. The room imports no other room of the host. Start
//! reading at `endpoint`. A plugin of this machine has a local socket, and this project's own codec: `local`
//! chooses a connection, `exchange` drives it. A plugin that serves a network is reached by hyper and
//! rustls, in `remote`, whose `mod.rs` says why; without the feature, `no_remote` stands in its place.

mod answer;
mod blocking;
mod blocking_body;
mod blocking_io;
mod body_part;
mod budget;
mod busy_polling;
mod call_stream;
mod deadline_timer;
mod endpoint;
mod error;
mod event_connection;
mod event_stream;
mod exchange;
mod local;
mod open;
mod pipeline;
mod pool;
#[cfg_attr(not(feature = "remote"), path = "no_remote.rs")]
mod remote;
mod reply_stream;
mod request_body;
mod result_stream;
mod shortage;

pub(in crate::host) use budget::Budget;
pub(in crate::host) use endpoint::Endpoint;
pub(in crate::host) use error::{SendError, Stage};
pub(in crate::host) use event_connection::EventConnection;
pub(in crate::host) use event_stream::Opened;
pub(in crate::host) use exchange::{Connection, StreamingTimes};
pub(in crate::host) use local::{Admission, LocalEndpoint};
pub(in crate::host) use open::connect;
pub(in crate::host) use pipeline::{LatencyClass, PipelineOutcome};
#[cfg(feature = "remote")]
pub(in crate::host) use remote::{Access, RemoteEndpoint};
pub(in crate::host) use reply_stream::{EXPECT_CONTINUE, ReplyStream};
pub(in crate::host) use request_body::RequestBody;
pub(in crate::host) use result_stream::{Begun, BodySource};
