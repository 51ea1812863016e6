#!/usr/bin/env python3
"""Checks whether a plugin follows docs/protocol.md.

    python3 tests/conformance/run.py PLUGIN.pconf [NUMBER...]

starts the plugin that the file announces again and again, as a host does, and tries each
sentence of the page on it. Every check has a number and the section that it is from. A check
that needs a method that the plugin lacks is skipped, and says which. The exit status is 0 if
none fails.

The methods and callbacks that checks need are those of `tests/fixtures/python/calculator.py`.
A plugin in a new language is checked most thoroughly if its tests have a program with these.
"""

import sys
import traceback

import calls  # noqa: F401: the modules of checks add to the table
import callbacks  # noqa: F401
import incoming  # noqa: F401
import lifecycle  # noqa: F401
import progress  # noqa: F401
import services  # noqa: F401
import streams  # noqa: F401
import transport  # noqa: F401
from host import Announced, Plugin, Skip
from table import CHECKS


class Runner:
    """Runs checks, and keeps the process that several of them share."""

    def __init__(self, announced):
        self.announced, self.shared, self.failed, self.idle = announced, None, 0, None

    def process(self, kind):
        if kind == "shared":
            if not (self.shared and self.shared.is_alive()):
                self.shared = Plugin(self.announced).activate()
            return self.shared
        plugin = Plugin(self.announced)
        return plugin.activate() if kind == "own" else plugin

    def run(self, number, section, title, kind, function):
        plugin = None
        try:
            plugin = self.announced if kind == "none" else self.process(kind)
            function(plugin)
            if kind == "shared":
                assert plugin.is_alive(), f"the plugin has ended: {''.join(plugin.lines)}"
            outcome = "ok"
        except Skip as reason:
            outcome = f"skipped: {reason}"
        except Exception as error:
            self.failed += 1
            text = traceback.format_exc() if not isinstance(error, AssertionError) else ""
            line = traceback.extract_tb(error.__traceback__)[-1]
            outcome = f"FAILED: {error} ({line.name}, line {line.lineno})\n{text}".rstrip()
            self.close_shared()
        finally:
            if kind in ("own", "new") and plugin:
                plugin.close()
        print(f"{number:4} {section}: {title}: {outcome}", flush=True)

    def close_shared(self):
        if self.shared:
            self.shared.close()
            self.shared = None


def main(path, *numbers):
    runner = Runner(Announced(path))
    chosen = [one for one in sorted(CHECKS, key=lambda one: one[0])
              if not numbers or str(one[0]) in numbers]
    try:
        for one in chosen:
            runner.run(*one)
    finally:
        runner.close_shared()
    print(f"{len(chosen)} checks, {runner.failed} failed")
    sys.exit(1 if runner.failed else 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
