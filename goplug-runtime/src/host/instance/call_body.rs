//! The body of a call with bytes beside its other arguments, in the form that its plugin reads.

use std::borrow::Cow;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::protocol::{parts, wire};
use crate::typed::CallRequest;

/// The body of such a call.
pub(super) struct CallBody {
    pub(super) media_type: Cow<'static, str>,
    /// The first piece.
    pub(super) first: Bytes,
    /// The further pieces.
    pub(super) more: Vec<Bytes>,
}

impl CallBody {
    /// The body of a call; `None` if no bytes are beside its arguments, so that they are the body.
    /// It is boxed, since most calls have none.
    ///
    /// # Errors
    /// [`Error::Arguments`] if the plugin does not read parts, and the arguments are no object.
    #[inline]
    pub(super) fn new(call: &CallRequest<'_>, reads_parts: bool) -> Result<Option<Box<Self>>> {
        if call.parts.is_empty() { Ok(None) } else { Self::with_parts(call, reads_parts).map(Some) }
    }

    #[cold]
    fn with_parts(call: &CallRequest<'_>, reads_parts: bool) -> Result<Box<Self>> {
        if !reads_parts {
            let bytes = call.parts.iter().map(|part| (&*part.name, &part.content));
            let first = parts::json::object(&call.body, bytes).ok_or_else(|| no_object(call))?;
            return Ok(Box::new(Self { media_type: wire::JSON.into(), first, more: Vec::new() }));
        }
        let (media_type, mut pieces) = match call.multipart() {
            Some(multipart) => (multipart.media_type.into(), multipart.pieces.into_iter()),
            None => (wire::JSON.into(), Vec::new().into_iter()),
        };
        let first = pieces.next().unwrap_or_default();
        Ok(Box::new(Self { media_type, first, more: pieces.collect() }))
    }
}

fn no_object(call: &CallRequest<'_>) -> Error {
    Error::Arguments {
        method: call.method.into(),
        parameter: None,
        expected: None,
        detail: "the plugin reads bytes beside other arguments as JSON, and the arguments are no \
                 JSON object"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::parts::Part;
    use crate::typed::MediaType;

    fn call(body: &'static str) -> CallRequest<'static> {
        let mut call = CallRequest::new("m", body.into(), MediaType::Json);
        call.parts = vec![Part { name: "image".into(), content: vec![7; 20_000].into() }];
        call
    }

    #[test]
    fn a_call_without_bytes_has_no_other_body() {
        let call = CallRequest::new("m", "{}".into(), MediaType::Json);
        assert!(CallBody::new(&call, true).unwrap().is_none());
    }

    #[test]
    fn a_plugin_that_reads_parts_gets_the_bytes_as_they_are() {
        let call = call(r#"{"width":3}"#);
        let body = CallBody::new(&call, true).unwrap().unwrap();
        assert!(body.media_type.starts_with("multipart/form-data; boundary="));
        assert_eq!(body.more[0].as_ptr(), call.parts[0].content.as_ptr());
        assert!(body.first.starts_with(b"--"));
    }

    #[test]
    fn another_plugin_gets_numbers() {
        let body = CallBody::new(&call(r#"{"width":3}"#), false).unwrap().unwrap();
        assert_eq!((&*body.media_type, body.more.len()), (wire::JSON, 0));
        assert!(body.first.starts_with(br#"{"width":3,"image":[7,7,"#));
        let error = CallBody::new(&call("[3]"), false).err().unwrap();
        assert!(matches!(error, Error::Arguments { .. }), "{error:?}");
    }
}
