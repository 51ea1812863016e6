"""Bytes beside other values: bodies of the type multipart/form-data (RFC 7578)."""

import os
import re

from .problem import Problem

FORM_DATA = "multipart/form-data"
FIRST_LINE = re.compile(rb"(--[!-~]{1,70})\r\n")
NAME = re.compile(rb'form-data(?:\s*;\s*\w+\*?\s*=\s*(?:"(?:\\["\\]|[^"])*"|[^;"\s]*))*?'
                  rb'\s*;\s*name\s*=\s*(?:"((?:\\["\\]|[^"])*)"|([^;"\s]+))', re.IGNORECASE)
MOST_PARTS, LONGEST_HEAD = 64, 8 << 10


def is_parts(body):
    """Whether a body consists of parts: no JSON begins so."""
    return body.startswith(b"--")


def read(body):
    """The parts of a body: pairs of a name and bytes."""
    first = FIRST_LINE.match(body) or refuse("the body does not begin with the line of a boundary")
    end, at, found = b"\r\n" + first[1], first.end(1), []
    while not body.startswith(b"--", at):
        if not body.startswith(b"\r\n", at):
            refuse("a boundary is followed by neither a new line nor `--`")
        if len(found) == MOST_PARTS:
            refuse(f"there are more than {MOST_PARTS} parts")
        start = body.find(b"\r\n\r\n", at + 2, at + 2 + LONGEST_HEAD) + 4
        if start < 4:
            refuse("the head of a part has no end, or is too long")
        name, length = head(body[at + 2:start - 4])
        stop = end_of(body, end, start) if length is None else start + length
        if not body.startswith(end, stop):
            refuse("the Content-Length of a part is not that of its content")
        found.append((name, body[start:stop]))
        at = stop + len(end)
    return found


def end_of(body, end, start):
    """Where the content without a length ends that begins here."""
    while (start := body.find(end, start)) >= 0:
        if body[start + len(end):][:2] in (b"--", b"\r\n"):
            return start
        start += 1
    return refuse("the body ends before its last boundary")


def head(lines):
    """The name and the length that the head of a part states."""
    name = length = None
    for line in lines.split(b"\r\n"):
        field, colon, value = line.partition(b":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            refuse("a line in the head of a part has no colon")
        if field == b"content-disposition" and (given := NAME.match(value)):
            name = re.sub(rb'\\(["\\])', rb"\1", given[1]) if given[2] is None else given[2]
        elif field == b"content-length":
            length = int(value) if re.fullmatch(b"[0-9]{1,19}", value) else refuse("no length")
        elif field == b"content-transfer-encoding" and value.lower() not in (
                b"binary", b"8bit", b"7bit"):
            refuse("a part is encoded")
    if name is None:
        refuse("a part has no name")
    return name.decode(errors="replace"), length


def refuse(reason):
    raise Problem("invalid-arguments", f"the parts of the call cannot be read: {reason}")


def write(parts):
    """A body of these names, types and bytes, and its media type."""
    boundary, pieces = f"goplug-{os.urandom(16).hex()}", []
    for name, kind, content in parts:
        pieces += [f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n'
                   f"content-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n".encode(),
                   content, b"\r\n"]
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()]), f"{FORM_DATA}; boundary={boundary}"
