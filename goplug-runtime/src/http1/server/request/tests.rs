//! Requests that are answered, left to hyper, and refused.

use super::*;

fn is_unsupported(text: &str) -> bool {
    matches!(
        parse_request(text.as_bytes(), &mut HeaderSlots::default()),
        ParsedRequest::Unsupported
    )
}

/// What is wrong with a request.
fn refusal(text: &str) -> &'static str {
    match parse_request(text.as_bytes(), &mut HeaderSlots::default()) {
        ParsedRequest::Refused(reason) => reason,
        other => panic!("{text:?} is {other:?}"),
    }
}

fn request(headers: &str) -> String {
    format!("POST /add HTTP/1.1\r\nhost: x\r\n{headers}\r\n")
}

#[test]
fn a_request_shows_its_path_length_and_headers() {
    let text = request("Goplug-Timeout: 250\r\nContent-Length: 13\r\n");
    let (bytes, mut slots) = (format!("{text}{{\"a\":1}}"), HeaderSlots::default());
    let ParsedRequest::Complete(head) = parse_request(bytes.as_bytes(), &mut slots) else {
        panic!()
    };
    assert_eq!((head.path, head.length, head.size), ("/add", BodyLength::Known(13), text.len()));
    assert_eq!((head.timeout, head.pipeline), (Some(&b"250"[..]), false));
    assert_eq!(head.headers().count(), 3);
}

#[test]
fn a_request_without_a_length_has_no_body() {
    let (text, mut slots) = (request("connection: Keep-Alive\r\n"), HeaderSlots::default());
    let ParsedRequest::Complete(head) = parse_request(text.as_bytes(), &mut slots) else {
        panic!()
    };
    assert_eq!((head.length, head.timeout), (BodyLength::Known(0), None));
}

#[test]
fn headers_for_the_connection_are_read() {
    let text = request("Goplug-Pipeline: 1\r\nGoplug-Busy-Poll: 50\r\n");
    let mut slots = HeaderSlots::default();
    let ParsedRequest::Complete(head) = parse_request(text.as_bytes(), &mut slots) else {
        panic!()
    };
    assert_eq!((head.pipeline, head.busy_poll), (true, Some(50)));
}

#[test]
fn an_incomplete_head_is_partial_until_it_is_too_long() {
    let text = request("Content-Length: 13\r\n");
    for end in 0..text.len() {
        let mut slots = HeaderSlots::default();
        let parsed = parse_request(&text.as_bytes()[..end], &mut slots);
        assert!(matches!(parsed, ParsedRequest::Partial), "{parsed:?}");
    }
    let long = "x".repeat(MAX_HEAD);
    for text in [format!("POST /{long}"), request(&format!("x: {long}\r\n"))] {
        let mut slots = HeaderSlots::default();
        let parsed = parse_request(text.as_bytes(), &mut slots);
        assert!(matches!(parsed, ParsedRequest::TooLong), "{parsed:?}");
    }
}

#[test]
fn chunked_expected_and_last_bodies_are_recognised() {
    for (header, expected) in [
        ("transfer-encoding: Chunked", (BodyLength::Unknown, false, true)),
        ("Expect: 100-Continue\r\ncontent-length: 3", (BodyLength::Known(3), true, true)),
        ("connection: close", (BodyLength::Known(0), false, false)),
        ("connection: upgrade\r\nupgrade: x", (BodyLength::Known(0), false, true)),
    ] {
        let (text, mut slots) = (request(&format!("{header}\r\n")), HeaderSlots::default());
        let ParsedRequest::Complete(head) = parse_request(text.as_bytes(), &mut slots) else {
            panic!("{text}")
        };
        assert_eq!((head.length, head.expects_continue, head.keep_alive), expected, "{text}");
    }
}

#[test]
fn old_requests_and_requests_without_a_body_in_the_response_are_unsupported() {
    for text in [
        "HEAD /add HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /add HTTP/1.0\r\n\r\n",
        "POST /add HTTP/1.0\r\nHost: x\r\nContent-Length: 1\r\n\r\n",
        "POST http://x/add HTTP/1.0\r\nHost: x\r\n\r\n",
    ] {
        assert!(is_unsupported(text), "{text}");
    }
}

