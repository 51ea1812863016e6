//! One socket: a request goes out, a response comes in.
//!
//! Nothing here knows plugins, methods or policies: a request goes to an [`Endpoint`], and a
//! response or a [`SendError`] comes back. The room imports no other room of the host. Start
//! reading at `endpoint`, which chooses a connection, and go on to `exchange`, which drives it.

mod answer;
mod blocking;
mod blocking_body;
mod blocking_io;
mod body_part;
mod budget;
mod busy_polling;
mod deadline_timer;
mod endpoint;
mod error;
mod event_stream;
mod exchange;
mod open;
mod pipeline;
mod pool;
mod reply_stream;
mod request_body;
mod result_stream;
mod shortage;

pub(in crate::host) use budget::Budget;
pub(in crate::host) use endpoint::{Admission, Endpoint};
pub(in crate::host) use error::{SendError, Stage};
pub(in crate::host) use event_stream::{EventStream, Opened};
pub(in crate::host) use exchange::{Connection, StreamingTimes};
pub(in crate::host) use open::connect;
pub(in crate::host) use pipeline::{LatencyClass, PipelineOutcome};
pub(in crate::host) use reply_stream::{EXPECT_CONTINUE, ReplyStream};
pub(in crate::host) use request_body::RequestBody;
pub(in crate::host) use result_stream::{Begun, BodySource};
