"""Signals, tasks and metrics under /api/internal/v1/."""

from django.urls import path

from seats.api.internal.metrics import Metrics
from seats.api.internal.signals import TeamSignals
from seats.api.internal.tasks import OneTask, TaskClosing, Tasks, TaskSnooze, TaskTaking

app_name = "internal"
urlpatterns = [
    path("signals", TeamSignals.as_view(), name="signals"),
    path("tasks", Tasks.as_view(), name="tasks"),
    path("tasks/<str:task_id>", OneTask.as_view(), name="task"),
    path("tasks/<str:task_id>/take", TaskTaking.as_view(), name="take-task"),
    path("tasks/<str:task_id>/snooze", TaskSnooze.as_view(), name="snooze-task"),
    path("tasks/<str:task_id>/close", TaskClosing.as_view(), name="close-task"),
    path("metrics", Metrics.as_view(), name="metrics"),
]
