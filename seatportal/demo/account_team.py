"""What the vendor's account team sees: who looks after whom, whom they know there, and what a first sweep finds."""

from collections.abc import Sequence
from datetime import datetime

from accounts.access.actor import Actor
from accounts.models import User
from billing.models import Vendor
from billing.terms.save_vendor import save_vendor
from seatportal.demo.firm import Firm
from seats.growth.contacts import assign_manager, name_contact
from seats.growth.mark_accounts import mark_accounts
from seats.growth.reviews import prepare_review
from seats.growth.sweep import spans, sweep_span
from seats.insight.record_department_marks import record_department_marks
from seats.insight.record_recurring import record_recurring
from seats.value.peers import make_peer_bands

# Firm, person and part: some maps are full, most have gaps.
KNOWN = (
    ("brightwater-studio", "maya", "approver"),
    ("brightwater-studio", "tomás", "champion"),
    ("brightwater-studio", "hanna", "champion"),
    ("quillmark-press", "rosalind", "sponsor"),
    ("quillmark-press", "theo", "champion"),
    ("harbourline-logistics", "callum", "approver"),
    ("harbourline-logistics", "amara", "champion"),
)


VENDOR = {
    "name": "Seat Portal Ltd.",
    "address": "12 Quay Street\nGalway H91 X2Y3\nIreland",
    "tax_id": "IE3668997OH",
    "register": "Companies Registration Office, 668997",
    "email": "orders@seatportal.example",
    "bank": "Bank of the Corrib",
    "iban": "IE29 AIBK 9311 5212 3456 78",
    "bic": "AIBKIE2D",
    "terms_url": "https://seatportal.example/terms",
    "privacy_url": "https://seatportal.example/privacy",
}


def account_team(firms: Sequence[Firm], at: datetime) -> None:
    """The one member of staff leads every account; then all of them are looked at."""
    staff = User.objects.get(is_staff=True)
    actor = Actor(user=staff, door="demo")
    for firm in firms:
        assign_manager(account=firm.account, user=staff, leads=True, actor=actor)
    save_vendor(vendor=Vendor(**VENDOR), changed=list(VENDOR), actor=actor)
    by_slug = {firm.account.slug: firm for firm in firms}
    for slug, key, role in KNOWN:
        firm = by_slug[slug]
        name_contact(account=firm.account, membership=firm.people[key], role=role, actor=actor, last_contact_on=None)
    make_peer_bands(at=at)
    for span in spans():
        sweep_span(span=span, at=at, nightly=True)
    record_department_marks(at=at)
    record_recurring(at=at)
    mark_accounts(at=at)
    prepare_review(account=by_slug["brightwater-studio"].account, actor=actor, at=at, reason="demo")
