"""What runs when. Times are UTC; every job may run twice or late without harm."""

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "finish-open-changes": {"task": "billing.finish_open_changes", "schedule": 15.0},
    "handle-waiting-events": {"task": "billing.handle_waiting_events", "schedule": 15.0},
    "give-back-what-is-due": {"task": "billing.give_back_what_is_due", "schedule": 30.0},
    "carry-due-endings": {"task": "billing.carry_due_endings", "schedule": 30.0},
    "carry-due-resumptions": {"task": "billing.carry_due_resumptions", "schedule": 30.0},
    "walk-trials": {"task": "billing.walk_trials", "schedule": 1800.0},
    "warn-of-reductions": {"task": "seats.warn_of_reductions", "schedule": 3600.0},
    "walk-dunning": {"task": "billing.walk_dunning", "schedule": 1800.0},
    "place-due-decreases": {"task": "billing.place_due_decreases", "schedule": 300.0},
    "finish-idle-credits": {"task": "billing.finish_idle_credits", "schedule": 300.0},
    "fetch-missed-events": {"task": "billing.fetch_missed_events", "schedule": 3600.0},
    "reconcile": {"task": "billing.reconcile", "schedule": crontab(hour="2", minute="40")},
    "continue-reconciliation": {"task": "billing.continue_reconciliation", "schedule": 300.0},
    "finish-credit-notes": {"task": "billing.finish_credit_notes", "schedule": 60.0},
    "prune-events": {"task": "billing.prune_events", "schedule": 86_400.0},
    "forget-old-answers": {"task": "accounts.forget_old_answers", "schedule": 86_400.0},
    "expire-invitations": {"task": "accounts.expire_invitations", "schedule": 600.0},
    "send-waiting-invitations": {"task": "accounts.send_waiting_invitations", "schedule": 60.0},
    "send-waiting-notices": {"task": "accounts.send_waiting_notices", "schedule": 60.0},
    "record-marks": {"task": "seats.record_marks", "schedule": 3600.0},
    "count-idle-credits": {"task": "seats.count_idle_credits", "schedule": 900.0},
    "run-true-ups": {"task": "seats.run_true_ups", "schedule": 900.0},
    "make-use-reports": {"task": "seats.make_use_reports", "schedule": 60.0},
    "forget-job-runs": {"task": "seats.forget_job_runs", "schedule": 86_400.0},
    "prune-usage-events": {"task": "seats.prune_usage_events", "schedule": crontab(hour="3", minute="20")},
    "continue-imports": {"task": "seats.continue_imports", "schedule": 60.0},
    "find-sharing": {"task": "seats.find_sharing", "schedule": crontab(hour="4", minute="10")},
    "show-sharing": {"task": "seats.show_sharing", "schedule": 3600.0},
    "admit-waiting": {"task": "seats.admit_waiting", "schedule": 60.0},
    "check-invariants": {"task": "seats.check_invariants", "schedule": 3600.0},
    "enforce-grace": {"task": "seats.enforce_grace", "schedule": 3600.0},
    "sweep-hourly": {"task": "seats.sweep_hourly", "schedule": crontab(minute="5")},
    "sweep-nightly": {"task": "seats.sweep_nightly", "schedule": crontab(hour="3", minute="20")},
    "work-sweeps": {"task": "seats.work_sweeps", "schedule": 60.0},
    "send-waiting-alerts": {"task": "seats.send_waiting_alerts", "schedule": 60.0},
    "send-digests": {"task": "seats.send_digests", "schedule": 900.0},
}
