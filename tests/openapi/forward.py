"""A TCP port of this machine that leads to a Unix socket, for clients that know no Unix sockets."""

import contextlib
import socket
import threading


class Forwarder:
    """Forwards until it is closed. `url` is where it listens."""

    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        self.open, self.threads, self.closed = set(), [], False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.begin(self.accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self.lock:
            self.closed = True
            for end in [self.listener, *self.open]:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        # No thread begins after this: the one that begins them has ended by the first join.
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def begin(self, *target):
        thread = threading.Thread(target=target[0], args=target[1:])
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            plugin = socket.socket(socket.AF_UNIX)
            with self.lock:
                if self.closed:
                    client.close()
                    plugin.close()
                    return
                self.open |= {client, plugin}
            self.begin(self.serve, client, plugin)

    def serve(self, client, plugin):
        with contextlib.suppress(OSError):
            plugin.connect(self.path)
            answers = threading.Thread(target=self.copy, args=[plugin, client])
            answers.start()
            self.copy(client, plugin)
            answers.join()
        with self.lock:
            self.open -= {client, plugin}
            client.close()
            plugin.close()

    @staticmethod
    def copy(source, target):
        """Copies until one of them ends, and ends both."""
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
