"""One look at all accounts, in shards, so that workers share it and a killed one loses nothing."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Sweep(models.Model):
    """One round of one kind. `slot` is the hour or the day it is for: two beats start the same one."""

    class Kind(models.TextChoices):
        """What it looks for: the counters every hour, everything every night."""

        HOURLY = "hourly", _("Hourly")
        NIGHTLY = "nightly", _("Nightly")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    slot = models.DateTimeField(_("for"))
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("sweep")
        verbose_name_plural = _("sweeps")
        ordering = ["-started_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["kind", "slot"], name="sweep_once_per_slot")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.slot:%Y-%m-%d %H:%M}"


class SweepShard(models.Model):
    """The accounts `first` to `last` (primary keys). Whoever works on it holds its lock; done with its results."""

    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="shards")
    first = models.BigIntegerField(_("from account"))
    last = models.BigIntegerField(_("to account"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    opened = models.PositiveIntegerField(_("signals opened"), default=0)
    ended = models.PositiveIntegerField(_("signals ended"), default=0)
    tries = models.PositiveSmallIntegerField(_("failed tries"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("part of a sweep")
        verbose_name_plural = _("parts of sweeps")
        ordering = ["sweep", "first"]
        constraints = [models.UniqueConstraint(fields=["sweep", "first"], name="shard_once")]
        indexes = [models.Index(fields=["sweep"], condition=Q(done_at__isnull=True), name="shard_open")]

    def __str__(self) -> str:
        return f"{self.sweep}: {self.first}–{self.last}"
