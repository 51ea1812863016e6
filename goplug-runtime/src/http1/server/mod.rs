//! A plugin's half of HTTP/1.1: requests in, responses out.
//!
//! Imports the shared files of `http1` and `protocol`. Start reading at `request.rs`.

mod fast_head;
mod request;
mod response;
mod target;

pub use request::{HeaderSlots, ParsedRequest, RequestHead, parse_request};
pub use response::{ResponseHead, write_response_head};
