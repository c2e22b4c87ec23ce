"""What an OpenID provider says about itself (OpenID Connect Discovery 1.0)."""

import json
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.errors import ConnectionRefused
from seatportal.kit.outgoing import NoAnswer, NotAllowed, fetch

WELL_KNOWN = "/.well-known/openid-configuration"
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Found(NamedTuple):
    """issuer: as the provider writes it. document: the whole of what it says."""

    issuer: str
    document: dict[str, Any]


def discover(issuer: str) -> Found:
    """Ask a provider. Call it outside of transactions. Raises ConnectionRefused, at the field `issuer`.

    The document has to name the issuer that was asked for, so that no other provider can speak for it.
    """
    wanted = issuer.strip().removesuffix(WELL_KNOWN).rstrip("/")
    try:
        got = fetch(wanted + WELL_KNOWN, headers={"Accept": "application/json"})
    except NotAllowed as error:
        raise ConnectionRefused(_("Write the issuer as a public https address."), field="issuer") from error
    except NoAnswer as error:
        raise ConnectionRefused(_("The provider did not answer: %(why)s") % {"why": error}, field="issuer") from error
    try:
        document = json.loads(got.body) if got.status == 200 else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ConnectionRefused(
            _("There is no OpenID configuration at %(address)s.") % {"address": wanted + WELL_KNOWN}, field="issuer"
        )
    named = document.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != wanted:
        raise ConnectionRefused(
            _("The provider calls itself %(issuer)s. Write that, or the issuer of your own tenant.")
            % {"issuer": str(named)[:200]},
            field="issuer",
        )
    if not all(isinstance(document.get(name), str) for name in NEEDED):
        raise ConnectionRefused(_("The provider's OpenID configuration is incomplete."), field="issuer")
    return Found(named, document)
