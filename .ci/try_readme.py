"""Do what the README says, as a stranger would: clone, run its demo command, use the product, stop it, start it again.

Run with any Python 3.11 or newer: `python .ci/try_readme.py [--as-user]`. With --as-user (root only) an ordinary user
does it all, in a folder of that user's own. Prints what it measured; any surprise ends with exit code 1.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
FIRST_START, SECOND_START = 90.0, 15.0


def main() -> None:
    """Clone into an empty folder and follow the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as-user", action="store_true", help="as an ordinary user; needs root")
    as_user = parser.parse_args().as_user
    folder = Path(tempfile.mkdtemp(prefix="try-readme-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "clone")], check=True)
        follow(folder, as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def follow(folder: Path, as_user: bool) -> None:
    """The README's demo command, twice."""
    command = re.search(r"^pip install uv && (uv run manage\.py demo)$", (ROOT / "README.md").read_text(), re.M)
    if command is None:
        sys.exit("The README no longer says how to start the demo.")
    environment = {**os.environ, "HOME": str(folder), "UV_CACHE_DIR": str(folder / "cache"), "CI": "true"}
    for name in ("VIRTUAL_ENV", "DATABASE_URL", "BROKER_URL", "CACHE_URL"):
        environment.pop(name, None)
    person: dict[str, Any] = {}
    if as_user:
        person = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        environment |= readable_python(folder)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    run = {"cwd": folder / "clone", "env": environment, **person}

    began = time.monotonic()
    uv = shutil.which("uv", path=environment["PATH"]) or "uv"
    subprocess.run([uv, "sync", "--quiet"], check=True, **run)
    print(f"downloaded and installed in {time.monotonic() - began:.1f} s")
    words = [uv, *command[1].split()[1:], "--json", "--port", str(free_port())]
    first = start_use_stop(words, run)
    second = start_use_stop(words, run)
    who = "an ordinary user" if as_user else "the calling user"
    print(
        f"as {who}: ready in {first:.1f} s (goal {FIRST_START:.0f}), again in {second:.1f} s (goal {SECOND_START:.0f})"
    )
    if first > FIRST_START or second > SECOND_START:
        print("slower than the goal (reported, not failed: absolute times depend on the machine)")


def start_use_stop(words: list[str], run: dict[str, Any]) -> float:
    """One start: seconds until ready, then a look, then SIGTERM, after which nothing may be left."""
    began = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True, **run)
    assert process.stdout is not None
    line = process.stdout.readline()
    ready = time.monotonic() - began
    try:
        found = json.loads(line)
        wanted = {"url", "simulator_url", "admin", "member", "staff", "api_key"}
        if not wanted <= found.keys():
            sys.exit(f"the JSON lacks {wanted - found.keys()}")
        look(found)
        children = descendants(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    if rest := process.stdout.read().strip():
        sys.exit(f"more than one line on stdout: {rest[:200]}")
    time.sleep(1)
    left = [pid for pid in children if Path(f"/proc/{pid}").exists()]
    if left:
        sys.exit(f"processes are left after SIGTERM: {left}")
    print(f"  ready after {ready:.1f} s, stopped with {code}, {len(children)} processes and none left")
    return ready


def look(found: dict[str, Any]) -> None:
    """Every door answers."""
    for url, headers in (
        (found["url"], {}),
        (found["url"].rstrip("/") + "/readyz", {}),
        (found["url"].rstrip("/") + "/api/v1/seats", {"Authorization": f"Bearer {found['api_key']}"}),
        (found["simulator_url"].rstrip("/") + "/_control", {}),
    ):
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            body = answer.read().decode()
            if answer.status != 200:
                sys.exit(f"{url} answered {answer.status}")
            if url.endswith("/seats"):
                seats = json.loads(body)
                if (seats["purchased"], seats["active"]) != (10, 8):
                    sys.exit(f"the demo does not stand at 8 of 10: {body}")


def descendants(pid: int) -> list[int]:
    """Every process below one."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def readable_python(folder: Path) -> dict[str, str]:
    """Where the interpreter lies in a folder that only root may read, give the user a copy."""
    python = subprocess.run(
        ["uv", "python", "find", "3.13"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    prefix = subprocess.run(
        [python, "-c", "import sys; print(sys.base_prefix)"], check=True, capture_output=True, text=True
    ).stdout.strip()
    shutil.copytree(prefix, folder / "python", symlinks=True)
    if not (folder / "python" / "bin" / "uv").exists():
        shutil.copy2(Path(shutil.which("uv") or "uv").resolve(), folder / "python" / "bin" / "uv")
    return {
        "UV_PYTHON": str(folder / "python" / "bin" / "python3.13"),
        # A copied interpreter looks for its library where it was built.
        "LD_LIBRARY_PATH": str(folder / "python" / "lib"),
        "PATH": f"{folder / 'python' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
    }


def free_port() -> int:
    """One that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
