"""Devices and networks as numbers that mean nothing outside their account. The raw values are never stored."""

from hashlib import blake2b, sha256
from ipaddress import ip_address, ip_network

from django.conf import settings

from accounts.models import Account

# A person's network, not their address: an office or a mobile carrier hands out many within these.
_PREFIX = {4: 24, 6: 48}


class Hasher:
    """Hashes for one account. Its key comes from the server's secret, so a copy of the table tells nothing."""

    def __init__(self, account: Account) -> None:
        self._key = sha256(f"usage:{account.public_id}:{settings.SECRET_KEY}".encode()).digest()
        self._seen: dict[tuple[str, str], int] = {}

    def device(self, value: str) -> int:
        """A device's identifier to 64 bits."""
        return self._hash("device", value)

    def network(self, value: str) -> int:
        """An IP address to its network (/24 or /48), any other text as it is; 64 bits."""
        return self._hash("network", value)

    def _hash(self, kind: str, value: str) -> int:
        found = self._seen.get((kind, value))
        if found is None:
            plain = _network(value) if kind == "network" else value
            digest = blake2b(f"{kind}:{plain}".encode(), key=self._key, digest_size=8).digest()
            found = self._seen[kind, value] = int.from_bytes(digest, signed=True)
        return found


def _network(value: str) -> str:
    try:
        address = ip_address(value)
    except ValueError:
        return value
    return str(ip_network((address, _PREFIX[address.version]), strict=False))
