#!/usr/bin/env python3
"""A route of the gateway in Python: counts the lines of the files that are posted to it.

It does what `src/bin/scan.rs` does: it takes bytes beside values, calls the gateway's ledger, streams its
receipts, and logs. `words.py install FOLDER` adds the route `/Words` to the gateway on that folder.
"""

import logging
import os
import pathlib
import queue
import sys
import threading

# The package is in the other example; a plugin of your own has it beside its script.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "site/plugins/python"))

import goplug  # noqa: E402

BACKLOG = 256  # How many receipts a slow reader may be behind before it misses some.
LOOK = 0.1  # How often, in seconds, a stream without receipts looks whether it is still wanted.

plugin = goplug.Plugin("Words", "gateway", "0.1.0")
ledger = plugin.service("Ledger", {"enter": ({"request": "String", "name": "String"}, "u64")})
log = logging.getLogger("words")
readers, lock = [], threading.Lock()


@plugin.method({"request": "String", "name": "String", "content": "Bytes"},
               "Result<Receipt, Refusal>", error="Refusal")
def post(call, request, name, content):
    """Takes a file. Its content travels beside the other arguments, as it is."""
    if not content:
        raise goplug.Problem("method", f"{name} is empty", error={"Empty": {"name": name}})
    try:
        lines = len(content.decode().splitlines())
    except UnicodeDecodeError as error:
        raise goplug.Problem("method", f"{name} is no text: byte {error.start} is not UTF-8",
                             error={"NoText": {"name": name, "at": error.start}}) from error
    receipt = {"request": request, "number": ledger.enter(request, name), "name": name,
               "length": len(content), "lines": lines, "process": os.getpid()}
    log.info("%s has been read", name, extra={"request": request, "lines": lines})
    with lock:
        for reader in readers:
            if reader.qsize() < BACKLOG:
                reader.put(receipt)
    return receipt


@plugin.method({}, "Receipt", stream=True)
def events(call):
    """The receipts of all files from now on."""
    reader = queue.Queue()
    with lock:
        readers.append(reader)

    def receipts():
        try:
            while True:
                try:
                    yield reader.get(timeout=LOOK)
                except queue.Empty:
                    call.check()
        finally:
            with lock:
                readers.remove(reader)
    return receipts()


if __name__ == "__main__":
    goplug.main(plugin)
