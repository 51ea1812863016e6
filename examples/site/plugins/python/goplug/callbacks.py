"""Callbacks, and calls of services: the hosts, and the events that wait for each of them."""

import collections
import time

from .problem import CallbackFailed, NotRegistered, Problem
from .values import parse

QUEUE = 256  # callbacks that wait for one host at most
KEPT = 256  # events that were sent to a host and can be sent again
HOSTS = 64  # hosts that listen at a time
FORGET = 30  # seconds after which a host without a stream is forgotten
REPLY = 30  # seconds after which a callback is given up
CALLS = 64  # calls of services of one host that are in flight at most
LAST_ID = 2**63 - 1  # the largest id that a host may have seen


class Event:
    """A callback on its way to a host, and the host's reply if there is to be one."""

    def __init__(self, number, name, data, trace=None):
        self.number, self.name, self.data = number, name, data
        self.trace = f"traceparent: {trace}\n" if trace else ""
        self.reply, self.is_call = None, False

    def text(self):
        return f"{self.trace}id: {self.number}\nevent: {self.name}\ndata: {self.data}\n\n".encode()


class Host:
    """A host: what it has registered, and its events, of which the first `sent` were sent."""

    def __init__(self, token):
        self.token, self.names, self.events, self.sent = token, [], collections.deque(), 0
        self.last, self.gap = 0, 0  # the last id, and the number of events that are missing
        self.stream, self.gone_since = None, None  # the stream in use, and when it ended

    def waiting(self):
        return len(self.events) - self.sent

    def take(self):
        """The text of the next event; None if there is none."""
        if self.gap:
            missing, self.gap = self.gap, 0
            before = self.events[0].number - 1 if self.events else self.last
            return f"id: {before}\nevent: gap\ndata: {missing}\n\n".encode()
        if not self.waiting():
            return None
        event = self.events[self.sent]
        self.sent += 1
        if self.sent > (KEPT if self.token else 0):
            self.events.popleft()
            self.sent -= 1
        return event.text()

    def resume(self, seen):
        """Continues behind the id of the last event that the host has seen."""
        if seen > self.last:  # an id of an earlier process: the numbering goes on there
            self.events = collections.deque(list(self.events)[self.sent:])
            for self.last, event in enumerate(self.events, seen + 1):
                event.number = self.last
            self.last = max(self.last, seen)
        while self.events and self.events[0].number <= seen:
            self.events.popleft()
        first = self.events[0].number if self.events else self.last + 1
        self.sent, self.gap = 0, first - 1 - seen

    def forget(self):
        """Forgets all but the numbering, by which the host learns how much it has missed."""
        self.names, self.sent = [], 0
        self.events.clear()


