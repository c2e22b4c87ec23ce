"""When the certificates of a SAML provider end. Pure."""

import base64
from collections.abc import Iterable
from datetime import datetime

from cryptography import x509


def end_of(certificate: str) -> datetime | None:
    """UTC; None for what is no certificate. certificate: the body of a PEM."""
    try:
        return x509.load_der_x509_certificate(base64.b64decode(certificate)).not_valid_after_utc
    except ValueError:  # binascii's error is one
        return None


def last_end(certificates: Iterable[str]) -> datetime | None:
    """When none is good any more; None where that cannot be known."""
    ends = [end_of(one) for one in certificates]
    return max((one for one in ends if one is not None), default=None) if all(ends) else None
