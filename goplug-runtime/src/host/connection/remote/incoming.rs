//! What comes back: the answer of a plugin, or that of something between.
//!
//! A proxy answers in the place of a plugin that it does not reach, and so may something else that serves
//! at the URL. Such answers have no problem document. What they mean for a call is decided here: whether it
//! certainly did not begin, or may have.

use std::io::{self, ErrorKind};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderMap};
use hyper::{Response as Answer, StatusCode, Version};

use super::fault::Fault;
use crate::host::connection::error::SendError;
use crate::http1::{Protocol, Response, SenderError};
use crate::limits;
use crate::protocol::{visible, wire};

/// An answer whose body has been read.
pub(super) struct Collected {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Reads the body of an answer, which may have at most `limit` bytes.
///
/// # Errors
/// [`SendError::TooLarge`]; [`SendError::Broken`] if the body is cut off.
pub(super) async fn collect(
    answer: Answer<Incoming>,
    limit: usize,
) -> Result<Collected, SendError> {
    check_end(&answer)?;
    let (head, mut body) = answer.into_parts();
    if usize::try_from(body.size_hint().lower()).is_ok_and(|least| least > limit) {
        return Err(SendError::TooLarge);
    }
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        match frame.map_err(|error| cut_off(&error))?.into_data() {
            // Most bodies are one piece, which is not copied.
            Ok(data) if first.is_empty() => first = data,
            Ok(data) => {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&data);
            }
            Err(frame) => look_at_trailers(frame.trailers_ref())?,
        }
        if first.len().max(rest.len()) > limit {
            return Err(SendError::TooLarge);
        }
    }
    let body = if rest.is_empty() { first } else { rest.freeze() };
    Ok(Collected { status: head.status, headers: head.headers, body })
}

/// Whether the answer begins a stream.
pub(super) fn is_stream(answer: &Answer<Incoming>) -> bool {
    answer.status() == StatusCode::OK && !is_of(answer.headers(), "text/html")
}

/// Whether the body is a stream of events.
pub(super) fn is_events(headers: &HeaderMap) -> bool {
    is_of(headers, wire::EVENT_STREAM)
}

/// Fails if nothing would show that a body was cut off.
pub(super) fn check_end(answer: &Answer<Incoming>) -> Result<(), SendError> {
    let has = |name| answer.headers().contains_key(name);
    let is_delimited = answer.version() == Version::HTTP_2
        || has(header::CONTENT_LENGTH)
        || has(header::TRANSFER_ENCODING);
    if is_delimited || answer.status() != StatusCode::OK {
        return Ok(());
    }
    let text = "its body shows no end, so one that is cut off would look complete";
    Err(SendError::Broken(io::Error::new(ErrorKind::InvalidData, text)))
}

/// Fails if the sender has given up its body.
pub(super) fn look_at_trailers(trailers: Option<&HeaderMap>) -> Result<(), SendError> {
    let Some(problem) = trailers.and_then(|trailers| trailers.get(wire::HEADER_ERROR)) else {
        return Ok(());
    };
    let error = SenderError { problem: problem.as_bytes().to_vec() };
    Err(SendError::Broken(io::Error::other(error)))
}

/// The error of a body that was cut off.
pub(super) fn cut_off(error: &hyper::Error) -> SendError {
    Fault::of(error, true).cut_off()
}

impl Collected {
    /// Whether the plugin does not know the caller.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// The plugin's response.
    ///
    /// # Errors
    /// The answer is not the plugin's. [`SendError::Unconnected`] if the request certainly did not
    /// begin; [`SendError::Broken`] if it may have.
    pub(super) fn into_response(self) -> Result<Response, SendError> {
        self.check()?;
        let protocol = self.headers.get(wire::HEADER_PROTOCOL);
        Ok(Response {
            status: self.status.as_u16(),
            protocol: protocol.map(|value| Protocol::of_value(value.as_bytes())),
            keep_alive: true,
            body: self.body,
        })
    }

    fn check(&self) -> Result<(), SendError> {
        let Self { status, headers, .. } = self;
        let refused = |kind, text: String| Err(SendError::Unconnected(io::Error::new(kind, text)));
        if status.is_redirection() {
            let target = headers.get(header::LOCATION).map(shown_target).unwrap_or_default();
            let text = format!(
                "it redirects{target} ({status}), and no redirect is followed: the Url of its .pconf has to \
                 be the one that serves"
            );
            return refused(ErrorKind::InvalidInput, text);
        }
        match status.as_u16() {
            401 | 403 | 407 => {
                let text = format!(
                    "it refuses this host ({status}): the token or the client certificate that it asks for \
                     is missing, or is not valid there"
                );
                return refused(ErrorKind::PermissionDenied, text);
            }
            421 => {
                let text = "the instance that the call is for is not there: another one answered";
                return refused(ErrorKind::NotConnected, text.into());
            }
            429 => {
                let text = format!("it takes no more requests at the moment ({status})");
                return refused(ErrorKind::ResourceBusy, text);
            }
            _ if is_of(headers, wire::PROBLEM) => return Ok(()),
            502..=504 => {
                let text = format!(
                    "a proxy on the way answered in the plugin's place ({status}): it got no answer, and \
                     does not say whether the call was made"
                );
                return Err(SendError::Broken(io::Error::new(ErrorKind::ConnectionAborted, text)));
            }
            _ => {}
        }
        if is_of(headers, "text/html") {
            let text = format!(
                "a page of HTML ({status}) came in the place of the plugin's answer: a proxy, or another \
                 service, is at its Url"
            );
            return Err(SendError::Broken(io::Error::new(ErrorKind::InvalidData, text)));
        }
        Ok(())
    }
}

/// Where a redirect leads, for people. Its query may be a secret.
fn shown_target(location: &header::HeaderValue) -> String {
    let target = String::from_utf8_lossy(location.as_bytes());
    let target = target.split(['?', '#']).next().unwrap_or_default();
    let target = target.rsplit('@').next().unwrap_or_default();
    let shown: String = target.chars().take(limits::ERROR_EXCERPT).collect();
    format!(" to {}", visible(&shown))
}

/// Whether the media type is this one, whatever its parameters.
fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes())
}
