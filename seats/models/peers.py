"""How the seats of comparable accounts are used, all together."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PeerBand(models.Model):
    """One industry and size class. p25, p50, p75: active ÷ purchased in whole percent. Made again every night."""

    industry = models.CharField(_("industry"), max_length=60)
    size = models.CharField(_("size"), max_length=8)
    accounts = models.PositiveIntegerField(_("accounts"))
    p25 = models.PositiveSmallIntegerField()
    p50 = models.PositiveSmallIntegerField()
    p75 = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("band of peers")
        verbose_name_plural = _("bands of peers")
        constraints = [models.UniqueConstraint(fields=["industry", "size"], name="peer_band_once")]

    def __str__(self) -> str:
        return f"{self.industry} {self.size}: {self.p25}–{self.p75} %"
