"""Secrets that have to be read again, such as a customer's client secret elsewhere: encrypted with the server's key.

What only has to be recognised is hashed instead (`tokens`). Former keys of the server still open what they sealed.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seatportal.kit.tokens import server_keys


class SealBroken(Exception):
    """Not sealed by this key for this purpose."""


def seal(text: str, *, purpose: str) -> str:
    """Encrypt and sign. purpose: keeps uses apart, such as the row that it belongs to."""
    return _fernet(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """What was sealed. Raises SealBroken."""
    try:
        return _fernet(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken from error


def _fernet(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(_key(purpose, key)) for key in server_keys()])


def _key(purpose: str, key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"seal:{purpose}".encode())
    return base64.urlsafe_b64encode(derived.derive(key.encode()))
