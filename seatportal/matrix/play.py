"""Play one scenario in this process's lane and say what was wrong with its end."""

import time
import traceback
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from billing.changes.buy_quote import buy_quote
from billing.changes.finish_open_changes import finish_open_changes
from billing.reconcile.reconcile import reconcile_account
from seatportal.matrix import cuts
from seatportal.matrix.faults import BY_NAME as FAULTS
from seatportal.matrix.mutants import BY_NAME as MUTANTS
from seatportal.matrix.processes import Notes
from seatportal.matrix.scenarios import Card, Order, Scenario, scenario
from seatportal.matrix.shop import Shop
from seatportal.matrix.stage import Stage, money_under_way
from seatportal.matrix.truth import find_untrue
from seatportal.matrix.web import Door
from seats.invariants.check_invariants import check_invariants


@dataclass(frozen=True)
class Result:
    """What came of one scenario. violations: of an invariant or of the expected end. unmet: the fault did not happen,
    or the scenario itself broke, so it proves nothing; that counts as a violation too, but never as a mutant's end."""

    scenario: str
    mutant: str
    violations: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """For the journal."""
        return asdict(self)


@dataclass
class Lane:
    """One simulator, one database, one web port: a scenario at a time."""

    shop: Shop
    notes: Notes
    door: Door

    def play(self, text: str, mutant: str = "") -> Result:
        """Play from an empty world to its end. Never raises."""
        began = time.monotonic()
        wanted = scenario(text)
        stage = self._stage(wanted, mutant)
        unmet: list[str] = []
        violations: list[str] = []
        try:
            empty_database()
            FAULTS[wanted.fault].story(stage)
            violations += self._broken(stage)
        except Exception:
            unmet.append(traceback.format_exc()[-3000:])
        finally:
            self.door.close()
        return Result(text, mutant, violations + stage.wrong, unmet + stage.unmet, round(time.monotonic() - began, 3))

    def warm_up(self) -> None:
        """Buy once in this very process: whatever is loaded at first use is loaded before the first fork."""
        stage = self._stage(Scenario("F1", Card.CONFIRMED, Order.LATE), "")
        empty_database()
        stage.prepare()
        reconcile_account(account=stage.account, at=stage.at)
        buy_quote(account=stage.account, quote_id=stage.quote().public_id, actor=stage.actor, at=stage.at)
        stage.shop.answer_bank(stage.change().invoice_stripe_id)
        finish_open_changes(at=stage.at + timedelta(minutes=5))
        self._broken(stage)

    def _stage(self, wanted: Scenario, mutant: str) -> Stage:
        self.notes.clear()
        always = [cuts.witness(self.notes)]
        if mutant:
            always.append(MUTANTS[mutant].cut)
        return Stage(wanted, self.shop, self.notes, self.door, always)

    def _broken(self, stage: Stage) -> list[str]:
        broken = [str(one) for one in check_invariants(at=stage.at)]
        broken += [str(one) for one in find_untrue(stripe=self.shop)]
        broken += self.notes.of("broken") + self._unkeyed()
        broken += [f"3: {row!r} is still {row.state}" for row in money_under_way()]
        if not broken and not stage.reconciled and (differs := stage.reconcile()) != (0, 0):
            broken.append(f"the reconciliation finds {differs[0]} differences and fails at {differs[1]}")
        return broken

    def _unkeyed(self) -> list[str]:
        """Invariant 16: the shop's own writes carry no key at all, so one without a topic is ours and nobody's row."""
        return [
            f"16: {row['path']} was sent with the key {row['idempotency_key']}"
            for row in self.shop.requests()
            if row["idempotency_key"] and ":" not in row["idempotency_key"] and "create_preview" not in row["path"]
        ]


def empty_database() -> None:
    """Forget every row of ours; deleting beats truncating for a handful of rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('DELETE FROM %%I', tablename), ';') FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename ~ %s",
            ["^(accounts|billing|seats|account|mfa|usersessions)_"],
        )
        statements = cursor.fetchone()
        cursor.execute(
            f"SET session_replication_role = replica; {statements[0]}; SET session_replication_role = origin"
        )
