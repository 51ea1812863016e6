"""Errors as responses to the host."""


class Problem(Exception):
    """An error response: problem details of RFC 9457."""

    KINDS = {
        "method": (422, "The method answered with an error"),
        "unknown-method": (400, "Unknown method"),
        "invalid-arguments": (400, "The arguments do not decode"),
        "bad-request": (400, "Not a request of the protocol"),
        "deadline-exceeded": (408, "The caller's budget is spent"),
        "body-too-large": (413, "The body is larger than the limit"),
        "handler-panicked": (500, "The handler panicked"),
        "internal": (500, "The plugin failed"),
        "cut-off": (500, "The call was cut off by the stop"),
        "stopping": (503, "The plugin is stopping"),
        "not-active": (503, "The plugin is not active"),
    }

    def __init__(self, kind, detail, **members):
        super().__init__(detail)
        self.status, title = self.KINDS[kind]
        self.document = {"type": f"urn:goplug:error:{kind}", "title": title,
                         "status": self.status, "detail": detail, **members}


class NotRegistered(Exception):
    """No host has registered a callback that returns a value."""


class CallbackFailed(Exception):
    """The host answered a callback, or a call of a service, with an error: `document` is its problem
    document, and `kind` what kind of problem that is, such as "deadline-exceeded"."""

    def __init__(self, document):
        super().__init__(document.get("detail", "the host's handler failed"))
        self.document = document
        self.kind = str(document.get("type", "")).removeprefix("urn:goplug:error:")

    @staticmethod
    def of(document):
        failed = CallbackFailed(document)
        return MethodFailed(document) if failed.kind == "method" else failed


class MethodFailed(CallbackFailed):
    """The method of a service answered with its own error: `error` is the value, as JSON has it."""

    def __init__(self, document):
        super().__init__(document)
        self.error = document.get("error")

    def __repr__(self):
        return f"MethodFailed({str(self)!r}, error={self.error!r})"


class TooDeep(Exception):
    """Calls of plugins and services are within each other too deep, perhaps in a circle. The innermost
    was not sent."""
