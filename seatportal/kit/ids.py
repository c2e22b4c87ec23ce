"""Public ids: a prefix that says what it is, then 20 random characters (100 bits)."""

import secrets
from typing import Any

from django.db import models

# Without i, l, o, u: read aloud and typed without mistakes.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def public_id(prefix: str) -> str:
    """A new id such as `acc_7zq…`."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(20))


class PublicIdField(models.CharField):  # type: ignore[type-arg]  # generic only in the stubs
    """The id that leaves the system. Unique, made at creation, never changed."""

    def __init__(self, prefix: str = "", **kwargs: Any) -> None:
        self.prefix = prefix
        kwargs.update(max_length=32, unique=True, editable=False)
        super().__init__(**kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """For migrations: only the prefix matters."""
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "unique", "editable"):
            kwargs.pop(fixed, None)
        kwargs["prefix"] = self.prefix
        return str(name), path, list(args), kwargs

    def get_default(self) -> str:
        """A fresh id for a new row."""
        return public_id(self.prefix)

    def has_default(self) -> bool:
        """Always: see get_default."""
        return True
