"""One connection: it has a thread of its own, on which the methods run that it calls."""

import logging
import re
import time
import urllib.parse

from .callbacks import LAST_ID, REPLY
from .http1 import HeadTooLong, Stream, segments
from .incoming import Incoming
from .parts import FORM_DATA
from .problem import Problem, TooDeep
from .values import parse, result_is_raw, write

QUIET = 15  # seconds without an event, after which a comment tests the connection
log = logging.getLogger("goplug")
BYTES, JSON = "application/octet-stream", "application/json"
DESCRIPTOR = "application/vnd.goplug+json"
MARGIN = 0.1  # seconds that a call keeps back for its own end
CHAIN = re.compile("[A-Za-z0-9._~%,/-]*")
CHAIN_DEPTH, CHAIN_BYTES = 32, 4 << 10
TRACEPARENT = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
NO_MORE = object()  # what comes after the last item


def serve(plugin, connection):
    """Answers requests until one of the two ends closes the connection."""
    with connection:
        try:
            stream = Stream(connection)
            while Call(plugin, stream).serve():
                pass
        except OSError:
            pass  # the peer is gone, or takes too long: that ends its connection and no more


class Call:
    """One request and its response."""

    def __init__(self, plugin, stream):
        self.plugin, self.stream, self.request = plugin, stream, None
        self.begun = False  # whether items of a streamed result are being sent
        self.listens = False  # whether the caller listens to what the method reports
        self.reports = False  # whether something has been reported
        self.incoming = None  # the argument that is a stream

    def serve(self):
        """Answers the next request. Returns whether another may follow."""
        try:
            self.request = self.stream.read_request()
            if not self.request:
                return False
            streamed = self.streamed()
            body = b"" if streamed else self.stream.read_body(self.request)
        except HeadTooLong:
            return self.close_with(431)
        except Problem as problem:  # where the next request would begin is not known
            return self.close_with(problem.status, write(problem.document))
        self.stream.socket.settimeout(None)  # how slowly a peer reads is up to the peer
        if streamed:
            self.incoming = Incoming(self.stream.pieces(self.request), *streamed, self.plugin.types)
        try:
            self.answer(body)
        except Problem as problem:
            self.respond(write(problem.document), "application/problem+json", problem.status)
        if self.is_cut_off():
            self.stream.hang_up()
            return False
        last = re.search("(^|,)[ \t]*close[ \t]*(,|$)", self.request.header("connection") or "", re.I)
        return not last

    def streamed(self):
        """Name and type of the argument that is a stream, if the method takes one."""
        try:
            name = method_name(segments(self.request.target)[0])
        except Problem:
            return None
        method = self.plugin.methods.get(name)
        return method and method.incoming if self.request.verb == "POST" else None

    def is_cut_off(self):
        """Whether the body has not been read to its end, so that no request can follow."""
        return self.incoming and not self.incoming.whole

    def close_with(self, status, body=b""):
        headers = [("Connection", "close")]
        if body:
            headers.append(("Content-Type", "application/problem+json"))
        self.stream.respond(status, body, headers)
        self.stream.hang_up()
        return False

    def respond(self, body, media_type, status=200, **headers):
        more = [(name.replace("_", "-"), value) for name, value in headers.items()]
        if body is not None and self.is_cut_off():
            more.append(("Connection", "close"))
        self.stream.respond(status, body, [("Content-Type", media_type), *more])

    def answer(self, body):
        path = segments(self.request.target)
        if self.request.verb == "GET" and path == [""]:
            return self.describe(self.plugin.described)
        if self.request.verb != "POST":
            raise Problem("bad-request", f"{self.request.verb} is not POST")
        name = method_name(path[0])
        if name == "CallbackReply":
            return self.reply(path, body)
        reserved = {"Activate": self.activate, "Ping": self.ping, "Stop": self.stop,
                    "RegisterCallback": self.register}.get(name)
        reserved(body) if reserved else self.call(name, body)

    def activate(self, body):
        is_2 = self.request.header("goplug-protocol") == "2"
        self.plugin.activate(parse(body, "bad-request") if is_2 else None)
        if is_2:
            self.describe(self.plugin.descriptor)
        else:  # a GoPlug 1 host
            self.respond(write(sorted(self.plugin.methods)), JSON)

    def describe(self, descriptor):
        self.respond(write(descriptor), DESCRIPTOR, Goplug_Protocol="2")

    def ping(self, body):
        self.respond(body, BYTES)

    def stop(self, _):
        plugin = self.plugin
        with plugin.lock:
            plugin.answering += 1
        try:
            plugin.stop(self.seconds("goplug-timeout"), self.seconds("goplug-grace"))
            self.respond(b"", BYTES)
        finally:  # even if the host did not wait for the answer
            with plugin.lock:
                plugin.answering -= 1
            plugin.end()

    def call(self, name, body):
        plugin = self.plugin
        method = plugin.methods.get(name)
        if not method:
            raise Problem("unknown-method", f"the plugin has no method {name!r}")
        budget = self.budget()
        plugin.begin()
        try:
            if budget == 0:
                raise Problem("deadline-exceeded", "the caller's budget is spent")
            plugin.calls.current = self
            self.listens = bool(method.progress) and self.accepts("text/event-stream")
            if method.stream:
                self.send_items(name, body)
            else:
                self.finish("result", *self.run(name, body))
        except Problem as problem:  # answered before the call counts as finished
            document = write(problem.document)
            self.finish("error", document, "application/problem+json", problem.status)
        finally:
            plugin.calls.current = None
            plugin.finish()

    def arguments(self, name, body):
        incoming = self.incoming
        if not incoming:
            return self.plugin.arguments(name, body)
        if incoming.events is None:
            body = (self.request.header("goplug-arguments") or "").encode()
        else:
            body = incoming.arguments()
        return {**self.plugin.arguments(name, body), incoming.param: incoming}

    def run(self, name, body):
        arguments = self.arguments(name, body)
        function = self.plugin.methods[name].function
        with_parts = self.accepts(FORM_DATA)
        return attempt(name, lambda: self.plugin.result(name, function(self, **arguments), with_parts))

    def accepts(self, media_type):
        return media_type in (self.request.header("accept") or "").lower()

    def report(self, value):
        """Tells the caller how far the method is. Waits for a caller that does not read, and drops the
        value if the caller does not listen."""
        self.check()
        if not self.listens:
            return
        data = write(value)
        if not self.reports:
            self.reports = True
            self.respond(None, "text/event-stream")
        self.stream.send_chunk(event("progress", data))

    def finish(self, kind, body, media_type, status=200):
        """Sends the outcome: as the last event if something has been reported."""
        if not self.reports:
            return self.respond(body, media_type, status)
        self.stream.send_chunk(event(kind, body))
        self.stream.send_chunk(b"")

    def remaining(self):
        """How long the caller still waits, in seconds; None if it has not said."""
        budget = self.budget()
        if budget is None:
            return None
        return max(0, self.request.since + budget / 1000 - time.monotonic())

    @property
    def traceparent(self):
        """The caller's place in a distributed trace, as W3C Trace Context writes it, or None."""
        text = self.request.header("traceparent") or ""
        return text if TRACEPARENT.fullmatch(text) else None

    def send_items(self, name, body):
        """Sends a streamed result. What is asked for first may fail before the head is sent; after
        that, an error is the last event."""
        arguments, method = self.arguments(name, body), self.plugin.methods[name]
        raw, function = result_is_raw(method.returns), method.function
        items = attempt(name, lambda: iter(function(self, **arguments)))
        self.begun = True
        self.respond(None, BYTES if raw else "text/event-stream")
        try:
            while (item := attempt(name, lambda: next(items, NO_MORE))) is not NO_MORE:
                if not raw:
                    self.stream.send_chunk(event("item", attempt(name, lambda: write(item))))
                elif item:  # an empty chunk would be the end
                    self.stream.send_chunk(bytes(item))
                self.check()
            if not raw:
                self.stream.send_chunk(event("end", b"null"))
        except Problem as problem:
            if raw:
                self.stream.send_failure(problem.document)
                raise ConnectionResetError("the stream failed") from problem
            self.stream.send_chunk(event("error", write(problem.document)))
        finally:
            getattr(items, "close", lambda: None)()
        self.stream.send_chunk(b"")

    def budget(self):
        """The caller's budget in milliseconds; None if it has none."""
        text = self.request.header("goplug-timeout")
        if text is None:
            return None
        if not re.fullmatch("[0-9]{1,20}", text) or int(text) >= 2**64:
            raise Problem("bad-request", f"Goplug-Timeout is {text!r}, not a number of milliseconds")
        return int(text)

    def check(self):
        """To be called by a method that takes long: raises an exception if its result is of no
        use any more, since the budget is spent, the plugin stops, or the caller is gone."""
        # That of a stream is for its beginning, and that of a streamed argument for what comes after it.
        left = None if self.begun or self.incoming else self.remaining()
        if left == 0:
            raise Problem("deadline-exceeded", f"not done within {self.budget()} ms")
        if self.plugin.phase in ("cutting off", "ended"):
            raise Problem("cut-off", "the plugin is stopping, and the call did not finish in time")
        if self.stream.peer_is_gone():
            raise ConnectionResetError("the caller lost interest")

    def left(self):
        """The seconds that what is done within the call may take: a little less than the call itself, so
        that what is within ends first, and its error arrives."""
        left = None if self.begun else self.remaining()
        return REPLY if left is None else left - min(MARGIN, left / 10)

    def within(self):
        """What a call within this one is a part of, as options of an event."""
        chain = self.request.header("goplug-chain") or ""
        if len(chain) > CHAIN_BYTES or not CHAIN.fullmatch(chain):
            chain = ""
        name = urllib.parse.quote(self.plugin.id, safe="")
        method = urllib.parse.quote(method_name(segments(self.request.target)[0]), safe="")
        chain = ",".join([*filter(None, [chain]), f"{name}/{method}"])
        if chain.count(",") + 1 >= CHAIN_DEPTH or len(chain) >= CHAIN_BYTES:
            shown = urllib.parse.unquote(chain.replace(",", " > "))
            raise TooDeep(f"the calls are within each other too deep: {shown}")
        trace = self.traceparent
        return f";chain={chain}" + (f";traceparent={trace}" if trace else "")

    def seconds(self, name):
        """A header with a number of milliseconds, in seconds; None if there is none that is one."""
        text = self.request.header(name)
        return int(text) / 1000 if text and re.fullmatch("[0-9]{1,20}", text) else None

    def token(self):
        token = self.request.header("goplug-host")
        if token is not None and not re.fullmatch("[!-~]{1,256}", token):
            raise Problem("bad-request", "Goplug-Host is not 1 to 256 visible ASCII characters")
        return token

    def reply(self, path, body):
        """The host's answer to a callback that returns a value."""
        if len(path) < 2 or not re.fullmatch("[0-9]{1,20}", path[1]):
            raise Problem("bad-request", "a reply goes to /CallbackReply/ and the event's id")
        kind = self.request.header("content-type") or ""
        with self.plugin.lock:
            self.plugin.callbacks.reply(self.token(), int(path[1]), body,
                                        kind.startswith("application/problem+json"))
        self.respond(b"", BYTES)

    def register(self, body):
        """Opens the callback stream of a host. It replaces an earlier stream of that host."""
        plugin, token = self.plugin, self.token()
        names = parse(body, "bad-request")
        names = [] if names is None else names
        if not isinstance(names, list) or not all(is_callback_name(name) for name in names):
            raise Problem("bad-request", "expected a JSON array of callback names")
        seen = self.request.header("last-event-id")
        if seen is not None and not (re.fullmatch("[0-9]{1,20}", seen) and int(seen) <= LAST_ID):
            raise Problem("bad-request", f"Last-Event-ID is {seen!r}, which no event has")
        with plugin.lock:
            plugin.refuse_if_stopping()
            host = plugin.callbacks.register(token, names, seen and int(seen), self)
            plugin.answering += 1
        try:
            self.respond(None, "text/event-stream", Goplug_Protocol="2")
            while events := self.next_events(host):
                self.stream.send_chunk(events)
            self.stream.send_chunk(b"")
        finally:
            with plugin.lock:
                plugin.answering -= 1
                plugin.callbacks.disconnect(host, self)

    def next_events(self, host):
        """What is to be sent next; None at the end of the stream."""
        plugin, quiet_since, piece = self.plugin, time.monotonic(), []
        with plugin.lock:
            while host.stream is self and not piece:
                while event := host.take():
                    piece.append(event)
                if piece or plugin.phase == "ended":
                    break
                if time.monotonic() - quiet_since > QUIET:
                    return b": quiet\n\n"
                plugin.lock.wait(1)
                if self.stream.peer_is_gone():
                    raise ConnectionResetError("the host is gone")
            plugin.lock.notify_all()
        return b"".join(piece)


def attempt(name, work):
    """Runs a method's code: its failure does not end the plugin."""
    try:
        return work()
    except (Problem, ConnectionError):
        raise
    except Exception as error:
        log.exception("the method %s failed", name)
        raise Problem("handler-panicked", text_of(error)) from error


def text_of(error):
    """An exception as tracebacks end with it. Its `repr` would double the backslashes of a text that is
    an exception's already."""
    name, text = type(error).__name__, str(error)
    return f"{name}: {text}" if text else name


def event(kind, data):
    """An event whose data is JSON in one line."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


def method_name(segment):
    """The method that a segment of a path names, percent-decoded."""
    if re.search("%(?![0-9A-Fa-f]{2})", segment):
        raise Problem("bad-request", "the path names no method: a % is not part of an escape")
    try:
        name = urllib.parse.unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise Problem("bad-request", "the path names no method: it is not UTF-8") from error
    if not name:
        raise Problem("bad-request", "the path names no method: its first segment is empty")
    return name


def is_callback_name(name):
    return (isinstance(name, str) and 0 < len(name.encode("utf-8", "replace")) <= 1024
            and name.isprintable() and name != "gap"
            and (";" not in name or re.fullmatch(r"[^;/\\]{1,513};service", name) is not None))
