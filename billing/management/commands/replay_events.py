"""`manage.py replay_events`: handle events of Stripe again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.inbox.handle_event import replay_event
from billing.models import StripeEvent
from seatportal.kit.clock import now


class Command(BaseCommand):
    help = "Handle events again: those that were given up on, or named ones. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--dead", action="store_true", help="Every event that was given up on, the oldest first.")
        which.add_argument("--id", nargs="+", metavar="EVENT", help="These events.")

    def handle(self, *, dead: bool, id: list[str] | None, **options: Any) -> None:
        events = StripeEvent.objects.exclude(state=StripeEvent.State.REFUSED)
        events = events.filter(state=StripeEvent.State.DEAD) if dead else events.filter(pk__in=id or ())
        ids = list(events.order_by("received_at").values_list("pk", flat=True))
        if unknown := sorted(set(id or ()) - set(ids)):
            raise CommandError(f"Not in the inbox, or of the other mode: {', '.join(unknown)}.")
        done = sum(replay_event(event_id=event_id, at=now()) for event_id in ids)
        self.stdout.write(f"{done} of {len(ids)} events are handled.")
        if done < len(ids):
            raise CommandError("The others wait for their next try; their last error stands in the inbox.")
