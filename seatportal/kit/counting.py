"""Counters that many processes raise, in the cache."""

from functools import cache as once

from django.conf import settings
from django.core.cache import cache
from redis import Redis
from redis.exceptions import NoScriptError

# One round trip, and never a counter that stays for good.
_UP = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"


def count_up(name: str, *, seconds: int) -> int:
    """Raise a counter, which is forgotten `seconds` after its first rise; returns its value. Raises RedisError."""
    client, sha = _client()
    key = cache.make_key(name)
    try:
        return int(client.evalsha(sha, 1, key, seconds))
    except NoScriptError:  # the server has been started anew
        return int(client.eval(_UP, 1, key, seconds))


@once
def _client() -> tuple[Redis, str]:
    """The cache's server by itself: Django's own counter asks twice, and makes a client for each time."""
    client = Redis.from_url(settings.CACHES["default"]["LOCATION"])
    return client, client.script_load(_UP)
