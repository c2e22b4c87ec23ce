"""The report at the end of a plan: written once, by whomever of two comes first, and told to those who want it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Notice, Role
from accounts.notices.deliver_notice import deliver_notice
from seats.models import MailChoice, ValuePlan, ValueReport
from seats.tasks import measure_goals, write_value_reports
from seats.usage.settings import set_usage_settings
from seats.value.goals import record_value
from seats.value.mails import choices_of, choose_mails, read_token, stop_token
from seats.value.plans import start_plan
from seats.value.report import GoalResult, end_plan, result_of, write_due_reports
from tests.conftest import join
from tests.factories.seats import give_pool, seat, use
from tests.seats.value.conftest import GoalMaker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pool(account: Account, now: datetime) -> None:
    with transaction.atomic():
        give_pool(account, 10, now - timedelta(days=100))


def test_the_report_says_what_the_plan_came_to(
    account: Account, owner: Membership, actor: Actor, now: datetime, plan: ValuePlan, goal_with: GoalMaker
) -> None:
    with transaction.atomic():
        seat(owner, now - timedelta(days=2))
    use(owner, now, days=1)
    goal, other = goal_with(), goal_with(name="Hours per report", unit="hours", baseline=Decimal(8), target=Decimal(5))
    record_value(account=account, goal=goal, day=now.date(), value=Decimal(13), actor=actor, at=now)

    report = end_plan(account=account, actor=actor, at=now)

    result = result_of(report)
    assert (result.starts_on, result.ended_on, result.day, result.met) == (plan.starts_on, now.date(), 10, 1)
    assert result.goals == [
        GoalResult(
            name="Projects",
            unit="projects",
            department="",
            counted=False,
            baseline=Decimal(10),
            target=Decimal(13),
            value=Decimal(13),
            value_on=now.date(),
            people=None,
            met_on=now.date(),
            percent=100,
            change=30,
        ),
        GoalResult("Hours per report", "hours", "", False, other.baseline, other.target, *[None] * 6),
    ]
    assert result.before is not None
    assert (result.before.purchased, result.before.assigned, result.before.active) == (10, 0, 0)
    assert (result.after.purchased, result.after.assigned, result.after.active) == (10, 1, 1)
    plan.refresh_from_db()
    assert plan.ended_at == now
    assert AuditEntry.objects.get(action="value.report_written").target == report.public_id


def test_a_report_is_due_on_day_ninety_of_the_accounts_calendar(account: Account, actor: Actor, now: datetime) -> None:
    Account.objects.filter(pk=account.pk).update(time_zone="Pacific/Kiritimati")
    account.refresh_from_db()
    day_90 = datetime(2026, 6, 30, 10, 0, tzinfo=now.tzinfo)  # 00:00 of 1 July there
    start_plan(account=account, starts_on=date(2026, 4, 2), actor=actor, at=day_90 - timedelta(days=10))

    assert write_due_reports(at=day_90 - timedelta(seconds=1)) == 0
    assert write_due_reports(at=day_90) == 1
    assert write_due_reports(at=day_90) == 0
    assert result_of(ValueReport.objects.get()).day == 90
    assert AuditEntry.objects.get(action="value.report_written").door == "task"


def test_the_tasks_do_it(account: Account, plan: ValuePlan, goal_with: GoalMaker, owner: Membership) -> None:
    use(owner, plan.created_at, days=1, times=7)
    goal = goal_with(feature="Reports")
    goal.readings.all().delete()

    measure_goals()

    assert list(goal.readings.values_list("value", flat=True)) == [Decimal(7)]
    write_value_reports()
    assert not ValueReport.objects.exists()
    ValuePlan.objects.filter(pk=plan.pk).update(starts_on=plan.starts_on - timedelta(days=81))
    write_value_reports()
    assert result_of(ValueReport.objects.get()).goals[0].value == Decimal(7)


def test_what_few_people_did_is_withheld_also_in_an_old_report(
    account: Account, owner: Membership, actor: Actor, now: datetime, plan: ValuePlan, goal_with: GoalMaker
) -> None:
    use(owner, now, days=1, times=20)
    goal_with(feature="Reports")
    report = end_plan(account=account, actor=actor, at=now)
    assert result_of(report).met == 1

    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)

    private = result_of(ValueReport.objects.select_related("account").get())
    assert (private.met, private.goals[0].value, private.goals[0].percent) == (0, None, None)


def test_admins_get_it_unless_they_say_no_and_others_who_ask(
    account: Account, owner: Membership, actor: Actor, now: datetime, plan: ValuePlan
) -> None:
    admin = join(account, "Adam", Role.ADMIN, now)
    viewer = join(account, "Vera", Role.VIEWER, now)
    join(account, "Tom", Role.TEAM_MANAGER, now)
    plain = join(account, "Mia", Role.MEMBER, now)
    for member in (viewer, plain):
        choose_mails(membership=member, at=now, value_report=True)
    choose_mails(membership=admin, at=now, value_report=False)
    assert choices_of(owner) == {"weekly_digest": True, "value_report": True}

    end_plan(account=account, actor=actor, at=now)

    found = Notice.objects.filter(kind="value_report").order_by("user_id")
    assert [notice.user for notice in found] == [owner.user, viewer.user]


def test_the_mail_can_be_stopped_by_one_click_of_the_mail_program(
    account: Account, owner: Membership, actor: Actor, now: datetime, plan: ValuePlan, goal_with: GoalMaker
) -> None:
    goal_with()
    report = end_plan(account=account, actor=actor, at=now)
    assert deliver_notice(notice_id=Notice.objects.get(kind="value_report").pk, at=now)

    [sent] = mail.outbox
    assert sent.subject == "Acme: 0 of 1 goal reached"
    assert "Projects: not reached" in sent.body
    assert "/mails/" in sent.body
    assert Notice.objects.get(kind="value_report").context["link"] == f"/a/acme/usage/value/reports/{report.public_id}/"
    link = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in sent.body
    path = link.removeprefix("http://localhost:8000")

    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(path).status_code == 200
    assert not MailChoice.objects.exists()
    answer = stranger.post(path, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert choices_of(owner) == {"weekly_digest": True, "value_report": False}


def test_a_link_of_somebody_elses_making_or_of_somebody_gone_stops_nothing(
    owner: Membership, admin_member: Membership, client: Client, now: datetime
) -> None:
    token = stop_token(admin_member, "value_report")
    assert read_token(token) == (admin_member, "value_report")
    bad = [token[:-1] + ("A" if token[-1] != "A" else "B"), "x", stop_token(admin_member, "receipt")]
    Membership.objects.filter(pk=admin_member.pk).update(left_at=now)

    for text in (*bad, token):
        assert client.post(f"/mails/{text}/stop/").status_code == 404
    assert not MailChoice.objects.exists()


def test_mails_are_chosen_on_a_page(owner: Membership, member: Membership, client_of: object, now: datetime) -> None:
    client = Client()
    client.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/a/acme/me/").content.count(b"/a/acme/me/mails/") == 1
    assert client.post("/a/acme/me/mails/", {"value_report": "on"}).status_code == 302
    assert choices_of(owner) == {"weekly_digest": False, "value_report": True}
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    assert b"/me/mails/" not in client.get("/a/acme/me/").content
    assert client.post("/a/acme/me/mails/", {"weekly_digest": "on"}).status_code == 403
    assert not MailChoice.objects.filter(membership=member).exists()
