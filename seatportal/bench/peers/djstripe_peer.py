"""Starts dj-stripe, in an environment of its own, on a database of its own in the same PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seatportal.bench.peers.environment import Peer
from seatportal.bench.peers.environment import peer_site as any_peer_site
from seatportal.bench.stage import SECRET, Stage
from seatportal.demo.processes import ServiceFailed

# It forbids stripe 16, which we use, so it cannot live in our environment.
REQUIREMENTS = ("dj-stripe==2.11.*", "django>=6.1.3,<6.2", "psycopg[binary]>=3.3.9,<3.4", "gunicorn>=27.0.1,<28")
SITE = Path(__file__).with_name("djstripe_site.py")
PATH = "/stripe/webhook/5ea75ea7-0000-4000-8000-000000000001/"


@contextmanager
def peer_site(stage: Stage) -> Iterator[Peer]:
    """A running dj-stripe."""
    environment = {"PEER_SECRET": SECRET, "STRIPE_API_BASE": stage.stripe}
    with any_peer_site(stage, "peer", SITE, REQUIREMENTS, environment) as peer:
        yield peer


def forget(peer: Peer, *, expected: int) -> None:
    """Check that it has processed everything, and let it forget the events. Raises ServiceFailed."""
    found = peer.run("handled").split()
    if found != [str(expected), "0"]:
        raise ServiceFailed(f"dj-stripe processed {found[0]} of {expected} events, {found[1]} with an error.")
