"""Errors that people and integrators may see: each has a stable code and an HTTP status."""

from typing import Any, ClassVar

from django.utils.functional import Promise


class PortalError(Exception):
    """Something a caller did or met that has a name.

    code: stable, for machines (problem+json `code`). status: HTTP. message: one translatable sentence that says
    what happened and what to do. data: extra fields for the answer.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str | Promise] = ""

    def __init__(self, message: str | Promise | None = None, *, field: str | None = None, **data: Any) -> None:
        self.text: str | Promise = message if message is not None else self.message
        self.field = field
        self.data = data
        super().__init__(self.text)

    def __str__(self) -> str:
        return str(self.text)
