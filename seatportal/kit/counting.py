"""Counters that many processes raise, in the cache."""

from hashlib import sha1
from threading import local
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis import ConnectionPool
from redis.exceptions import ConnectionError as NotThere
from redis.exceptions import NoScriptError

# One round trip, and never a counter that stays for good: Django's own counter asks twice.
_UP = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n"
_SHA = sha1(_UP.encode(), usedforsecurity=False).hexdigest()
# A connection for each thread: to take one from a pool and give it back costs as much as to ask.
_own = local()


def count_up(name: str, *, seconds: int) -> int:
    """Raise a counter, which is forgotten `seconds` after its first rise; returns its value. Raises RedisError."""
    key = cache.make_key(name)
    try:
        return int(_ask("EVALSHA", _SHA, 1, key, seconds))
    except NoScriptError:  # the server has not seen it since it was started
        return int(_ask("EVAL", _UP, 1, key, seconds))


def _ask(*command: str | int) -> Any:
    line = getattr(_own, "line", None)
    if line is None:
        line = _own.line = ConnectionPool.from_url(settings.CACHES["default"]["LOCATION"]).make_connection()
    try:
        line.send_command(*command)
        return line.read_response()
    except NotThere:  # the server has ended it since; a line connects by itself
        line.send_command(*command)
        return line.read_response()
