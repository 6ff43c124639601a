"""A port for a server that is started and ended while a test runs."""

import contextlib
import random
import socket


def free_port() -> int:
    """Return a port that nobody listens at, and that no connection is given meanwhile.

    Those the system gives to connections lie above 32,767: one of them can be taken while the server is down for a moment.
    """
    for port in random.sample(range(20_000, 32_000), 1_000):
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
