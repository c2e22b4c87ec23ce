"""Stripe's form encoding: `items[0][price]=x`, `expand[]=a`, to nested dicts and lists of strings."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from .errors import Obj, StripeError

_KEY = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> Obj:
    """Nested parameters; every leaf is a string. Raises StripeError when two keys contradict each other."""
    root: Obj = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        head, _, rest = key.partition("[")
        path = [head, *_KEY.findall("[" + rest)] if rest else [head]
        _put(root, path, value, key)
    return {key: _lists(value) for key, value in root.items()}


def _put(node: Obj, path: list[str], value: str, key: str) -> None:
    for part in path[:-1]:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise StripeError(f"Invalid parameter: {key}", param=key, executed=False)
    last = path[-1]
    # `a[]=x&a[]=y` counts on by itself.
    node[str(len(node)) if last == "" else last] = value


def _lists(node: object) -> object:
    """A dict whose keys are 0, 1, 2 … is a list."""
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _lists(value) for key, value in node.items()}
