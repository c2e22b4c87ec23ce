"""A lane's process: `python -m seatportal.matrix.lane FOLDER SIMULATOR_URL WEB_PORT`.

Reads one JSON list [scenario, mutant] a line, plays it, and answers with one line of JSON. Ends with its input.
"""

import gc
import json
import logging
import sys
from pathlib import Path

import django


def main(folder: str, simulator_url: str, web_port: str) -> None:
    """Warm up once, so that every process of every scenario is a fork of a ready one."""
    django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import get_resolver

    from seatportal.matrix.play import Lane
    from seatportal.matrix.processes import Notes
    from seatportal.matrix.shop import Shop
    from seatportal.matrix.web import Door

    logging.disable(logging.CRITICAL)
    _ = get_resolver().url_patterns  # Load every view before the first fork.
    lane = Lane(Shop(simulator_url, int(web_port)), Notes(Path(folder, "notes")), Door(int(web_port), WSGIHandler()))
    lane.warm_up()
    gc.freeze()  # So that no child copies pages only to count references.
    for line in sys.stdin:
        sys.stdout.write(json.dumps(lane.play(*json.loads(line)).as_json()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
