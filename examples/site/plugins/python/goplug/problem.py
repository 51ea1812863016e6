"""Errors as responses to the host."""

import json


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
        "stopping": (503, "The plugin is stopping"),
        "not-active": (503, "The plugin is not active"),
    }

    def __init__(self, kind, detail, **members):
        super().__init__(detail)
        self.status, title = self.KINDS[kind]
        self.document = {"type": f"urn:goplug:error:{kind}", "title": title,
                         "status": self.status, "detail": detail, **members}


def json_of(body, kind):
    try:
        return json.loads(body or b"null")
    except ValueError as error:
        raise Problem(kind, f"not JSON: {error}") from error
