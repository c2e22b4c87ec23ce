"""A folder for unix sockets, whose paths the system limits to about a hundred bytes."""

import contextlib
import hashlib
import os
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from seatportal.demo.processes import ServiceFailed

LONGEST = 80  # Leaves room for `/.s.PGSQL.5432` below the 104 bytes of macOS.


def socket_dir(data_dir: Path) -> Path:
    """Return a folder that only we may enter and where sockets work: in the data folder, else elsewhere.

    There is no way over TCP: a server on a port would let in every user of the machine.
    Raises ServiceFailed when no such folder is to be had.
    """
    for folder in _candidates(data_dir):
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.lstat().st_uid == os.geteuid() and not folder.is_symlink() and _works(folder):
                folder.chmod(0o700)
                return folder
    raise ServiceFailed(
        f"No folder for unix sockets: neither {data_dir} nor {tempfile.gettempdir()} will do. "
        "Choose a short folder with --data, or set DATABASE_URL, BROKER_URL and CACHE_URL."
    )


def _candidates(data_dir: Path) -> Iterator[Path]:
    name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:10]
    temporary = f"seatportal-{os.geteuid()}-{name}"
    parents = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108  a folder of ours alone is made in it
    for folder in (data_dir / "sockets", *(parent / temporary for parent in parents)):
        # Plain letters only, because each client unquotes its URL in its own way.
        if len(str(folder)) <= LONGEST and re.fullmatch(r"[\w./-]+", str(folder), re.ASCII):
            yield folder


def _works(folder: Path) -> bool:
    """Some mounted folders hold files but no sockets."""
    path = folder / "probe"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        probe.bind(str(path))
    path.unlink()
    return True
