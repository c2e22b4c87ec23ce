"""A small OpenID provider on loopback that signs with a real key, and lies only where a test tells it to."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm


@cache
def key_pair(name: str) -> RSAPrivateKey:
    """Made once per test process."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Grant:
    """A code on its way: who, for whom, and the challenge that its taker has to meet."""

    claims: dict[str, Any]
    client_id: str
    redirect_uri: str
    challenge: str


@dataclass
class Lies:
    """What the provider says differently; empty: nothing."""

    claims: dict[str, Any] = field(default_factory=dict)
    issuer: str = ""
    userinfo: dict[str, Any] | None = None
    signed_with: str = "idp"
    algorithm: str = "RS256"
    drop: tuple[str, ...] = ()


class Provider(ThreadingHTTPServer):
    """person: whoever sits before the browser. asked: paths that were called."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.client_id, self.secret = "portal", "a client's secret"
        self.person: dict[str, Any] = {}
        self.lies = Lies()
        self.codes: dict[str, Grant] = {}
        self.asked: list[str] = []

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def sign_in_as(self, email: str, **more: Any) -> None:
        """The next who comes is this person."""
        uid = hashlib.sha256(email.encode()).hexdigest()[:16]
        self.person = {"sub": uid, "email": email, "email_verified": True, "name": "Lena Lang"} | more

    def document(self) -> dict[str, Any]:
        here = self.issuer
        return {
            "issuer": self.lies.issuer or here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/jwks",
            "userinfo_endpoint": f"{here}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, address: str) -> str:
        """What the browser does at the provider: back to the redirect URI with a code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = token_urlsafe(12)
        self.codes[code] = Grant(
            self.person | {"nonce": asked["nonce"]},
            asked["client_id"],
            asked["redirect_uri"],
            asked.get("code_challenge", ""),
        )
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A code is worth one token, to the client who asked for it."""
        grant = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        met = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if grant is None or (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.secret):
            return 400, {"error": "invalid_grant"}
        if grant.redirect_uri != form.get("redirect_uri") or grant.challenge != met:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": grant.client_id, "iat": now, "exp": now + 300, **grant.claims}
        claims = {name: value for name, value in (claims | self.lies.claims).items() if name not in self.lies.drop}
        return 200, {"access_token": token_urlsafe(8), "token_type": "Bearer", "id_token": self.sign(claims)}

    def sign(self, claims: dict[str, Any]) -> str:
        if self.lies.algorithm == "none":
            return jwt.encode(claims, "", algorithm="none")
        if self.lies.algorithm == "HS256":
            return jwt.encode(claims, self.secret, algorithm="HS256", headers={"kid": "k1"})
        return jwt.encode(claims, key_pair(self.lies.signed_with), algorithm="RS256", headers={"kid": "k1"})

    def jwks(self) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(key_pair("idp").public_key()))
        return {"keys": [public | {"kid": "k1", "use": "sig", "alg": "RS256"}]}


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(path)
        if path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.server.authorize(self.path))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        found: dict[str, Any] | None = {
            "/.well-known/openid-configuration": self.server.document,
            "/jwks": self.server.jwks,
            "/userinfo": lambda: self.server.lies.userinfo or self.server.person,
        }.get(path, lambda: None)()
        self._say(200 if found else 404, found or {})

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(*self.server.token({name: values[0] for name, values in parse_qs(body).items()}))

    def _say(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def providing() -> Iterator[Provider]:
    """A running one."""
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
