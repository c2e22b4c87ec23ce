"""Stripe's form encoding: `items[0][price]=x`, `expand[]=a`, to nested dicts of strings."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import Obj, StripeError

_KEY = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> Obj:
    """Nested parameters, every leaf a string. A list is a dict with the keys 0, 1, 2 …, as only its name tells them
    apart from metadata with such keys. Raises StripeError when two keys contradict each other.
    """
    root: Obj = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        head, _, rest = key.partition("[")
        path = [head, *_KEY.findall("[" + rest)] if rest else [head]
        _put(root, path, value, key)
    return root


def _put(node: Obj, path: list[str], value: str, key: str) -> None:
    for part in path[:-1]:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise StripeError(f"Invalid parameter: {key}", param=key, executed=False)
    last = path[-1]
    # `a[]=x&a[]=y` counts on by itself.
    node[str(len(node)) if last == "" else last] = value


def listed(value: Any) -> list[Any] | None:
    """The list that a decoded value stands for; None when it stands for none."""
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return None


def shown(value: Any) -> Any:
    """Decoded parameters for people: with lists."""
    if not isinstance(value, dict):
        return value
    items = listed(value) if value else None
    if items is not None:
        return [shown(item) for item in items]
    return {key: shown(item) for key, item in value.items()}
