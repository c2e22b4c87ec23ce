"""Counters in the cache, each thread over a line of its own."""

from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.core.cache import cache
from redis import Redis

from seatportal.kit.counting import count_up


def server() -> Redis:
    return Redis.from_url(settings.CACHES["default"]["LOCATION"])


def test_every_thread_raises_the_same_counter() -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: count_up("counting", seconds=60), range(100)))

    assert sorted(found) == list(range(1, 101))
    assert 0 < server().ttl(cache.make_key("counting")) <= 60


def test_a_line_that_the_server_ended_and_a_script_that_it_forgot_are_made_anew() -> None:
    assert count_up("counting", seconds=60) == 1
    with server() as redis:
        redis.client_kill_filter(_type="normal", skipme=True)
        redis.script_flush()

    assert count_up("counting", seconds=60) == 2
