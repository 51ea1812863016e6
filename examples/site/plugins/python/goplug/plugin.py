"""A plugin: its methods and callbacks, and the state that its connections share."""

import base64
import collections
import logging
import threading
import time

from . import parts
from .callbacks import REPLY, Callbacks
from .problem import Problem
from .values import fits, is_beside, is_part, is_raw, parse, result_is_raw, write

log = logging.getLogger("goplug")
STOP_TIMEOUT = 5  # seconds that a stop waits for calls in flight, unless the host says how long
STOP_RESERVE = 0.5  # seconds of what the host says that are for the end itself


# What `Plugin.method` decorates, with all that is said of it there.
Method = collections.namedtuple("Method", "function params returns stream incoming progress")


class Plugin:
    """A plugin. `lock` guards all of its state.

    `types` are the structs of the contract, so that arguments can be checked: for each, the
    types of its fields by their names.

    `definitions` and `schemas` are JSON Schemas by the spelling of a type: those that others share,
    and refer to as `#/$defs/NAME`, and those that are repeated wherever the type is used.
    """

    def __init__(self, name, namespace, version, types=None, definitions=None, schemas=None):
        self.about = {"name": name, "namespace": namespace, "version": version,
                      "protocol": 2, "features": []}
        self.types = types or {}
        self.definitions, self.schemas = definitions or {}, schemas or {}
        self.methods, self.hooks = {}, {}
        self.members = {"methods": [], "callbacks": [], "needs": [], "wants": []}
        self.phase, self.in_flight, self.answering = "idle", 0, 0
        self.lock = threading.Condition()
        self.callbacks = Callbacks(self.lock)
        self.calls = threading.local()  # the call that runs on this thread

    @property
    def id(self):
        """The name of the plugin, after its namespace if it has one."""
        return ".".join(filter(None, (self.about["namespace"], self.about["name"])))

    @property
    def descriptor(self):
        """What the plugin says of itself when it is activated: without schemas."""
        by_name = {kind: sorted(members, key=lambda member: member["name"])
                   for kind, members in self.members.items()
                   if members or kind in ("methods", "callbacks")}
        return {**self.about, **by_name}

    @property
    def described(self):
        """The descriptor with the schemas of its types."""
        about = self.descriptor
        for kind in ("methods", "callbacks"):
            about[kind] = [self.with_schemas(member) for member in about[kind]]
        for kind in {"needs", "wants"} & about.keys():
            about[kind] = [{**service, "methods": [self.with_schemas(method)
                                                   for method in service["methods"]]}
                           for service in about[kind]]
        return {**about, "$defs": self.definitions} if self.definitions else about

    def with_schemas(self, member):
        found = {**member, "params": [self.with_schema(param) for param in member["params"]],
                 "returns": self.with_schema(member["returns"])}
        for key in ("error", "progress"):
            if key in member:
                found[key] = self.with_schema(member[key])
        return found

    def with_schema(self, type):
        spelling = type["type"]
        if spelling in self.definitions:
            return {**type, "schema": {"$ref": f"#/$defs/{spelling}"}}
        return {**type, "schema": self.schemas[spelling]} if spelling in self.schemas else type

    def method(self, params, returns, error=None, stream=False, incoming=None,
               progress=None):
        """Decorates a method: parameter names and types, the types of its result and its error. With
        `stream`, the result is any iterable, such as a generator, and `returns` the type of an item.
        With `incoming`, a name and the type of an item, the last parameter is an iterator of items.
        With `progress`, a type, it may report values of that type by `call.report`.
        """
        def register(function):
            name = function.__name__
            if is_beside(returns) or any(is_part(params, param) for param in params):
                self.add_feature("parts")
            if stream and incoming:
                self.add_feature("duplex")
            self.methods[name] = Method(function, params, returns, stream, incoming, progress)
            about = member(name, function.__doc__, params, returns, stream, incoming)
            if stream:
                about["stream"] = True
            if progress:
                about["progress"] = {"type": progress}
            self.members["methods"].append({**about, "error": {"type": error}} if error else about)
            return function
        return register

    def add_feature(self, feature):
        self.about["features"] = sorted({*self.about["features"], feature})

    def callback(self, name, doc, params, returns="()"):
        """Declares a callback. Returns the function that calls back: it returns the host's reply,
        or, if the callback returns nothing, the number of hosts that will hear it."""
        self.members["callbacks"].append(member(name, doc, params, returns))

        def call_back(*values):
            data, last = outgoing(params, values)
            call = getattr(self.calls, "current", None)
            check, trace = (call.check, call.traceparent) if call else (lambda: None, None)
            send = self.callbacks.notify if returns == "()" else self.callbacks.ask
            with self.lock:
                return send(name, f"{name}{last}", data, check, trace)
        return call_back

    def service(self, name, methods, optional=False):
        """Declares a service of the host: for each method its parameters, and the type of its result.
        Without `optional`, the host does not start the plugin unless it provides the service. Returns
        an object with a function for each method."""
        about = [member(method, "", params, returns) for method, (params, returns) in methods.items()]
        self.members["wants" if optional else "needs"].append({"name": name, "methods": about})
        return Service(self, name, methods)

    def on_activate(self, function):
        """Decorates the function that gets the plugin ready; its argument is the configuration."""
        self.hooks["activate"] = function
        return function

    def on_stop(self, function):
        """Decorates the function that is called once before the plugin ends, if it was active."""
        self.hooks["stop"] = function
        return function

    def arguments(self, name, body):
        """The arguments of a call by name, from a JSON object or array, or from raw bytes."""
        method = self.methods[name]
        params = method.params
        if is_raw(params) and not method.incoming:
            return dict.fromkeys(params, body)
        body, given_bytes = self.parts(params, body)
        given = parse(body, "invalid-arguments")
        if isinstance(given, list):
            given = dict(zip(params, given))
        if not isinstance(given or {}, dict):
            raise Problem("invalid-arguments", "expected an object by name or an array")
        given, found = given or {}, {}
        for param, expected in params.items():
            if param in given_bytes:
                if given.get(param) is not None:
                    raise Problem("invalid-arguments", f"parameter `{param}` is given twice",
                                  parameter=param, expected=expected)
                found[param] = given_bytes[param]
                continue
            if param not in given and not expected.startswith("Option<"):
                raise Problem("invalid-arguments", f"parameter `{param}` is missing",
                              parameter=param, expected=expected)
            found[param] = given.get(param)
            if not fits(found[param], expected, self.types):
                raise Problem("invalid-arguments", f"parameter `{param}` is not a {expected}",
                              parameter=param, expected=expected)
            if is_part(params, param) and found[param] is not None:
                found[param] = bytes(found[param])
        return found

    @staticmethod
    def parts(params, body):
        """The JSON of a call, and the bytes beside it, by the names of their parameters."""
        if not any(is_part(params, name) for name in params) or not parts.is_parts(body):
            return body, {}
        found = {}
        for name, content in parts.read(body):
            if name == "arguments" or name in params and is_part(params, name):
                if name in found:
                    raise Problem("invalid-arguments", f"there are several parts {name!r}",
                                  parameter=name)
                found[name] = content
        return found.pop("arguments", b""), found

    def result(self, name, value, accepts_parts):
        """A result as a body, and its media type."""
        returns = self.methods[name].returns
        if result_is_raw(returns):
            return bytes(value), "application/octet-stream"
        if is_beside(returns):
            value, beside = value
            if accepts_parts:
                return parts.write([("value", "application/json", write(value)),
                                    ("bytes", "application/octet-stream", bytes(beside))])
            value = [value, list(beside)]
        return write(value), "application/json"

    def activate(self, configuration):
        """Runs the activation hook, unless the plugin is active. Others wait meanwhile."""
        with self.lock:
            self.lock.wait_for(lambda: self.phase != "activating")
            if self.phase == "active":
                return
            self.refuse_if_stopping()
            self.phase = "activating"
        try:
            self.hooks.get("activate", lambda _: None)(configuration)
        except Exception as error:
            self.advance("idle", after="activating")
            raise Problem("internal", f"the activation failed: {error}") from error
        self.advance("active", after="activating")
        with self.lock:
            self.refuse_if_stopping()

    def advance(self, phase, after):
        with self.lock:
            if self.phase == after:
                self.phase = phase
            self.lock.notify_all()

    def refuse_if_stopping(self):
        if self.phase in ("stopping", "cutting off", "ended"):
            raise Problem("stopping", "the plugin is stopping and takes no further calls")

    def begin(self):
        """Counts a call as in flight, until `finish`."""
        with self.lock:
            self.refuse_if_stopping()
            if self.phase != "active":
                raise Problem("not-active", "no host has activated the plugin yet")
            self.in_flight += 1

    def finish(self):
        with self.lock:
            self.in_flight -= 1
            self.lock.notify_all()

    def stop(self, until_forced=None, for_calls=None):
        """Refuses new calls, runs the stop hook, and waits for the calls in flight. Those that do
        not finish in time are cut off, at the next moment at which they look. `until_forced` is how
        long the host waits before it uses force, and `for_calls` how long calls in flight have, in
        seconds."""
        most, flush = STOP_TIMEOUT, 1
        if until_forced is not None:
            most = until_forced - min(STOP_RESERVE, until_forced / 4)
            flush = min(1, (until_forced - most) / 2)
        until = time.monotonic() + (most if for_calls is None else min(most, for_calls))
        with self.lock:
            self.lock.wait_for(lambda: self.phase != "activating", most)
            first, was_active = self.phase in ("idle", "activating", "active"), self.phase == "active"
            if not first:
                self.lock.wait_for(lambda: self.phase == "ended" or not self.in_flight,
                                   most + flush)
                return
            self.phase = "stopping"
            self.lock.notify_all()
        try:
            if was_active:
                self.hooks.get("stop", lambda: None)()
        except Exception:
            log.exception("the stop hook failed")
        finally:
            with self.lock:
                left = max(0, until - time.monotonic())
                if not self.lock.wait_for(lambda: not self.in_flight, left):
                    self.phase = "cutting off"
                    self.lock.notify_all()
                    self.lock.wait_for(lambda: not self.in_flight, flush)

    def end(self):
        """Ends the callback streams, and with them the process."""
        with self.lock:
            self.phase = "ended"
            self.lock.notify_all()


