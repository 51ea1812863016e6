//! A head that the codec reads is read by hyper in the same way. What only one of them would
//! read, or both in different ways, is refused before hyper sees it.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use goplug_runtime::http1::{BodyLength, HeaderSlots, ParsedRequest, parse_request};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a reader found: the method, the path, the number of headers, and the body.
type Found = (String, String, usize, Vec<u8>);

/// How the codec reads a head, with the body that goes with it on the wire; `None` if it is
/// refused.
fn by_codec(head: &[u8]) -> Option<(Found, Vec<u8>)> {
    let mut slots = HeaderSlots::default();
    let ParsedRequest::Complete(read) = parse_request(head, &mut slots) else { return None };
    let (body, framed): (&[u8], &[u8]) = match read.length {
        BodyLength::Known(length) => {
            let body = &b"0123456789"[..usize::try_from(length).ok().filter(|l| *l <= 10)?];
            (body, body)
        }
        BodyLength::Unknown => (b"hello", b"5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n"),
    };
    let found = (read.method.into(), read.path.into(), read.headers().count(), body.into());
    // Whatever lies behind the head is the body's.
    Some((found, [&head[..read.size], framed].concat()))
}

/// How hyper reads these bytes.
async fn by_hyper(bytes: &[u8]) -> Vec<Found> {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    let found = Arc::<Mutex<Vec<Found>>>::default();
    let seen = found.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let seen = seen.clone();
        async move {
            let (head, body) = request.into_parts();
            let path = head.uri.path_and_query().map_or("", |path| path.as_str()).to_owned();
            let body = body.collect().await?.to_bytes().to_vec();
            seen.lock().unwrap().push((head.method.to_string(), path, head.headers.len(), body));
            Ok::<_, hyper::Error>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let serve =
        http1::Builder::new().half_close(true).serve_connection(TokioIo::new(server), service);
    let send = async {
        // hyper may have refused the bytes and closed the connection already.
        let _ = client.write_all(bytes).await;
        let _ = client.shutdown().await;
        let _ = client.read_to_end(&mut Vec::new()).await;
    };
    let (_, ()) = tokio::join!(serve, send);
    std::mem::take(&mut *found.lock().unwrap())
}

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(from)
}

/// A line of a head, as clients write it or as attackers do.
fn line() -> impl Strategy<Value = String> {
    let names = &["Host", "host", "Content-Length", "content-length", "Transfer-Encoding", "X-Y"];
    let values =
        &["x", "x:80", "5", "0", "10", "+5", "5, 5", "chunked", "Chunked", "gzip, chunked"];
    let colon = pick(&[": ", ": ", ":", " : ", "\t:", ":  ", ""]);
    let end = pick(&["\r\n", "\r\n", "\r\n", "\n", "\r\n ", "\r", " \r\n"]);
    (pick(names), colon, pick(values), end)
        .prop_map(|(name, colon, value, end)| [name, colon, value, end].concat())
}

fn head() -> impl Strategy<Value = Vec<u8>> {
    let method = pick(&["POST", "POST", "GET", "BREW", "OPTIONS"]);
    let target =
        pick(&["/add", "/add/x?y=z", "http://x/add", "http://y/add", "/a%2Fb", "*", "/a#b"]);
    let host = pick(&["Host: x\r\n", "host: x\r\n", ""]);
    let lines = prop::collection::vec(line(), 0..3);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2);
    (method, target, host, lines, changes).prop_map(|(method, target, host, lines, changes)| {
        let head = format!("{method} {target} HTTP/1.1\r\n{host}{}\r\n", lines.concat());
        let mut head = head.into_bytes();
        for (at, byte) in changes {
            let at = at.index(head.len());
            head[at] = byte;
        }
        head
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_head_is_refused_or_read_as_hyper_reads_it(head in head()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Some((found, bytes)) = by_codec(&head) {
            prop_assert_eq!(runtime.block_on(by_hyper(&bytes)), vec![found]);
        }
    }
}

#[test]
fn usual_heads_are_read_by_both() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for head in [
        "POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
        "POST /add HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET http://x/add?a=b HTTP/1.1\r\nhost:x\r\n\r\n",
    ] {
        let (found, bytes) = by_codec(head.as_bytes()).unwrap();
        assert_eq!(runtime.block_on(by_hyper(&bytes)), [found]);
    }
}
