//! What a request is answered with: a response, or a response whose body is a stream.

use std::io;

use crate::http1::{
    Buffer, Progress, ReadError, Response, ResponseReader, StreamHead, StreamedResponse,
};

/// What an exchange ends with.
pub(super) trait Answer: Sized {
    /// Takes the answer out of the buffer; `None` if more bytes are needed.
    ///
    /// # Errors
    /// As [`ResponseReader::take`].
    fn take(reader: &mut ResponseReader, buffer: &mut Buffer) -> Result<Option<Self>, ReadError>;

    /// The answer whose body lasted until the connection ended.
    fn of(response: Response) -> Self;

    /// Is told whether another request could follow the request, and whether nothing was received
    /// after the answer. Returns whether another request can follow now.
    fn leaves_reusable(&mut self, may_be_reused: bool, is_all: bool) -> bool;
}

impl Answer for Response {
    #[inline]
    fn take(reader: &mut ResponseReader, buffer: &mut Buffer) -> Result<Option<Self>, ReadError> {
        loop {
            match reader.take(buffer)? {
                Progress::Complete(response) => return Ok(Some(response)),
                Progress::Interim(_) => {}
                Progress::More => return Ok(None),
            }
        }
    }

    fn of(response: Response) -> Self {
        response
    }

    #[inline]
    fn leaves_reusable(&mut self, may_be_reused: bool, is_all: bool) -> bool {
        may_be_reused && self.keep_alive && is_all
    }
}

/// The answer to a request whose result may be a stream.
pub(super) enum StreamedAnswer {
    Stream(StreamHead),
    Response(Response),
}

impl Answer for StreamedAnswer {
    fn take(reader: &mut ResponseReader, buffer: &mut Buffer) -> Result<Option<Self>, ReadError> {
        loop {
            match reader.take_stream(buffer)? {
                StreamedResponse::Stream(head) if head.is_events || head.body.is_delimited() => {
                    return Ok(Some(Self::Stream(head)));
                }
                StreamedResponse::Stream(_) => {
                    let text = "its body shows no end, so one that is cut off would look complete";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, text).into());
                }
                StreamedResponse::Other(Progress::Complete(response)) => {
                    return Ok(Some(Self::Response(response)));
                }
                StreamedResponse::Other(Progress::Interim(_)) => {}
                StreamedResponse::Other(Progress::More) => return Ok(None),
            }
        }
    }

    fn of(response: Response) -> Self {
        Self::Response(response)
    }

    fn leaves_reusable(&mut self, may_be_reused: bool, is_all: bool) -> bool {
        match self {
            Self::Stream(head) => {
                head.keep_alive &= may_be_reused;
                false
            }
            Self::Response(response) => response.leaves_reusable(may_be_reused, is_all),
        }
    }
}
