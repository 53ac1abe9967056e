"""An OpenID Connect provider on loopback, made of authlib's own server: real discovery, PKCE, codes used once, signed tokens.

A test may tell it to lie (`claims`, `sign`) or to be down.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "wijkbalie", "geheim van de balie, minstens 32 tekens lang"
KEY = RSAKey.generate_key(2048, {"kid": "eerste", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "eerste", "use": "sig"})
Signer = Callable[[dict[str, Any]], str]


def sign(claims: dict[str, Any], key: RSAKey = KEY) -> str:
    return jwt.encode({"alg": "RS256", "kid": "eerste"}, claims, key)


@dataclass(kw_only=True)
class _Client(ClientMixin):
    return_address: str

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.return_address

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.return_address

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass(kw_only=True)
class _Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> None:
        return None

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass(kw_only=True)
class TestProvider:
    """`user` is who sits at the browser; `claims` change the id token on its way, `sign` signs it."""

    __test__ = False

    now: Callable[[], datetime]
    return_address: str
    user: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    sign: Signer = sign
    issuer: str = ""
    codes: dict[str, _Code] = field(default_factory=dict)

    def start(self) -> None:
        app = Flask("provider")
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._give_routes(app, self._authorization(app))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        """Idempotent: a test may have taken it down already."""
        with suppress(AttributeError):
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            del self._server

    async def visit(self, address: str) -> httpx.URL:
        """What the browser does there: log in, and be sent back. The address it is sent to."""
        async with httpx.AsyncClient(trust_env=False) as browser:
            response = await browser.get(address)
        assert response.status_code == 302, response.text
        return httpx.URL(response.headers["location"])

    def _authorization(self, app: Flask) -> AuthorizationServer:
        provider = self
        client = _Client(return_address=self.return_address)

        class CodeGrant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

            def save_authorization_code(self, code: str, request: Any) -> None:
                names = ("redirect_uri", "scope", "nonce", "code_challenge", "code_challenge_method")
                provider.codes[code] = _Code(code=code, **{name: request.payload.data[name] for name in names})

            def query_authorization_code(self, code: str, client: Any) -> _Code | None:
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code: _Code) -> None:
                del provider.codes[authorization_code.code]

            def authenticate_user(self, authorization_code: _Code) -> Mapping[str, Any]:
                return provider.user

        class IdToken(OpenIDCode):
            def exists_nonce(self, nonce: str, request: Any) -> bool:
                return any(code.nonce == nonce for code in provider.codes.values())

            def encode_id_token(self, token: Mapping[str, Any], request: Any) -> str:
                seconds = int(provider.now().timestamp())
                claims = {"iss": provider.issuer, "aud": CLIENT_ID, "iat": seconds, "exp": seconds + 300}
                claims |= {"nonce": request.authorization_code.nonce} | request.user | provider.claims
                return provider.sign({name: value for name, value in claims.items() if value is not None})

        server = AuthorizationServer(app, query_client=lambda client_id: client, save_token=lambda token, request: None)
        server.register_grant(CodeGrant, [CodeChallenge(required=True), IdToken(require_nonce=True)])
        return server

    def _give_routes(self, app: Flask, server: AuthorizationServer) -> None:
        @app.get("/.well-known/openid-configuration")
        def discover() -> Response:
            known = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "end_session_endpoint": f"{self.issuer}/logout",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
            return jsonify(known | self.metadata)

        @app.get("/authorize")
        def authorize() -> Response:
            assert request.args["code_challenge_method"] == "S256"
            grant = server.get_consent_grant(end_user=self.user)
            return server.create_authorization_response(grant_user=self.user, grant=grant)

        @app.post("/token")
        def token() -> Response:
            return server.create_token_response()

        @app.get("/keys")
        def keys() -> Response:
            return jsonify({"keys": [KEY.as_dict(private=False)]})
