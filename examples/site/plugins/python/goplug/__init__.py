"""The plugin's side of goplug's wire protocol, in plain Python: see `docs/protocol.md`.

It serves plugins that a registry starts, which is all that this example needs. It can be
the model for a plugin in another language. A method runs on the thread of the connection
on which it was called. Python cannot interrupt it, so a long method calls `call.check()`
now and then, which raises an exception once no caller waits for the result.

The files, each of which imports only from those before it: `problem`, `http1`, `values`,
`callbacks`, `plugin`, `connection`, `output`, `records`, `program`. What a plugin says with
`logging` is an event of its host's log.
"""

from .plugin import Plugin
from .problem import CallbackFailed, MethodFailed, NotRegistered, Problem, TooDeep
from .program import main

__all__ = ["CallbackFailed", "MethodFailed", "NotRegistered", "Plugin", "Problem", "TooDeep", "main"]
