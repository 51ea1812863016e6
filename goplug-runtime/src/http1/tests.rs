//! One half writes, the other reads.

use super::client::parse_response_head;
use super::*;
use crate::protocol::wire;

fn head(status: u16, protocol: bool, length: BodyLength, close: bool) -> ResponseHead<'static> {
    ResponseHead { status, media_type: wire::JSON, protocol, length, close }
}

#[test]
fn the_head_of_a_stream_announces_chunks() {
    let mut out = Vec::new();
    write_response_head(&mut out, head(200, true, BodyLength::Unknown, false));
    let (read, size) = parse_response_head(&out).unwrap().unwrap();
    assert_eq!((size, read.body), (out.len(), BodyKind::Chunked));
    assert!(read.keep_alive && read.protocol.is_some());
}

#[test]
fn a_written_head_reads_back() {
    for (status, protocol) in [(200, true), (200, false), (422, false), (599, true)] {
        let (mut out, close) = (Vec::new(), protocol);
        write_response_head(&mut out, head(status, protocol, BodyLength::Known(1234), close));
        let (read, size) = parse_response_head(&out).unwrap().unwrap();
        assert_eq!(size, out.len());
        assert_eq!((read.status, read.protocol.is_some()), (status, protocol));
        assert_eq!((read.body, read.keep_alive), (BodyKind::Length(1234), !close));
    }
}

#[test]
fn an_inserted_header_is_read_with_the_others() {
    let (mut out, mut slots) = (Vec::new(), HeaderSlots::default());
    Request::new("Do", b"ab").write_to(&mut out, b"x");
    insert_header(&mut out, wire::HEADER_BUSY_POLL, 7);
    let ParsedRequest::Complete(head) = parse_request(&out, &mut slots) else { panic!() };
    assert_eq!((head.path, head.length, head.busy_poll), ("/Do", BodyLength::Known(2), Some(7)));
}
