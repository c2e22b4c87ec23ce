"""Become another program that cannot outlive its parent; run as a script, it imports nothing of ours.

    python -I -S launch.py PARENT_PID DEATH_SIGNAL OWNED_DIR -- PROGRAM ARGUMENT…

A script in between, because `preexec_fn` is unsafe in a process that has threads. OWNED_DIR is `-`, or the
folder of a program that refuses to run as root or as a user without a name (PostgreSQL): then such a caller
becomes somebody without rights first.
"""

import ctypes
import os
import pwd
import signal
import struct
import sys
from pathlib import Path

NOBODY = 65534
CAP_DAC_OVERRIDE = 1
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAPABILITY_VERSION_3 = 0x20080522


def main(argv: list[str]) -> None:
    parent, death_signal, owned_dir, _, *command = argv
    if owned_dir != "-" and (os.geteuid() == 0 or is_nameless(os.geteuid())):
        become_ordinary(owned_dir)
    if sys.platform == "linux":
        # After the change of user: the kernel forgets the death signal when credentials change.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("The parent ended while its child was starting.")
    # Python ignores the first two, a shell the others for a background job; exec would hand that on.
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606  the command comes from our own supervisor


def is_nameless(uid: int) -> bool:
    """Containers are often given a user number that the password file does not know."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return True
    return False


def become_ordinary(owned_dir: str) -> None:
    """Be an ordinary user: in a user namespace of our own, or, where a container refuses that, as `nobody`.

    In the namespace we appear as `nobody` while files stay the caller's and nothing is opened to others. As a
    real `nobody` the program owns OWNED_DIR alone and may still pass folders closed to others, as /root is.
    """
    namespace = sys.platform == "linux" and may_unshare()
    if not namespace and os.geteuid() != 0:
        return  # The program itself says what it misses.
    give_tree(owned_dir, os.getuid() if namespace else NOBODY)
    if namespace:
        os.unshare(os.CLONE_NEWUSER)
        return
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    except OSError as error:
        sys.exit(
            f"PostgreSQL does not run as root, and this system lets root become nobody else ({error}). "
            "Run as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
        )
    if sys.platform == "linux":
        keep_passage()


def may_unshare() -> bool:
    """Ask in a child, because the answer cannot be undone."""
    child = os.fork()
    if child == 0:
        try:
            os.unshare(os.CLONE_NEWUSER)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def give_tree(root: str, owner: int) -> None:
    """Give a folder and all within it to OWNER; the other way of giving up root may have run last time."""
    if Path(root).stat().st_uid == owner:
        return
    for folder, _, files in os.walk(root, topdown=False):  # The root last, so that it tells the whole.
        for path in (folder, *(str(Path(folder, name)) for name in files)):
            os.chown(path, owner, owner, follow_symlinks=False)


def keep_passage() -> None:
    """Keep CAP_DAC_OVERRIDE through exec; without it the program works wherever `nobody` may go."""
    libc = ctypes.CDLL(None)
    only = 1 << CAP_DAC_OVERRIDE
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = struct.pack("6I", only, only, only, 0, 0, 0)
    if libc.capset(header, effective_permitted_inheritable) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
