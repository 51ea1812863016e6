"""Records of `logging`, as the host reads them: each is one line of JSON on standard error."""

import json
import logging
import os
import sys

LEVELS = {"off": logging.CRITICAL + 1, "error": logging.ERROR, "warn": logging.WARNING,
          "info": logging.INFO, "debug": logging.DEBUG, "trace": 1}
USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class Records(logging.Handler):
    """Hands records to the host, with what `extra` adds as fields."""

    def emit(self, record):
        try:
            sys.stderr.write(json.dumps(described(record), default=str) + "\n")
            sys.stderr.flush()
        except Exception:  # a record that cannot be formatted does not end a method
            self.handleError(record)


def described(record):
    level = next((name for name in ("error", "warn", "info", "debug")
                  if record.levelno >= LEVELS[name]), "trace")
    fields = {name: value for name, value in vars(record).items() if name not in USUAL}
    if record.exc_info:
        fields["traceback"] = logging.Formatter().formatException(record.exc_info)
    return {"level": level, "target": record.name, "message": record.getMessage(),
            **({"fields": fields} if fields else {})}


def set_up():
    """Hands all records to the host that it wants to know, unless the plugin has a handler."""
    root = logging.getLogger()
    if root.handlers:
        return
    root.addHandler(Records())
    root.setLevel(logging.INFO)
    for directive in os.environ.get("GOPLUG_LOG", "").split(","):
        target, _, level = directive.strip().rpartition("=")
        if level.lower() in LEVELS:
            logging.getLogger(target or None).setLevel(LEVELS[level.lower()])