#[test]
fn a_url_is_a_target_if_its_host_is_that_of_the_header() {
    for (target, host, path) in [
        ("http://x/add", "x", "/add"),
        ("HTTP://X:80/add?a=b", "x:80", "/add?a=b"),
        ("http:///add", "", "/add"),
    ] {
        let text = format!("POST {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let mut slots = HeaderSlots::default();
        let ParsedRequest::Complete(head) = parse_request(text.as_bytes(), &mut slots) else {
            panic!("{text}")
        };
        assert_eq!(head.path, path);
    }
    let text = "POST http://x/add HTTP/1.1\r\nHost: y\r\n\r\n";
    assert_eq!(refusal(text), "its target and its Host header name different hosts");
    refusal("POST http://x/add HTTP/1.0\r\n\r\n");
}

#[test]
fn a_target_other_than_a_path_or_a_url_is_refused() {
    for target in [
        "add",
        "*",
        "x:80",
        "https://x/add",
        "http://x",
        "http://x?y",
        "//x:/add#y",
        "/add#x",
        "/../add",
        "/a/%2e./b",
        "/<add>",
        "/a\\b",
        "/gr\u{fc}n",
        "http://x/a/../b",
    ] {
        refusal(&format!("POST {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    refusal("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n");
    refusal("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
}

#[test]
fn a_request_has_one_valid_host() {
    for (headers, reason) in [
        ("", "it has no Host header"),
        ("Hosts: x\r\n", "it has no Host header"),
        ("Host: x\r\nhost: x\r\n", "it has two Host headers"),
        ("Host: a b\r\n", "its Host header is not a host"),
        ("Host: a/b\r\n", "its Host header is not a host"),
        ("Host: x, y\r\n", "its Host header is not a host"),
    ] {
        assert_eq!(refusal(&format!("POST /add HTTP/1.1\r\n{headers}\r\n")), reason);
    }
    refusal("POST /add HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n");
    refusal("post /add http/1.1\r\nhost: x\r\n\r\n");
    refusal("HEAD /add HTTP/1.1\r\n\r\n");
}

#[test]
fn a_request_that_others_would_read_differently_is_refused() {
    for text in [
        "\0",
        "\r\nPOST /add HTTP/1.1\r\nHost: x\r\n\r\n",
        "\nPOST /add HTTP/1.1\r\nHost: x\r\n\r\n",
        " POST /add HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST  /add HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST\t/add HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /add HTTP/1.1 \r\nHost: x\r\n\r\n",
        "POST /add HTTP/1.1\nHost: x\r\n\r\n",
        "POST /add HTTP/1.1\r\nHost: x\n\r\n",
        "POST /add HTTP/1.1\r\nHost: x\r\n\n",
        "POST /add HTTP/1.2\r\nHost: x\r\n\r\n",
        "POST /add HTTP/2.0\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET\r\n\r\n",
        &request("transfer-encoding: gzip\r\n"),
        &request("transfer-encoding: gzip, chunked\r\n"),
        &request("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
        &request("transfer-encoding: chunked\r\ncontent-length: 1\r\n"),
        &request("transfer-encoding : chunked\r\n"),
        &request(" transfer-encoding: chunked\r\n"),
        &request("x: y\r\n transfer-encoding: chunked\r\n"),
        &request("x: y\rtransfer-encoding: chunked\r\n"),
        &request("x: \0\r\n"),
        &request("x\0: y\r\n"),
        &request("x y: z\r\n"),
        &request(": y\r\n"),
        &request("x\r\n"),
        &request("Expect: the best\r\n"),
        &request("content-length: x\r\n"),
        &request("content-length: +5\r\n"),
        &request("content-length: 5, 5\r\n"),
        &request("content-length: 1\r\ncontent-length: 1\r\n"),
        &request("content-length: 1\r\ncontent-length: 2\r\n"),
        "POST /add HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /add HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    ] {
        assert!(!refusal(text).is_empty());
    }
}

#[test]
fn too_many_headers_are_too_long_a_head() {
    let text = request(&"x: y\r\n".repeat(MAX_HEADERS));
    let mut slots = HeaderSlots::default();
    let parsed = parse_request(text.as_bytes(), &mut slots);
    assert!(matches!(parsed, ParsedRequest::TooLong), "{parsed:?}");
}
