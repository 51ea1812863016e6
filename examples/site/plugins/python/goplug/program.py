"""The program of a plugin: its command line, and its process as a child of a host."""

import hashlib
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time

from . import output, records
from .connection import serve as serve_connection

LISTENER = 3  # the descriptor of the listening socket
FLUSH = 1  # seconds in which the last answers can be written
ENDING = (signal.SIGTERM, signal.SIGINT)


def serve(plugin):
    if (os.environ.get("LISTEN_PID"), os.environ.get("LISTEN_FDS")) != (str(os.getpid()), "1"):
        sys.exit("This is a goplug plugin: a host starts it. Try `install DIR` or `describe`.")
    output.survive_the_reader()
    records.set_up()
    lifeline = os.environ.get("GOPLUG_LIFELINE")
    for number in [LISTENER, *([int(lifeline)] if lifeline else [])]:
        os.set_inheritable(number, False)  # a child must not hold what is meant for this process
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "GOPLUG_LIFELINE"):
        os.environ.pop(name, None)
    threading.Thread(target=heed_signals, args=[signals(), plugin], daemon=True).start()
    if lifeline:
        threading.Thread(target=watch, args=[int(lifeline), plugin], daemon=True).start()
    listener = socket.socket(fileno=LISTENER)
    threading.Thread(target=accept, args=[listener, plugin], daemon=True).start()
    with plugin.lock:
        plugin.lock.wait_for(lambda: plugin.phase == "ended")
        plugin.lock.wait_for(lambda: not plugin.answering, FLUSH)
    output.flush()
    os._exit(0)  # not held up by a thread that is busy with a method


def accept(listener, plugin):
    while True:
        try:
            connection, _ = listener.accept()
            threading.Thread(target=serve_connection, args=[plugin, connection], daemon=True).start()
        except (OSError, RuntimeError):  # too many descriptors or threads, for the moment
            time.sleep(0.05)


def shut_down(plugin):
    try:
        plugin.stop()
    finally:
        plugin.end()


def signals():
    """A descriptor from which the numbers of signals that come are read.

    Python runs a handler on the main thread, between two instructions. A signal that comes just
    before that thread begins to wait would be heeded only when the wait is over; the number is
    written at once.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in ENDING:
        signal.signal(number, lambda *_: None)
    return reader


def heed_signals(numbers, plugin):
    """Stops the plugin at the first signal that asks for it."""
    while os.read(numbers, 1)[0] not in ENDING:
        pass
    shut_down(plugin)


def watch(lifeline, plugin):
    """Stops the plugin when the host has ended: the lifeline is then at its end of file."""
    os.read(lifeline, 1)
    shut_down(plugin)


def install(plugin, folder):
    """Writes the `.pconf` atomically, with the digests of the script and its modules."""
    script = pathlib.Path(sys.argv[0]).resolve()
    folder = pathlib.Path(folder).resolve()
    os.umask(0o022)  # a registry refuses what others can write
    folder.mkdir(parents=True, exist_ok=True)
    modules = pathlib.Path(__file__).resolve().parent.glob("*.py")
    about = plugin.described
    pconf = {"Name": about["name"], "NameSpace": about["namespace"],
             "Version": about["version"], "Protocol": 2,
             "Exec": [relative(script, folder)],
             "Sha256": {relative(path, folder): hashlib.sha256(path.read_bytes()).hexdigest()
                        for path in [script, *sorted(modules)]},
             "Methods": about["methods"], "Callbacks": about["callbacks"]}
    for key, kind in (("Needs", "needs"), ("Wants", "wants")):
        if kind in about:
            pconf[key] = about[kind]
    if "$defs" in about:
        pconf["$defs"] = about["$defs"]
    path = folder / f"{plugin.id}.pconf"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        draft.write_text(json.dumps(pconf, indent=2) + "\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    print(path)


def relative(path, folder):
    """The path as a `.pconf` in this folder spells it."""
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def main(plugin):
    """Runs the command: without one the plugin serves; `install DIR`; `describe`."""
    verb, *rest = sys.argv[1:] or [None]
    if verb is None:
        serve(plugin)
    elif verb == "install" and len(rest) == 1:
        install(plugin, rest[0])
    elif verb == "describe" and not rest:
        print(json.dumps(plugin.described, indent=2))
    else:
        sys.exit(f"usage: {sys.argv[0]} [install DIR | describe]")
