//! A host's half of HTTP/1.1: requests out, responses in.
//!
//! Imports the shared files of `http1` and `protocol`. Start reading at `response.rs`.

mod request;
mod request_writer;
mod response;
mod response_head;

#[cfg(feature = "remote")]
pub use request::Verb;
pub use request::{Request, insert_header};
pub use request_writer::RequestWriter;
pub use response::{Progress, Response, ResponseReader, StreamHead, StreamedResponse};
pub use response_head::Protocol;

#[cfg(test)]
pub(super) use response_head::parse as parse_response_head;
