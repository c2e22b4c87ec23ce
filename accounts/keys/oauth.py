"""OAuth clients: allauth keeps the client's secret and its tokens, the key keeps all else (ADR 48)."""

from collections.abc import Collection
from datetime import datetime

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client, Token

from accounts.keys.shown import TOKEN_PURPOSE
from seatportal.kit.tokens import token_hash


class OAuthAdapter(DefaultOIDCAdapter):  # type: ignore[misc]  # allauth has no types
    """Tokens are hashed as keys are: with a secret of ours, so that a stolen table opens nothing."""

    def hash_token(self, token: str) -> str:
        """What the table keeps."""
        return token_hash(token, purpose=TOKEN_PURPOSE)


def register_client(*, client_id: str, name: str, secret: str, scopes: Collection[str]) -> Client:
    """A client that may do nothing but exchange its secret for tokens."""
    client = Client(
        id=client_id,
        name=name.strip(),
        type=Client.Type.CONFIDENTIAL,
        grant_types=Client.GrantType.CLIENT_CREDENTIALS,
        response_types="",
    )
    client.set_secret(secret)
    client.set_scopes(sorted(scopes))
    client.set_default_scopes(sorted(scopes))
    client.save(force_insert=True)
    return client


def forget_ended_tokens(*, at: datetime) -> int:
    """Delete tokens past their end; returns how many."""
    return int(Token.objects.filter(expires_at__lt=at).delete()[0])
