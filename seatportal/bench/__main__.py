"""The process that measures: `python -m seatportal.bench NAME…`, in the environment that `stage.services` made."""

import json
import sys

import django


def main(names: list[str], *, quick: bool) -> None:
    """Run the benches and print one JSON object a line; progress goes to standard error."""
    django.setup()
    from seatportal.bench.benches import BENCHES  # noqa: PLC0415  after the settings
    from seatportal.bench.stage import stage  # noqa: PLC0415

    for name in names:
        # Each with a stage of its own, for a bench sets rates and logs as it needs them.
        with stage(quick=quick) as ready:
            sys.stderr.write(f"{name} …\n")
            sys.stderr.flush()
            sys.stdout.write(json.dumps(BENCHES[name](ready).as_json()) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main([name for name in sys.argv[1:] if name != "--quick"], quick="--quick" in sys.argv)
