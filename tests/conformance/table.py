"""The table of checks: each has a number, the section of docs/protocol.md that it is from, and
a sentence of that section."""

CHECKS = []


def check(number, section, title, process="shared"):
    """Adds a check. Its function gets a plugin's process:

    - `shared`: active, and used by further checks; the check leaves it as it was;
    - `own`: active, for this check alone;
    - `new`: not activated, for this check alone;
    - `none`: no process, but what the `.pconf` announces.
    """
    def add(function):
        CHECKS.append((number, section, title, process, function))
        return function
    return add
