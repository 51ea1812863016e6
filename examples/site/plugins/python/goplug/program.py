"""The program of a plugin: its command line, and its process as a child of a host."""

import hashlib
import json
import os
import pathlib
import signal
import socket
import socketserver
import sys
import threading
import traceback

from .connection import Connection


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Accepts connections on a socket that is listening already."""

    daemon_threads = True  # idle connections do not keep the process alive

    def __init__(self, listener, plugin):
        super().__init__(None, Connection, bind_and_activate=False)
        self.socket.close()
        self.socket, self.plugin = listener, plugin

    def handle_error(self, *_):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc()


def serve(plugin):
    if (os.environ.get("LISTEN_PID"), os.environ.get("LISTEN_FDS")) != (str(os.getpid()), "1"):
        sys.exit("This is a goplug plugin: a host starts it. Try `install DIR` or `describe`.")
    if lifeline := os.environ.get("GOPLUG_LIFELINE"):
        threading.Thread(target=watch, args=[int(lifeline)], daemon=True).start()
    server = Server(socket.socket(fileno=3), plugin)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=shut_down, args=[plugin]).start())
    with plugin.lock:
        plugin.lock.wait_for(lambda: plugin.ended)


def shut_down(plugin):
    plugin.stop()
    plugin.end()


def watch(lifeline):
    """Ends the process when the host has ended: the lifeline is then at its end of file."""
    os.read(lifeline, 1)
    os._exit(0)


def install(plugin, folder):
    """Writes the `.pconf` atomically. The digest covers the script, not its modules."""
    script = pathlib.Path(sys.argv[0]).resolve()
    folder = pathlib.Path(folder).resolve()
    inside = script.is_relative_to(folder)
    about = plugin.descriptor
    pconf = {"Name": about["name"], "NameSpace": about["namespace"],
             "Version": about["version"], "Protocol": 2,
             "Exec": [str(script.relative_to(folder) if inside else script)],
             "Sha256": hashlib.sha256(script.read_bytes()).hexdigest(),
             "Methods": about["methods"], "Callbacks": about["callbacks"]}
    path = folder / f"{about['namespace']}.{about['name']}.pconf"
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(pconf, indent=2) + "\n")
    draft.replace(path)
    print(path)


def main(plugin):
    """Runs the command: without one the plugin serves; `install DIR`; `describe`."""
    verb, *rest = sys.argv[1:] or [None]
    if verb is None:
        serve(plugin)
    elif verb == "install" and len(rest) == 1:
        install(plugin, rest[0])
    elif verb == "describe" and not rest:
        print(json.dumps(plugin.descriptor, indent=2))
    else:
        sys.exit(f"usage: {sys.argv[0]} [install DIR | describe]")
