"""What a name's owner says in DNS. Never ask inside a transaction: an answer may take seconds."""

from collections.abc import Callable

from dns.exception import DNSException
from dns.rdtypes.txtbase import TXTBase
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

# For the whole question, however many servers are tried.
SECONDS = 5.0

type TxtLookup = Callable[[str], list[str]]


class DnsSilent(Exception):
    """No answer that says yes or no: ask again later."""


def txt_records(name: str, *, resolver: Resolver | None = None) -> list[str]:
    """The texts at a name; none where the name or its texts do not exist. Raises DnsSilent.

    resolver: by default the machine's own.
    """
    try:
        found = (resolver or Resolver()).resolve(name, "TXT", lifetime=SECONDS, search=False)
    except (NXDOMAIN, NoAnswer):
        return []
    except DNSException as error:
        raise DnsSilent(type(error).__name__) from error
    return [b"".join(row.strings).decode("utf-8", "replace") for row in found if isinstance(row, TXTBase)]
