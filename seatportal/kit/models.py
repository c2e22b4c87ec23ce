"""Abstract bases shared by the three apps."""

from django.db import models


class Dated(models.Model):
    """Rows that know when they were made (UTC)."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        abstract = True
