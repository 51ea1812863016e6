"""HTTP/1.1 on a socket: requests in, responses out.

A request that another reader could take for another one is refused (RFC 9112): the strictness
here is what keeps a request from hiding in the body of another.
"""

import json
import re
import select
import socket
import time

from .problem import Problem

HEAD_LIMIT = 64 << 10  # bytes
BODY_LIMIT = 64 << 20  # bytes
LINE_LIMIT = 1 << 10  # bytes of the line before a chunk
TRAILER_LIMIT = 32 << 10  # bytes of the problem document that ends a body
PATIENCE = 30  # seconds in which something of a request has to arrive

TOKEN = rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
VALUE = rb"[^\x00-\x08\x0a-\x1f\x7f]*"
PATH = rb"/[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]-]*"
REQUEST_LINE = re.compile(rb"(%b) (%b) HTTP/1\.1" % (TOKEN, PATH))
HEADER = re.compile(rb"(%b):[ \t]*(%b?)[ \t]*" % (TOKEN, VALUE))
HOST = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})(;%b)?" % VALUE)

REASONS = {200: "OK", 400: "Bad Request", 408: "Request Timeout", 413: "Payload Too Large",
           422: "Unprocessable Entity", 431: "Request Header Fields Too Large",
           500: "Internal Server Error", 503: "Service Unavailable"}


class HeadTooLong(Exception):
    """The head of a request has more than HEAD_LIMIT bytes."""


class Request:
    """A request: its verb, its target, and its headers by their names in lower case."""

    def __init__(self, verb, target, headers):
        self.verb, self.target, self.headers = verb, target, headers
        self.since = time.monotonic()

    def header(self, name):
        """The header's value as text, or None."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


class Stream:
    """A connection's socket: bytes that have arrived, and what a request consists of."""

    def __init__(self, connection):
        self.socket = connection
        self.file = connection.makefile("rb")

    def read_request(self):
        """The next request without its body; None if the peer has closed the connection."""
        self.socket.settimeout(None)  # a connection may wait for its next request for ever
        if not self.file.peek(1):
            return None
        self.socket.settimeout(PATIENCE)
        left, lines = HEAD_LIMIT, []
        while not lines or lines[-1]:
            line = self.read_line(left)
            left -= len(line) + 2
            if line or lines:  # an empty line before a request is skipped
                lines.append(line)
        return parse_head(lines[:-1])

    def read_line(self, limit):
        """A line, which ends in CR LF and has at most `limit` bytes with that."""
        line = self.file.readline(limit)
        if not line.endswith(b"\n"):
            raise HeadTooLong if len(line) >= limit else ConnectionResetError("a line broke off")
        if not line.endswith(b"\r\n"):
            raise refused("a line does not end in CR LF")
        return line[:-2]

    def read_body(self, request):
        """The body, whichever way its end is announced. It may be large, so it is read last."""
        self.let_send(request)
        if "transfer-encoding" in request.headers:
            return self.read_chunks()
        return self.read(int(request.headers.get("content-length", 0)))

    def let_send(self, request):
        if request.header("expect"):
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def pieces(self, request):
        """The body as it comes. Between two chunks the peer may wait for any time."""
        self.let_send(request)
        if "transfer-encoding" not in request.headers:
            yield from self.some(int(request.headers.get("content-length", 0)))
            return
        while True:
            self.socket.settimeout(None)
            self.file.peek(1)
            self.socket.settimeout(PATIENCE)
            size = self.chunk_size()
            if not size:
                return self.read_trailers()
            yield from self.some(size)
            self.end_chunk()

    def some(self, size):
        """This many bytes, as they come."""
        while size:
            data = self.file.read1(min(size, 1 << 16))
            if not data:
                raise ConnectionResetError("the body broke off")
            size -= len(data)
            yield data

    def end_chunk(self):
        if self.read(2) != b"\r\n":
            raise refused("a chunk is longer than it says")

    def read_chunks(self):
        body = bytearray()
        while size := self.chunk_size():
            body += self.read(size, BODY_LIMIT - len(body))
            self.end_chunk()
        self.read_trailers()
        return bytes(body)

    def read_trailers(self):
        left = HEAD_LIMIT
        while trailer := self.read_line(left):
            left -= len(trailer) + 2
            header = HEADER.fullmatch(trailer)
            if not header:
                raise refused("a trailer is not a header")
            if header[1].lower() == b"goplug-error":
                raise Problem("bad-request", f"the stream was cut off: {detail(header[2])}")

    def chunk_size(self):
        line = CHUNK.fullmatch(self.read_line(LINE_LIMIT))
        if not line:
            raise refused("a chunk has no size")
        return int(line[1], 16)

    def read(self, size, limit=BODY_LIMIT):
        if size > limit:
            raise Problem("body-too-large", f"the body has more than {BODY_LIMIT} bytes")
        data = self.file.read(size)
        if len(data) < size:
            raise ConnectionResetError("the body broke off")
        return data

    def peer_is_gone(self):
        """Whether the peer has closed the connection, without waiting."""
        # While the socket has a time limit, `recv` waits for it even with MSG_DONTWAIT.
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        try:
            return bool(poll.poll(0)) and not self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def respond(self, status, body=b"", headers=()):
        """A whole response. A body of None comes in chunks, which follow."""
        lines = [f"HTTP/1.1 {status} {REASONS[status]}"]
        lines += [f"{name}: {value}" for name, value in headers]
        lines += ["Transfer-Encoding: chunked" if body is None else f"Content-Length: {len(body)}"]
        head = "\r\n".join(lines) + "\r\n\r\n"
        self.socket.sendall(head.encode() + (body or b""))

    def send_chunk(self, data):
        """A piece of a body in chunks. An empty one is its end."""
        self.socket.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def send_failure(self, document):
        """The end of a body of bytes in chunks that fails, after which the connection has to be closed.
        The line end after the trailers is left out: a reader that knows none of them must not take the
        body for whole."""
        self.socket.sendall(b"0\r\nGoplug-Error: %b\r\n" % ascii_json(document))

    def hang_up(self):
        """Ends a connection whose peer may still be sending, so that it reads the response."""
        self.socket.shutdown(socket.SHUT_WR)
        left = 2 * BODY_LIMIT
        while left > 0 and (data := self.socket.recv(1 << 16)):
            left -= len(data)


