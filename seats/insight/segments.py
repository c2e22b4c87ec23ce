"""How the account team tells accounts apart."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Each with its name, and an expression over purchased, industry, use_case, first_at and region.
SEGMENTS: dict[str, tuple[str | Promise, str]] = {
    "all": (_("All accounts"), "''"),
    "size": (
        _("Size"),
        "CASE WHEN purchased <= 10 THEN '1–10' WHEN purchased <= 50 THEN '11–50' WHEN purchased <= 250 THEN '51–250' "
        "ELSE '251+' END",
    ),
    "industry": (_("Industry"), "industry"),
    "use_case": (_("Use case"), "use_case"),
    "cohort": (_("First purchase"), "to_char(first_at, 'YYYY \"Q\"Q')"),
    "region": (_("Region"), "region"),
}
# An account's region is where most of its people are.
REGION = """COALESCE((SELECT r.name FROM accounts_membership m JOIN accounts_region r ON r.id = m.region_id
    WHERE m.account_id = a.id AND m.left_at IS NULL GROUP BY r.name ORDER BY count(*) DESC, r.name LIMIT 1), '')"""
