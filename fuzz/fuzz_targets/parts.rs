//! Parts that are read are slices of the body, and read the same after they are written again. What
//! begins as parts and cannot be read is a clear problem of a call.

#![no_main]

use goplug_runtime::bytes::Bytes;
use goplug_runtime::protocol::ProblemKind;
use goplug_runtime::protocol::parts::{self, Multipart};
use goplug_runtime::typed::{Call, MethodSpec, ParamSpec, TypeSchema};
use libfuzzer_sys::fuzz_target;

static METHOD: MethodSpec = MethodSpec {
    name: "m",
    params: &[
        ParamSpec { name: "count", ty: "u64", schema: TypeSchema::OPAQUE },
        ParamSpec { name: "image", ty: "Bytes", schema: TypeSchema::OPAQUE },
        ParamSpec { name: "mask", ty: "Option<Bytes>", schema: TypeSchema::OPAQUE },
    ],
    ..MethodSpec::EMPTY
};

fuzz_target!(|body: &[u8]| {
    let body = Bytes::copy_from_slice(body);
    if let Ok(read) = parts::read(&body) {
        for part in &read {
            let (within, content) = (body.as_ptr_range(), part.content.as_ptr_range());
            assert!(within.start <= content.start && content.end <= within.end);
        }
        let written = Multipart::new("first", b"1", read.iter().map(|it| (&*it.name, &it.content)));
        let (length, written) = (written.length(), written.joined());
        assert_eq!(length, written.len());
        let again = parts::read(&written).expect("what is written can be read");
        assert_eq!(again[1..], read[..]);
    }
    match taken(Call::new(body)) {
        Ok(_) => {}
        Err(problem) => {
            assert_eq!(problem.kind(), ProblemKind::InvalidArguments);
            assert!(!problem.detail.is_empty());
        }
    }
});

/// As generated code reads a call.
fn taken(call: Call) -> Result<(u64, Bytes, Option<Bytes>), goplug_runtime::protocol::Problem> {
    type Numbers = Option<Vec<u8>>;
    let (call, mut parts) = call.split(&METHOD)?;
    let (count, image, mask) = call.arguments::<(u64, Numbers, Numbers)>(&METHOD)?;
    let image = parts.take(&METHOD.params[1], image)?;
    Ok((count, image, parts.take(&METHOD.params[2], mask)?))
}
