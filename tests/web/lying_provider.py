"""What a certified provider refuses to produce: forged and misdirected tokens, and nonsense about itself, on loopback.

It asks nobody anything and checks nothing. That the desk can log in at an honest provider, and holds to the protocol, is tested
with the one of tests/web/certified_provider.py.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from flask import Flask, Response, jsonify, make_response, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as Redirect

CLIENT_ID, CLIENT_SECRET = "wijkbalie", "geheim van de balie, minstens 32 tekens lang"
KEY = RSAKey.generate_key(2048, {"kid": "eerste", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "eerste", "use": "sig"})
Signer = Callable[[dict[str, Any]], str]


def sign(claims: dict[str, Any], key: RSAKey = KEY) -> str:
    return jwt.encode({"alg": "RS256", "kid": "eerste"}, claims, key)


@dataclass(kw_only=True)
class LyingProvider:
    """`claims` are laid over those of the id token (None leaves one out) and `sign` signs it; `metadata`, `other_keys` and
    `userinfo` (with `userinfo_status`) are what it says besides."""

    now: Callable[[], datetime]
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    other_keys: list[dict[str, Any]] = field(default_factory=list)
    userinfo: dict[str, Any] = field(default_factory=dict)
    userinfo_status: int = 200
    sign: Signer = sign
    issuer: str = ""
    _nonces: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        app = Flask("provider")
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._give_routes(app)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    async def visit(self, address: str) -> httpx.URL:
        """What the browser does there: be sent back. The address it is sent to."""
        async with httpx.AsyncClient(trust_env=False) as browser:
            response = await browser.get(address)
        return httpx.URL(response.headers["location"])

    def _id_token(self, code: str) -> str:
        seconds = int(self.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "7f3a",
            "iat": seconds,
            "exp": seconds + 300,
            "nonce": self._nonces[code],
            "preferred_username": "bram",
            "name": "Bram de Wit",
            "roles": ["balie"],
        }
        return self.sign({name: value for name, value in (claims | self.claims).items() if value is not None})

    def _give_routes(self, app: Flask) -> None:
        @app.get("/.well-known/openid-configuration")
        def discover() -> Response:
            known = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
            return jsonify(known | self.metadata)

        @app.get("/authorize")
        def authorize() -> Redirect:
            code = secrets.token_urlsafe(8)
            self._nonces[code] = request.args["nonce"]
            return redirect(f"{request.args['redirect_uri']}?{urlencode({'code': code, 'state': request.args['state']})}")

        @app.post("/token")
        def token() -> Response:
            return jsonify({"access_token": "a", "token_type": "Bearer", "id_token": self._id_token(request.form["code"])})

        @app.get("/userinfo")
        def userinfo() -> Response:
            return make_response(jsonify(self.userinfo), self.userinfo_status)

        @app.get("/keys")
        def keys() -> Response:
            return jsonify({"keys": [*self.other_keys, KEY.as_dict(private=False)]})
