"""Is an ID token the provider's, for us, and of now? (OpenID Connect Core 1.0, 3.1.3.7.)"""

from hmac import compare_digest
from typing import Any

import jwt

# Signed by a key pair; a shared secret or no signature at all is never accepted.
ALGORITHMS = {
    "RS256": "RSA",
    "RS384": "RSA",
    "RS512": "RSA",
    "PS256": "RSA",
    "PS384": "RSA",
    "PS512": "RSA",
    "ES256": "EC",
    "ES384": "EC",
    "ES512": "EC",
    "EdDSA": "OKP",
}
LEEWAY_SECONDS = 60


class BadToken(Exception):
    """Not a token to believe; the text says why, for logs."""


def claims_of(token: str, *, jwks: dict[str, Any], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of a token whose signature, issuer, audience and time are right, made for this very sign-in.

    nonce: what that sign-in sent along. Raises BadToken.
    """
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg", ""))
        key = _key(jwks, str(header.get("kid", "")), algorithm)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "exp", "iat", "sub"]},
        )
    except (jwt.PyJWTError, TypeError, ValueError, KeyError) as error:
        raise BadToken(f"{type(error).__name__}: {error}") from error
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if claims.get("azp", client_id if not several else None) != client_id:
        raise BadToken("It was made for another client (azp).")
    if not nonce or not compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        raise BadToken("It was made for another sign-in (nonce).")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 190:
        raise BadToken("Its subject is no text of 1 to 190 characters.")
    return claims


def _key(jwks: dict[str, Any], kid: str, algorithm: str) -> Any:
    """The provider's key of that id and the algorithm's family; the only one where the token names none."""
    family = ALGORITHMS.get(algorithm)
    if family is None:
        raise BadToken(f"It is signed with {algorithm or 'nothing'}.")
    keys = jwks["keys"] if isinstance(jwks["keys"], list) else []
    listed = [
        one for one in keys if isinstance(one, dict) and one.get("kty") == family and one.get("use", "sig") == "sig"
    ]
    fitting = [one for one in listed if one.get("kid") == kid] if kid else listed
    if len(fitting) != 1:
        raise BadToken("The provider has no such key.")
    return jwt.PyJWK(fitting[0], algorithm=algorithm).key
