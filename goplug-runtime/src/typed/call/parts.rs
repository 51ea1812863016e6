//! The bytes of a call that came beside its other arguments.

use super::invocation::Call;
use crate::protocol::parts::{self, Part, PartsError};
use crate::protocol::{Problem, ProblemKind};
use crate::typed::codec::FromPart;
use crate::typed::declare::{MethodSpec, ParamSpec};

/// The parts of a call, but for the one with the other arguments. Empty if the body is JSON.
#[derive(Debug, Default)]
pub struct ArrivedParts(Vec<Part>);

impl Call {
    /// Takes a call with bytes beside other arguments apart: into a call with the others, and the
    /// bytes.
    ///
    /// # Errors
    /// A problem if the body is neither JSON nor of the media type `multipart/form-data`.
    pub fn split(self, method: &MethodSpec) -> Result<(Self, ArrivedParts), Problem> {
        if !parts::is_parts(self.body()) {
            return Ok((self, ArrivedParts::default()));
        }
        let split = parts::read(self.body()).and_then(|mut parts| {
            Ok((parts::take(&mut parts, parts::ARGUMENTS)?.unwrap_or_default(), parts))
        });
        match split {
            Ok((arguments, parts)) => Ok((Self::new(arguments), ArrivedParts(parts))),
            Err(error) => Err(unreadable(method, &error)),
        }
    }
}

fn unreadable(method: &MethodSpec, error: &PartsError) -> Problem {
    let detail = format!("the parts of a call of `{}` cannot be read: {error}", method.name);
    Problem::new(ProblemKind::InvalidArguments, detail)
}

impl ArrivedParts {
    /// Takes the bytes of this parameter. `json` are those of the other arguments, for a caller
    /// that does not know parts. An unknown part is ignored.
    ///
    /// # Errors
    /// A problem if the parameter is missing or is given twice.
    pub fn take<T: FromPart>(
        &mut self,
        param: &ParamSpec,
        json: Option<Vec<u8>>,
    ) -> Result<T, Problem> {
        let ParamSpec { name, ty, .. } = param;
        let fault = |what: &dyn std::fmt::Display| {
            Problem::argument(name, ty, format!("parameter `{name}` of type {ty}: {what}"))
        };
        let part = parts::take(&mut self.0, name).map_err(|error| fault(&error))?;
        if part.is_some() && json.is_some() {
            return Err(fault(&"it is given twice"));
        }
        let bytes = part.or_else(|| json.map(Into::into));
        T::from_part(bytes).ok_or_else(|| fault(&"it is missing"))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::protocol::parts::Multipart;
    use crate::typed::codec::{EncodeArguments, with_bytes};
    use crate::typed::declare::TypeSchema;

    const fn param(name: &'static str, ty: &'static str) -> ParamSpec {
        ParamSpec { name, ty, schema: TypeSchema::OPAQUE }
    }

    static METHOD: MethodSpec = MethodSpec {
        name: "scale",
        params: &[param("image", "Bytes"), param("width", "u32"), param("mask", "Option<Bytes>")],
        returns: "",
        ..MethodSpec::EMPTY
    };

    type Values = (Bytes, u32, Option<Bytes>);

    /// As generated code reads a call.
    fn taken(body: impl Into<Bytes>) -> Result<Values, Problem> {
        type Numbers = Option<Vec<u8>>;
        let (call, mut parts) = Call::new(body.into()).split(&METHOD)?;
        let (image, width, mask) = call.arguments::<(Numbers, u32, Numbers)>(&METHOD)?;
        let image = parts.take(&METHOD.params[0], image)?;
        Ok((image, width, parts.take(&METHOD.params[2], mask)?))
    }

    fn multipart(arguments: &str, bytes: &[(&str, &'static str)]) -> Bytes {
        let bytes: Vec<_> =
            bytes.iter().map(|(name, text)| (*name, Bytes::from_static(text.as_bytes()))).collect();
        let bytes = bytes.iter().map(|(name, bytes)| (*name, bytes));
        Multipart::new(parts::ARGUMENTS, arguments.as_bytes(), bytes).joined()
    }

    #[test]
    fn bytes_come_as_parts_or_as_numbers() {
        let expected = (Bytes::from_static(b"\x01\x02"), 3, None);
        for body in [
            multipart(r#"{"width":3}"#, &[("image", "\x01\x02")]),
            multipart(r#"{"image":null,"width":3}"#, &[("image", "\x01\x02"), ("new", "?")]),
            multipart("[null,3]", &[("image", "\x01\x02")]),
            multipart(r#"{"width":3,"image":[1,2]}"#, &[]),
            Bytes::from_static(br#"{"width":3,"image":[1,2]}"#),
            Bytes::from_static(b"[[1,2],3]"),
            Bytes::from_static(b"[[1,2],3,null]"),
        ] {
            assert_eq!(taken(body.clone()).unwrap(), expected, "{body:?}");
        }
        let mask = multipart(r#"{"width":3}"#, &[("mask", ""), ("image", "\x01\x02")]);
        assert_eq!(taken(mask).unwrap().2, Some(Bytes::new()));
    }

    #[test]
    fn a_parameter_that_is_missing_or_given_twice_is_named() {
        for (body, parameter, text) in [
            (multipart(r#"{"width":3}"#, &[]), "image", "missing"),
            (Bytes::from_static(br#"{"width":3}"#), "image", "missing"),
            (multipart("{}", &[("image", "x")]), "width", "missing"),
            (multipart("", &[("image", "x")]), "width", "missing"),
            (multipart(r#"{"width":3}"#, &[("image", "x"), ("image", "y")]), "image", "several"),
            (multipart(r#"{"width":3,"image":[]}"#, &[("image", "x")]), "image", "twice"),
            (multipart(r#"{"width":3,"image":[300]}"#, &[]), "image", "300"),
        ] {
            let problem = taken(body).unwrap_err();
            assert_eq!(problem.parameter.as_deref(), Some(parameter), "{problem:?}");
            assert_eq!(problem.kind(), ProblemKind::InvalidArguments);
            assert!(problem.detail.contains(text), "{problem:?}");
        }
    }

    #[test]
    fn parts_that_cannot_be_read_are_invalid_arguments() {
        let two = multipart("{}", &[("arguments", "{}")]);
        for body in [Bytes::from_static(b"--"), two, Bytes::from_static(b"--x\r\nY: z\r\n\r\n")] {
            let problem = taken(body).unwrap_err();
            assert_eq!(problem.kind(), ProblemKind::InvalidArguments);
            assert!(problem.detail.contains("the parts of a call of `scale`"), "{problem:?}");
        }
    }

    #[test]
    fn what_a_client_sends_is_what_the_method_takes() {
        let mut arguments = with_bytes((&3_u32,), [(0, Some(Bytes::from_static(b"x"))), (2, None)]);
        let parts = arguments.take_parts(METHOD.params);
        let body = arguments.encode(METHOD.params).unwrap();
        assert_eq!((body.as_ref(), parts.len()), (&br#"{"width":3}"#[..], 1));
        let bytes = parts.iter().map(|part| (&*part.name, &part.content));
        let body = Multipart::new(parts::ARGUMENTS, &body, bytes).joined();
        assert_eq!(taken(body).unwrap(), (Bytes::from_static(b"x"), 3, None));
    }
}