def ascii_json(document):
    """A document as the value of a header, of at most TRAILER_LIMIT bytes."""
    text = json.dumps(document)
    if len(text) > TRAILER_LIMIT:
        short = {key: value for key, value in document.items() if key in ("type", "title", "status")}
        text = json.dumps({**short, "detail": document.get("detail", "")[:TRAILER_LIMIT // 16]})
    return text.encode()


def parse_head(lines):
    line = REQUEST_LINE.fullmatch(lines[0])
    if not line:
        raise refused("it does not begin with a line like `POST /method HTTP/1.1`")
    headers = {}
    for text in lines[1:]:
        header = HEADER.fullmatch(text)
        if not header:
            raise refused("a header is malformed")
        name, value = header[1].decode().lower(), header[2].rstrip(b" \t")
        if name in headers and name in ("host", "content-length", "transfer-encoding"):
            raise refused(f"it has two {name} headers")
        headers.setdefault(name, value)
    check(headers)
    target = line[2].decode()
    if any(part.lower().replace("%2e", ".") in (".", "..") for part in segments(target)):
        raise refused("its path contains a segment `.` or `..`")
    return Request(line[1].decode(), target, headers)


def check(headers):
    """Refuses headers that leave open which host is meant or where the body ends."""
    if not HOST.fullmatch(headers.get("host", b" ")):
        raise refused("it has no Host header, or one that is not a host")
    if not re.fullmatch(rb"[0-9]{1,1000}", headers.get("content-length", b"0")):
        raise refused("its Content-Length is not a number")
    if headers.get("transfer-encoding", b"chunked").lower() != b"chunked":
        raise refused("its Transfer-Encoding is not `chunked`")
    if "content-length" in headers and "transfer-encoding" in headers:
        raise refused("it has a Content-Length and a Transfer-Encoding")
    if headers.get("expect", b"100-continue").lower() != b"100-continue":
        raise refused("it expects something other than `100-continue`")


def detail(document):
    """The text of a problem document that a sender has sent."""
    try:
        return str(json.loads(document)["detail"])
    except (ValueError, TypeError, KeyError):
        return "its sender failed"


def segments(target):
    """The segments of a target's path: those behind each slash."""
    return target.split("?")[0].split("/")[1:]


def refused(reason):
    return Problem("bad-request", f"the request is refused: {reason}")