class Service:
    """A service of the host, whose methods are functions."""

    def __init__(self, plugin, name, methods):
        self._plugin, self._name, self._methods = plugin, name, methods

    def __getattr__(self, method):
        if method not in self._methods:
            raise AttributeError(f"the service {self._name} declares no method {method}")
        plugin, name, (params, returns) = self._plugin, self._name, self._methods[method]

        def call(*values):
            data, last = outgoing(params, values, with_parts=True)
            now = getattr(plugin.calls, "current", None)
            within = now.within() if now else ""
            options = (";parts" if is_beside(returns) else "") + within + last
            with plugin.lock:
                return plugin.callbacks.call(
                    now and now.token(), f"{name};service",
                    lambda left: f"{name}/{method};call;timeout={left}{options}",
                    f"{name}/{method};cancel", data, now.check if now else lambda: None,
                    now.left() if now else REPLY, lambda body: answered(returns, body))
        return call


def outgoing(params, values, with_parts=False):
    """What goes to a host: the data of an event with these values, and how the event's type ends. Bytes
    beside other values are parts for a service, and numbers for a callback."""
    if is_raw(params):
        return base64.b64encode(values[0]).decode(), ";base64"
    given = dict(zip(params, values))
    beside = {name: value for name, value in given.items()
              if with_parts and is_part(params, name) and value is not None}
    if not beside:
        return write(given).decode(), ""
    others = write({name: value for name, value in given.items() if name not in beside})
    body, _ = parts.write([("arguments", "application/json", others),
                           *((name, "application/octet-stream", bytes(value))
                             for name, value in beside.items())])
    return base64.b64encode(body).decode(), ";base64"


