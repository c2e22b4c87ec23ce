"""A process that runs one verb and is killed by SIGKILL beside one of its calls.

`python -m tests.dying before|after PLACE VERB [NAME=NUMBER ...]`, with PLACE and VERB as `package.module:name`. The cut
is made from outside, so the product carries no switch for it.
"""

import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import django


def run_and_die(
    when: str, place: str, verb: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run this module as a process; its return code is `-signal.SIGKILL` when it came to the place."""
    return subprocess.run(
        [sys.executable, "-m", "tests.dying", when, place, *verb],
        env={**environment, "DJANGO_SETTINGS_MODULE": "seatportal.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def main(when: str, place: str, verb: str, *arguments: str) -> None:
    """Run the verb, and die at the place."""
    django.setup()
    from seatportal.kit.clock import now

    real = pkgutil.resolve_name(place)
    owner, _, name = place.rpartition("." if "." in place.partition(":")[2] else ":")

    def cut(*args: Any, **kwargs: Any) -> None:
        if when == "after":
            real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(pkgutil.resolve_name(owner), name, cut)
    given = (argument.split("=") for argument in arguments)
    pkgutil.resolve_name(verb)(at=now(), **{name: int(value) for name, value in given})


if __name__ == "__main__":
    main(*sys.argv[1:])
