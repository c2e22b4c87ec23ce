"""Subscription schedules."""

from collections.abc import Mapping
from typing import Any, cast

from billing.gateway.client import Client


class Schedules(Client):
    """Subscription schedules."""

    def create_schedule(self, subscription_id: str, *, key: str) -> dict[str, Any]:
        """A schedule that follows an existing subscription; other parameters are not allowed with it."""
        return self._write(
            key, lambda o: self._writer.v1.subscription_schedules.create({"from_subscription": subscription_id}, o)
        )

    def schedule(self, schedule_id: str) -> dict[str, Any]:
        """Read one schedule."""
        return self._read(lambda: self._reader.v1.subscription_schedules.retrieve(schedule_id))

    def update_schedule(self, schedule_id: str, params: Mapping[str, Any], *, key: str) -> None:
        """Send a schedule's phases."""
        self._write(
            key, lambda o: self._writer.v1.subscription_schedules.update(schedule_id, cast(Any, dict(params)), o)
        )

    def release_schedule(self, schedule_id: str, *, key: str) -> None:
        """Let the subscription go on by itself."""
        self._write(key, lambda o: self._writer.v1.subscription_schedules.release(schedule_id, {}, o))
