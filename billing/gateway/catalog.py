"""What is on sale."""

from collections.abc import Iterator
from typing import Any, cast

from billing.gateway import convert
from billing.gateway.client import Client
from billing.gateway.contract import RemotePrice


class Catalog(Client):
    """What is on sale."""

    def prices(self) -> Iterator[RemotePrice]:
        """Every recurring price with its product and tiers."""
        after = ""
        while True:
            params: dict[str, Any] = {"limit": 100, "type": "recurring", "expand": ["data.product", "data.tiers"]}
            if after:
                params["starting_after"] = after
            page = self._read(lambda: self._reader.v1.prices.list(cast(Any, params)))  # noqa: B023  called at once
            yield from (convert.price(row) for row in page["data"])
            if not page["has_more"]:
                return
            after = page["data"][-1]["id"]
