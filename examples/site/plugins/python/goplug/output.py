"""Standard output and standard error: the host reads them, for its log.

When the host is gone, they are pipes that nobody reads, and a write to them fails. A print must
not keep a method from its answer then, nor a stop hook from saving what it has to save.
"""

import sys


class Output:
    """A stream that drops what nobody reads."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        try:
            return self.stream.write(text)
        except OSError:
            return len(text)

    def flush(self):
        try:
            self.stream.flush()
        except OSError:
            pass

    def __getattr__(self, name):
        return getattr(self.stream, name)


def survive_the_reader():
    """From here on, what is printed and read by nobody is dropped."""
    sys.stdout, sys.stderr = Output(sys.stdout), Output(sys.stderr)


def flush():
    sys.stdout.flush()
    sys.stderr.flush()