def answered(returns, body):
    """The result of a service. Bytes beside a value are a pair."""
    if result_is_raw(returns):
        return body
    if not is_beside(returns):
        return parse(body, "internal")
    if not parts.is_parts(body):
        value, beside = parse(body, "internal")
        return value, bytes(beside)
    found = dict(parts.read(body))
    return parse(found["value"], "internal"), found["bytes"]


def member(name, doc, params, returns, stream=False, incoming=None):
    """The descriptor's entry of a method or callback, with the fingerprint of its signature."""
    signed = [f"{p}: {t}" for p, t in params.items()]
    described = [{"name": p, "type": t} for p, t in params.items()]
    if incoming:
        signed.append(f"{incoming[0]}: stream {incoming[1]}")
        described.append({"name": incoming[0], "type": incoming[1], "stream": True})
    signature = f"{name}({', '.join(signed)})"
    returned = f"stream {returns}" if stream else returns
    signature += f" -> {returned}" if returned != "()" else ""
    fingerprint = 0xCBF29CE484222325
    for byte in signature.encode():
        fingerprint = (fingerprint ^ byte) * 0x100000001B3 % 2**64
    return {"name": name, "doc": doc or "",
            "params": described,
            "returns": {"type": returns}, "fingerprint": f"{fingerprint:016x}"}
