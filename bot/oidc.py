"""Logging in at the organisation's own provider (OpenID Connect): authorisation code with PKCE, and the id token verified.

Speaks the protocol and knows no account. authlib comes with all of cryptography: it is imported at the first login. What must be
remembered until the browser comes back is an `Attempt`.
OpenID Connect Core 1.0 and Discovery 1.0; RFC 7636 (PKCE); RFC 9207 (`iss` in the answer).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import structlog

from routing.errors import WijkbalieError
from routing.sentences import said

SCOPE = "openid profile"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# Signatures with a key of the provider alone: with HS256 whoever knows the client secret could sign, with "none" anybody.
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
_TIMEOUT_SECONDS = 5.0
_SKEW = timedelta(seconds=60)  # a clock may be a minute off
_REMEMBERED_FOR = timedelta(minutes=5)
_log = structlog.get_logger(__name__)


class ProviderDownError(WijkbalieError):
    """The provider does not answer, or not as the specification says. Nothing about the colleague is wrong."""


class LoginRefusedError(WijkbalieError):
    """What came back from the provider does not fit the attempt, or cannot be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How the desk is known at the provider. `return_address` is where browsers come back to."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    return_address: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Attempt:
    """What ties the answer to the browser that asked: all three are random and used once."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Attempt:
        return cls(state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metadata:
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    algorithms: frozenset[str]
    takes_secret_in_form: bool


class Provider:
    """One provider. `now` is the clock. Its metadata is asked again after some minutes, its keys at every login."""

    def __init__(self, registration: Registration, now: Callable[[], datetime]) -> None:
        self.registration = registration
        self._now = now
        self._metadata: _Metadata | None = None
        self._asked_at = now()

    @property
    def name(self) -> str:
        return self.registration.name

    async def begin(self, attempt: Attempt) -> str:
        """The address at the provider to send the browser to. Raises ProviderDownError."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        metadata = await self._discover()
        registration = self.registration
        address: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            registration.client_id,
            "code",
            redirect_uri=registration.return_address,
            scope=SCOPE,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return address

    async def complete(self, attempt: Attempt, answer: Mapping[str, str]) -> Mapping[str, Any]:
        """The verified claims of the id token. `answer` is the query the browser came back with.

        Raises LoginRefusedError when anything does not fit, ProviderDownError when the provider does not answer.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise LoginRefusedError(said("Deze aanmelding hoort niet bij deze browser. Begin opnieuw met inloggen."))
        if answer.get("iss", self.registration.issuer) != self.registration.issuer:
            raise LoginRefusedError(said("Het antwoord kwam van een andere inlogdienst. Begin opnieuw met inloggen."))
        if "code" not in answer:
            _log.warning("login refused by the provider", error=answer.get("error", "")[:100])
            raise LoginRefusedError(
                said("%(name)s heeft u niet ingelogd. Probeer het opnieuw, of vraag uw servicedesk om hulp.", name=self.name)
            )
        metadata = await self._discover()
        token = await self._exchange(metadata, answer["code"], attempt)
        keys = await self._fetch(metadata.jwks_uri)
        return self._verified(metadata, token, keys, attempt)

    async def end_address(self) -> str | None:
        """Where a browser logs out at the provider as well; None when it has no such page. Raises ProviderDownError."""
        metadata = await self._discover()
        if metadata.end_session_endpoint is None:
            return None
        return f"{metadata.end_session_endpoint}?{urlencode({'client_id': self.registration.client_id})}"

    async def _discover(self) -> _Metadata:
        now = self._now()
        if self._metadata is None or now - self._asked_at >= _REMEMBERED_FOR:
            found = await self._fetch(self.registration.issuer.rstrip("/") + "/.well-known/openid-configuration")
            self._metadata, self._asked_at = self._read(found), now
        return self._metadata

    def _read(self, found: Mapping[str, Any]) -> _Metadata:
        addresses: dict[str, Any] = {name: found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        end = found.get("end_session_endpoint")
        if found.get("issuer") != self.registration.issuer:
            raise self._down(f"issuer is {str(found.get('issuer'))[:200]!r}, the settings say {self.registration.issuer!r}")
        if not all(is_safe_address(address) for address in addresses.values()) or not (end is None or is_safe_address(end)):
            raise self._down("an address in its metadata is missing or not https")
        algorithms = _ALGORITHMS.intersection(found.get("id_token_signing_alg_values_supported") or ())
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        # Preferred: providers differ in how they read odd letters of a secret in the basic form (RFC 6749, 2.3.1).
        in_form = "client_secret_post" in methods
        return _Metadata(**addresses, end_session_endpoint=end, algorithms=algorithms, takes_secret_in_form=in_form)

    async def _exchange(self, metadata: _Metadata, code: str, attempt: Attempt) -> Mapping[str, Any]:
        registration = self.registration
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": registration.return_address,
            "code_verifier": attempt.verifier,
        }
        auth = httpx.Auth()
        if metadata.takes_secret_in_form:
            body |= {"client_id": registration.client_id, "client_secret": registration.client_secret}
        else:
            auth = httpx.BasicAuth(registration.client_id, registration.client_secret)
        async with _client(metadata.token_endpoint) as http:
            try:
                response = await http.post(metadata.token_endpoint, data=body, auth=auth)
                token = response.json()
            except (httpx.HTTPError, ValueError) as error:
                raise self._down(type(error).__name__) from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or not isinstance(token, dict):
            raise self._down(f"token endpoint answered {response.status_code}")
        if response.status_code != httpx.codes.OK:
            _log.warning("code refused by the provider", status=response.status_code, error=str(token.get("error"))[:100])
            raise LoginRefusedError(said("Deze aanmelding is al gebruikt of verlopen. Begin opnieuw met inloggen."))
        return token

    def _verified(
        self, metadata: _Metadata, token: Mapping[str, Any], keys: Mapping[str, Any], attempt: Attempt
    ) -> Mapping[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        options = {"iss": {"value": self.registration.issuer}, "aud": {"value": self.registration.client_id}}
        bound = {"nonce": attempt.nonce, "client_id": self.registration.client_id, "access_token": token.get("access_token")}
        try:
            registry = JWSRegistry(algorithms=sorted(metadata.algorithms), strict_check_header=False)
            public = KeySet.import_key_set({"keys": keys["keys"]})
            decoded = jwt.decode(str(token.get("id_token")), public, registry=registry)
            claims = CodeIDToken(decoded.claims, decoded.header, options, bound)
            claims.validate(now=int(self._now().timestamp()), leeway=int(_SKEW.total_seconds()))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            _log.warning("id token refused", reason=str(error)[:200])
            raise LoginRefusedError(
                said("Het bewijs van %(name)s is niet geldig. Begin opnieuw, of vraag de beheerder.", name=self.name)
            ) from error
        return dict(claims)

    async def _fetch(self, address: str) -> Mapping[str, Any]:
        async with _client(address) as http:
            try:
                response = await http.get(address)
                found = response.raise_for_status().json()
            except (httpx.HTTPError, ValueError) as error:
                raise self._down(type(error).__name__) from error
        if not isinstance(found, dict):
            raise self._down("an answer of another form")
        return found

    def _down(self, reason: str) -> ProviderDownError:
        _log.warning("provider did not answer as it should", issuer=self.registration.issuer, reason=reason)
        return ProviderDownError(
            said(
                "Inloggen met %(name)s lukt nu niet: de inlogdienst geeft geen goed antwoord. "
                "Probeer het over een paar minuten opnieuw. Blijft het zo, bel dan uw ICT-servicedesk.",
                name=self.name,
            )
        )


def is_safe_address(address: object) -> bool:
    """Whether secrets may travel there: https, or this machine."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))


def _client(address: str) -> httpx.AsyncClient:
    is_loopback = urlsplit(address).hostname in _LOOPBACK
    return httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=not is_loopback)
