"""Ports of this machine that nobody uses."""

import socket
from contextlib import suppress


def is_free(port: int) -> bool:
    """Whether we may listen there and nobody answers, nor at the IPv6 address that `localhost` may mean."""
    for host in ("127.0.0.1", "::1"):
        with suppress(OSError), socket.create_connection((host, port), timeout=0.5):
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def next_free(first: int) -> int:
    """Return `first`, or the next free port after it. Raises OSError when there is none up to 65535."""
    for port in range(first, 65536):
        if is_free(port):
            return port
    raise OSError(f"No port from {first} to 65535 is free.")


def any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
