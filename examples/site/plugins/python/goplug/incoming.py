"""Arguments that are streams: the items, as their caller sends them."""

import itertools
import re

from .http1 import BODY_LIMIT, detail
from .problem import Problem
from .values import BYTES, fits, parse

LINE_END = re.compile(rb"\r\n|\n|\r(?!$)")  # a \r at the end may be half of a line end


class Incoming:
    """An iterator of the items. The caller waits while nobody asks for one. A stream that is cut off
    is a `Problem`, which becomes the answer unless the method catches it."""

    def __init__(self, pieces, param, expected, types):
        self.pieces, self.param, self.expected, self.types = pieces, param, expected, types
        self.whole = False  # whether the body has been read to its end
        self.events = None if expected in BYTES else events(lines(pieces))

    def __iter__(self):
        return self

    def __next__(self):
        if self.whole:
            raise StopIteration
        return self.next_bytes() if self.events is None else self.next_item()

    def arguments(self):
        """The other arguments, which are the first event, as JSON."""
        first = next(self.events, None)
        if first is None:
            raise Problem("bad-request", "the body is a stream of events, and it has none")
        if first[0] == "arguments":
            return first[1]
        self.events = itertools.chain([first], self.events)
        return b""

    def next_bytes(self):
        piece = next(self.pieces, None)
        if piece is None:
            self.whole = True
            raise StopIteration
        return piece

    def next_item(self):
        for name, data in self.events:
            if name == "item":
                item = parse(data, "invalid-arguments")
                if not fits(item, self.expected, self.types):
                    raise Problem("invalid-arguments", f"an item is not a {self.expected}",
                                  parameter=self.param, expected=self.expected)
                return item
            if name == "end":
                for _ in self.pieces:  # nothing behind it counts
                    pass
                self.whole = True
                raise StopIteration
            if name == "error":
                raise Problem("bad-request", f"the stream was cut off: {detail(data)}")
        raise Problem("bad-request", "the stream was cut off")


def lines(pieces):
    """The lines of a text that comes in pieces, without their ends."""
    rest = b""
    for piece in pieces:
        *found, rest = LINE_END.split(rest + piece)
        yield from found
        if len(rest) > BODY_LIMIT:
            raise Problem("body-too-large", f"an event has more than {BODY_LIMIT} bytes")
    if rest.endswith(b"\r"):
        yield rest[:-1]


def events(lines):
    """The type and the data of each event."""
    name, data = "message", None
    for line in lines:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data is not None:
                yield name, data
            name, data = "message", None
        elif field == b"event":
            name = value.decode(errors="replace")
        elif field == b"data":
            data = value if data is None else data + b"\n" + value
            if len(data) > BODY_LIMIT:
                raise Problem("body-too-large", f"an event has more than {BODY_LIMIT} bytes")
