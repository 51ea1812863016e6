//! A request, as hyper sends it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Uri, Version, http};
use tokio::sync::mpsc;

use super::fault::Fault;
use crate::http1::{Request, Verb};
use crate::protocol::{RemoteUrl, wire};

/// The body of a request.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// All of it: the pieces that are still to be sent, the first last.
    Whole(Vec<Bytes>),
    /// It comes piece by piece.
    Stream(mpsc::Receiver<Piece>),
}

/// A piece of a body that is a stream. Its end is that of the channel.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    /// There is no more, and the body is not whole: the request is broken off.
    BrokenOff,
}

/// A body was broken off by its sender.
#[derive(Debug, thiserror::Error)]
#[error("the caller's stream has failed")]
pub(super) struct BrokenOff;

impl Outgoing {
    /// The body of this request.
    pub(super) fn of(request: &Request<'_>) -> Self {
        let mut pieces: Vec<_> = request.more.iter().rev().cloned().collect();
        pieces.push(Bytes::copy_from_slice(request.body));
        pieces.retain(|piece| !piece.is_empty());
        Self::Whole(pieces)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let data = match self.get_mut() {
            Self::Whole(pieces) => pieces.pop(),
            Self::Stream(pieces) => match ready!(pieces.poll_recv(cx)) {
                Some(Piece::Data(data)) => Some(data),
                Some(Piece::BrokenOff) => return Poll::Ready(Some(Err(BrokenOff))),
                None => None,
            },
        };
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(pieces) if pieces.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(pieces) => {
                SizeHint::with_exact(pieces.iter().map(|piece| piece.len() as u64).sum())
            }
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// The request with this body, for a connection of this version.
///
/// # Errors
/// A value is none that a header can have.
pub(super) fn request(
    url: &RemoteUrl,
    request: &Request<'_>,
    version: Version,
    body: Outgoing,
    secrets: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
) -> Result<hyper::Request<Outgoing>, Fault> {
    let invalid =
        |error: http::Error| Fault::new(std::io::ErrorKind::InvalidInput, error.to_string());
    let mut path = url.prefix().as_bytes().to_vec();
    wire::write_path_of_method(request.method, &mut path);
    path.extend_from_slice(request.below.as_bytes());
    let mut built = hyper::Request::new(body);
    *built.method_mut() = match request.verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
    };
    *built.version_mut() = version;
    let headers = built.headers_mut();
    let uri = if version == Version::HTTP_2 {
        let scheme = if url.is_secure() { "https" } else { "http" };
        let uri = Uri::builder().scheme(scheme).authority(url.authority());
        uri.path_and_query(path).build().map_err(invalid)?
    } else {
        let host = HeaderValue::try_from(url.authority()).map_err(|error| invalid(error.into()))?;
        headers.insert(header::HOST, host);
        Uri::try_from(path).map_err(|error| invalid(error.into()))?
    };
    let mut insert = |name: &'static str, value: &str| {
        let value = HeaderValue::try_from(value).map_err(|error| invalid(error.into()))?;
        headers.insert(HeaderName::from_static(name), value);
        Ok::<_, Fault>(())
    };
    if let Some(content_type) = request.content_type {
        insert(wire::HEADER_CONTENT_TYPE, content_type)?;
    }
    if let Some(timeout) = request.timeout {
        insert(wire::HEADER_TIMEOUT, itoa::Buffer::new().format(timeout))?;
    }
    if let Some(traceparent) = &request.traceparent {
        insert(wire::HEADER_TRACEPARENT, &traceparent.to_string())?;
    }
    for (name, value) in request.headers {
        insert(name, value)?;
    }
    headers.extend(secrets);
    *built.uri_mut() = uri;
    Ok(built)
}
