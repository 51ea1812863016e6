"""The plugin's side of goplug's wire protocol, in plain Python: see `docs/protocol.md`.

It serves plugins that a registry starts, which is all that this example needs; a
plugin in another language can be written after it. Methods run on the thread of the
connection that their call came on. Python cannot interrupt them, so a long one calls
`call.check()` now and then, which ends it when nobody waits for its result any more.
"""

from .plugin import Plugin
from .problem import Problem
from .program import main

__all__ = ["Plugin", "Problem", "main"]
