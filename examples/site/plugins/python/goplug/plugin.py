"""A plugin: its methods, its callbacks, and the state that its connections share."""

import collections
import json
import threading
import time

from .problem import Problem, json_of

STOP_TIMEOUT = 5  # seconds that a stop waits for calls in flight
QUEUE = 256  # callbacks that are queued for one host at most
FORGET = 30  # seconds after which a host without a stream is forgotten


class Host:
    """A host: the callbacks that it has registered, and those that are queued for it."""

    def __init__(self):
        self.names, self.waiting, self.sent = [], collections.deque(), 0
        self.stream, self.gone_since = None, None  # the stream in use, and when it broke

    def forget(self):
        """Forgets all but the number of events, by which the host learns how many it missed."""
        self.names, self.sent = [], self.sent + len(self.waiting)
        self.waiting.clear()


class Plugin:
    """A plugin. `lock` guards all of its state."""

    def __init__(self, name, namespace, version):
        self.descriptor = {"name": name, "namespace": namespace, "version": version,
                           "protocol": 2, "features": [], "methods": [], "callbacks": []}
        self.methods, self.hosts = {}, {}
        self.active, self.stopping, self.ended, self.in_flight = False, False, False, 0
        self.lock = threading.Condition()

    def method(self, params, returns):
        """Decorates a method: parameter names and types, the result's type."""
        def register(function):
            self.methods[function.__name__] = function
            self.descriptor["methods"].append(
                member(function.__name__, function.__doc__, params, returns))
            return function
        return register

    def callback(self, name, doc, params):
        """Declares a callback; returns the function that calls back."""
        self.descriptor["callbacks"].append(member(name, doc, params, "()"))
        return lambda *values: self.notify(name, dict(zip(params, values)))

    def notify(self, name, arguments):
        """Queues a callback for each host that registered it; waits while a queue is full."""
        with self.lock:
            for host in list(self.hosts.values()):
                while name in host.names and len(host.waiting) >= QUEUE:
                    self.lock.wait(1)
                    if host.gone_since and time.monotonic() - host.gone_since > FORGET:
                        host.forget()
                if name in host.names:
                    host.waiting.append((name, json.dumps(arguments)))
            self.lock.notify_all()

    def arguments(self, name, body):
        """The arguments of a call by name, from a JSON object or array."""
        given = json_of(body, "invalid-arguments")
        params = next(m["params"] for m in self.descriptor["methods"] if m["name"] == name)
        if isinstance(given, list):
            given = dict(zip((param["name"] for param in params), given))
        if not isinstance(given or {}, dict):
            raise Problem("invalid-arguments", "expected an object by name or an array")
        found = {}
        for param in params:
            if param["name"] in (given or {}):
                found[param["name"]] = given[param["name"]]
            elif param["type"].startswith("Option<"):
                found[param["name"]] = None
            else:
                raise Problem("invalid-arguments", f"parameter `{param['name']}` is missing",
                              parameter=param["name"], expected=param["type"])
        return found

    def stop(self):
        """Refuses new calls, and waits for calls in flight until the stop timeout."""
        with self.lock:
            self.stopping = True
            self.lock.wait_for(lambda: self.in_flight == 0, STOP_TIMEOUT)

    def end(self):
        """Ends the callback streams, and with them the process."""
        with self.lock:
            self.ended = True
            self.lock.notify_all()


def member(name, doc, params, returns):
    """The descriptor's entry of a method or callback, with the fingerprint of its signature."""
    signature = f"{name}({', '.join(f'{p}: {t}' for p, t in params.items())})"
    signature += f" -> {returns}" if returns != "()" else ""
    fingerprint = 0xCBF29CE484222325
    for byte in signature.encode():
        fingerprint = (fingerprint ^ byte) * 0x100000001B3 % 2**64
    return {"name": name, "doc": doc or "",
            "params": [{"name": p, "type": t} for p, t in params.items()],
            "returns": {"type": returns}, "fingerprint": f"{fingerprint:016x}"}