class Callbacks:
    """The callbacks of a plugin. `changed` is the lock of all that is here."""

    def __init__(self, changed):
        self.changed, self.hosts, self.last_anonymous = changed, [], 0
        self.awaited = []  # hosts and events that wait for a reply

    def register(self, token, names, seen, stream):
        """Opens the host's stream, which replaces the one before. Without names it forgets it."""
        host = next((host for host in self.hosts if token and host.token == token), None)
        if not host:
            host = Host(token)
            if names:
                self.make_room()
                self.hosts.append(host)
        elif not names:
            self.hosts.remove(host)
        host.names, host.stream, host.gone_since = names, stream if names else None, None
        if seen is not None:
            host.resume(seen)
            if not token:
                self.last_anonymous = max(self.last_anonymous, seen)
        self.changed.notify_all()
        return host

    def make_room(self):
        if len(self.hosts) >= HOSTS:
            forgotten = next((host for host in self.hosts if self.is_forgotten(host)), None)
            if not forgotten:
                raise Problem("internal", f"{HOSTS} hosts have callbacks registered already")
            self.hosts.remove(forgotten)

    def disconnect(self, host, stream):
        """Records that a stream has ended. After a broken one the host may come back."""
        if host.stream is stream:
            host.stream, host.gone_since = None, time.monotonic()
            if not host.token and host in self.hosts:
                self.hosts.remove(host)
        self.changed.notify_all()

    def is_forgotten(self, host):
        if host.gone_since and time.monotonic() - host.gone_since > FORGET and host.names:
            host.forget()
        return host.gone_since is not None and not host.names

    def listens(self, host, name):
        return host in self.hosts and not self.is_forgotten(host) and name in host.names

    def notify(self, name, kind, data, check, trace=None):
        """Queues a callback for each host that has registered it. Returns how many these are. `trace` is
        the place in a distributed trace.

        While a queue is full, it waits, and calls `check`, which may raise an exception.
        """
        told = 0
        for host in list(self.hosts):
            told += self.push(host, name, kind, data, check, trace) is not None
        return told

    def push(self, host, name, kind, data, check, trace=None):
        while self.listens(host, name) and host.waiting() >= QUEUE:
            self.changed.wait(0.2)
            check()
        if not self.listens(host, name):
            return None
        if host.token:
            host.last += 1
        else:  # these hosts share one numbering, so that a reply needs no token
            host.last = self.last_anonymous = self.last_anonymous + 1
        event = Event(host.last, kind, data, trace)
        host.events.append(event)
        self.changed.notify_all()
        return event

    def ask(self, name, kind, data, check, trace=None):
        """Calls back the host that registered first, and waits for its reply."""
        host = next((host for host in self.hosts if self.listens(host, name)), None)
        event = host and self.push(host, name, kind, data, check, trace)
        if not event:
            raise NotRegistered(f"no host has registered {name}")
        return self.answer(host, name, event, check, REPLY)

    def call(self, token, entry, kind, cancel, data, check, seconds, read):
        """Calls a service, which hosts list by this entry: of the host with the token, or of the first
        that has it. `kind` makes the event's type of the time that is left, in milliseconds. A call
        that is given up is taken back by the event `cancel`. `read` makes the result of a reply."""
        until = time.monotonic() + seconds
        host = next((host for host in self.hosts if self.listens(host, entry)
                     and token in (None, host.token)), None)
        while host and sum(other is host and event.is_call for other, event in self.awaited) >= CALLS:
            if time.monotonic() > until:
                raise TimeoutError(f"{entry}: {CALLS} calls are in flight")
            self.changed.wait(0.2)
            check()
        left = max(until - time.monotonic(), 0)
        event = host and self.push(host, entry, kind(int(left * 1000)), data, check)
        if not event:
            raise NotRegistered(f"no host provides {entry}")
        event.is_call = True
        try:
            return self.answer(host, entry, event, check, left, read)
        finally:
            if event.reply is None and self.listens(host, entry):
                self.push(host, entry, cancel, str(event.number), lambda: None)

    def answer(self, host, name, event, check, seconds, read=None):
        """Waits for the reply to an event, and returns its value."""
        self.awaited.append((host, event))
        until = time.monotonic() + seconds
        try:
            while event.reply is None:
                if not self.listens(host, name):
                    raise NotRegistered(f"the host that had registered {name} is gone")
                left = until - time.monotonic()
                if left < 0:
                    what = event.name.partition(";")[0]
                    raise TimeoutError(f"{what} was not answered within {seconds:.3f} s")
                self.changed.wait(min(0.2, left + 0.001))
                check()
        finally:
            self.awaited.remove((host, event))
            self.changed.notify_all()
        body, is_problem = event.reply
        if read and not is_problem:
            return read(body)
        value = parse(body, "internal")  # a mistake of the host, not of the caller
        if is_problem:
            raise CallbackFailed.of(value if isinstance(value, dict) else {})
        return value

    def reply(self, token, number, body, is_problem):
        """Answers the callback of this id."""
        for host, event in self.awaited:
            if (host.token, event.number) == (token, number) and event.reply is None:
                event.reply = (body, is_problem)
                self.changed.notify_all()
                return
        raise Problem("bad-request", f"no callback with the id {number} waits for a reply")
