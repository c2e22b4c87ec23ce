"""`python -m billing.simulator --port 12111 [--data FILE]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from .server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="billing.simulator", description="A local Stripe over HTTP. No real money.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=12111, help="0 picks a free port")
    parser.add_argument("--data", type=Path, default=None, help="journal file that keeps the state over a restart")
    parser.add_argument(
        "--verify", action="store_true", help="hold every answer against Stripe's description: GET /_control/deviations"
    )
    parser.add_argument("--limits", action="store_true", help="Stripe's limits for one subscription")
    options = parser.parse_args()
    serve(host=options.host, port=options.port, data=options.data, verify=options.verify, limits=options.limits)


if __name__ == "__main__":
    main()
