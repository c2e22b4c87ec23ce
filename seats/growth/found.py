"""What a detector gives back."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Found:
    """Something that holds now in an account; see Signal for the meaning of each field."""

    account_id: int
    kind: str
    subject: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    seats: int | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        """What may be open once."""
        return self.account_id, self.kind, self.subject
