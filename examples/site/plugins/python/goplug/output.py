"""Standard output and standard error: the host reads them, for its log.

When the host is gone, they are pipes that nobody reads. A write then fails, in the midst of
whatever wanted to say something. So they are led to nowhere before the plugin cleans up.
"""

import os
import select
import sys


def log(text):
    """Writes to standard error, if that is possible."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        pass


def discard():
    """Discards what is written to standard output and standard error from here on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def discard_if_unread():
    """The same, if the other end of one of them is closed."""
    poll = select.poll()
    for number in (1, 2):
        poll.register(number, 0)
    if any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0)):
        discard()


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            pass
