"""Logging in at the organisation's own provider (OpenID Connect): authorisation code with PKCE, and the id token verified.

Speaks the protocol and knows no account. authlib comes with all of cryptography: it is imported at the first login. What must be
remembered until the browser comes back is an `Attempt`.
OpenID Connect Core 1.0, Discovery 1.0 and RP-Initiated Logout 1.0; RFC 7636 (PKCE); RFC 9207 (`iss` in the answer).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

import httpx
import structlog

from routing.errors import WijkbalieError
from routing.sentences import said

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# Signatures with a key of the provider alone: with HS256 whoever knows the client secret could sign, with "none" anybody.
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
_SECRET_WAYS = ("client_secret_post", "client_secret_basic")  # in this order: some misread odd letters in the basic form
_DESK_UNKNOWN = frozenset({"invalid_client", "unauthorized_client"})  # the second is Keycloak's word for a wrong secret
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
    """How the desk is known at the provider. Browsers come back to `return_address`, and after logging out to `after_logout`."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    return_address: str
    after_logout: str


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
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    algorithms: frozenset[str]
    secret_ways: tuple[str, ...]
    names_itself: bool


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
            scope=registration.scope,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return address

    async def complete(
        self, attempt: Attempt, answer: Mapping[str, str], suffices: Callable[[Mapping[str, Any]], bool]
    ) -> Mapping[str, Any]:
        """The verified claims of the id token, and when those do not suffice also what the provider's userinfo tells.

        `answer` is the query the browser came back with.
        Raises LoginRefusedError when anything does not fit, ProviderDownError when the provider does not answer.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise LoginRefusedError(said("Deze aanmelding hoort niet bij deze browser. Begin opnieuw met inloggen."))
        metadata = await self._discover()
        if answer.get("iss", "" if metadata.names_itself else self.registration.issuer) != self.registration.issuer:
            raise LoginRefusedError(said("Het antwoord kwam van een andere inlogdienst. Begin opnieuw met inloggen."))
        if "code" not in answer:
            _log.warning("login refused by the provider", error=answer.get("error", "")[:100])
            raise LoginRefusedError(
                said("%(name)s heeft u niet ingelogd. Probeer het opnieuw, of vraag uw servicedesk om hulp.", name=self.name)
            )
        token = await self._exchange(metadata, answer["code"], attempt)
        keys = await self._fetch(metadata.jwks_uri)
        claims = self._verified(metadata, token, keys, attempt)
        if metadata.userinfo_endpoint is None or suffices(claims):
            return claims
        return {**await self._told_besides(metadata.userinfo_endpoint, token, claims["sub"]), **claims}

    async def end_address(self) -> str | None:
        """Where a browser logs out at the provider as well; None when it has no such page. Raises ProviderDownError.

        Without the id token, which we do not keep: the provider asks whether it is meant.
        """
        from authlib.common.urls import add_params_to_uri

        metadata = await self._discover()
        if metadata.end_session_endpoint is None:
            return None
        known = {"client_id": self.registration.client_id, "post_logout_redirect_uri": self.registration.after_logout}
        address: str = add_params_to_uri(metadata.end_session_endpoint, list(known.items()))
        return address

    async def _discover(self) -> _Metadata:
        now = self._now()
        if self._metadata is None or now - self._asked_at >= _REMEMBERED_FOR:
            found = await self._fetch(self.registration.issuer.rstrip("/") + "/.well-known/openid-configuration")
            self._metadata, self._asked_at = self._read(found), now
        return self._metadata

    def _read(self, found: Mapping[str, Any]) -> _Metadata:
        addresses: dict[str, Any] = {name: found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        optional: dict[str, Any] = {name: found.get(name) for name in ("userinfo_endpoint", "end_session_endpoint")}
        if found.get("issuer") != self.registration.issuer:
            raise self._down(f"issuer is {str(found.get('issuer'))[:200]!r}, the settings say {self.registration.issuer!r}")
        told = [*addresses.values(), *(address for address in optional.values() if address is not None)]
        if not all(map(is_safe_address, told)):
            raise self._down("an address in its metadata is missing or not https")
        ways = found.get("token_endpoint_auth_methods_supported") or ()
        return _Metadata(
            **addresses,
            **optional,
            algorithms=_ALGORITHMS.intersection(found.get("id_token_signing_alg_values_supported") or ()),
            secret_ways=tuple(way for way in _SECRET_WAYS if way in ways) or ("client_secret_basic",),
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _exchange(self, metadata: _Metadata, code: str, attempt: Attempt) -> Mapping[str, Any]:
        """Tries each way of telling the secret: the desk is registered for one, and the provider names all it knows."""
        async with _client(metadata.token_endpoint) as http:
            for way in metadata.secret_ways:
                status, token = await self._ask_token(http, metadata.token_endpoint, way, code, attempt)
                if token.get("error") not in _DESK_UNKNOWN:
                    break
        if status == httpx.codes.OK:
            return token
        error, description = str(token.get("error"))[:100], str(token.get("error_description"))[:300]
        _log.warning("code refused by the provider", status=status, error=error, description=description)
        if error in _DESK_UNKNOWN:
            raise LoginRefusedError(
                said(
                    "%(name)s herkent de balie niet: de sleutel van de balie klopt niet of is verlopen. "
                    "Vraag de beheerder om hulp.",
                    name=self.name,
                )
            )
        raise LoginRefusedError(said("Deze aanmelding is al gebruikt of verlopen. Begin opnieuw met inloggen."))

    async def _ask_token(
        self, http: httpx.AsyncClient, address: str, way: str, code: str, attempt: Attempt
    ) -> tuple[int, Mapping[str, Any]]:
        registration = self.registration
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": registration.return_address,
            "code_verifier": attempt.verifier,
        }
        auth = httpx.Auth()
        if way == "client_secret_post":
            body |= {"client_id": registration.client_id, "client_secret": registration.client_secret}
        else:  # encoded first (RFC 6749, 2.3.1)
            auth = httpx.BasicAuth(quote_plus(registration.client_id), quote_plus(registration.client_secret))
        try:
            response = await http.post(address, data=body, auth=auth)
            token = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise self._down(f"{type(error).__name__} at {address}") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or not isinstance(token, dict):
            raise self._down(f"token endpoint answered {response.status_code}")
        return response.status_code, token

    def _verified(
        self, metadata: _Metadata, token: Mapping[str, Any], keys: Mapping[str, Any], attempt: Attempt
    ) -> Mapping[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jws import JWSRegistry

        options = {"iss": {"value": self.registration.issuer}, "aud": {"value": self.registration.client_id}}
        bound = {"nonce": attempt.nonce, "client_id": self.registration.client_id, "access_token": token.get("access_token")}
        try:
            registry = JWSRegistry(algorithms=sorted(metadata.algorithms), strict_check_header=False)
            decoded = jwt.decode(str(token.get("id_token")), _known_keys(keys["keys"]), registry=registry)
            claims = CodeIDToken(decoded.claims, decoded.header, options, bound)
            claims.validate(now=int(self._now().timestamp()), leeway=int(_SKEW.total_seconds()))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            _log.warning("id token refused", reason=str(error)[:200])
            raise LoginRefusedError(
                said("Het bewijs van %(name)s is niet geldig. Begin opnieuw, of vraag de beheerder.", name=self.name)
            ) from error
        return dict(claims)

    async def _told_besides(self, address: str, token: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        """What userinfo tells; nothing when it refuses: that of ADFS knows no access token but those made for it."""
        response = await self._get(address, authorization=f"Bearer {token.get('access_token')}")
        if response.is_client_error:
            _log.warning("userinfo refused", issuer=self.registration.issuer, status=response.status_code)
            return {}
        found = self._parsed(response)
        if found.get("sub") != subject:  # never to be used then (OpenID Connect Core, 5.3.2)
            _log.warning("userinfo passed over: it is about somebody else", issuer=self.registration.issuer)
            return {}
        return found

    async def _fetch(self, address: str) -> Mapping[str, Any]:
        return self._parsed(await self._get(address))

    async def _get(self, address: str, **headers: str) -> httpx.Response:
        async with _client(address) as http:
            try:
                return await http.get(address, headers=headers)
            except httpx.HTTPError as error:
                raise self._down(f"{type(error).__name__} at {address}") from error

    def _parsed(self, response: httpx.Response) -> Mapping[str, Any]:
        try:
            found = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise self._down(f"{type(error).__name__} at {response.url}") from error
        if not isinstance(found, dict):
            raise self._down(f"an answer of another form at {response.url}")
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


def _known_keys(told: Iterable[Any]) -> KeySet:
    """What is not understood is passed over (RFC 7517, 5): a provider publishes a new kind long before it signs with it."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, KeySet

    known = []
    for key in told:
        with suppress(JoseError, ValueError, KeyError, TypeError):
            known.append(JWKRegistry.import_key(key))
    return KeySet(known)


def _client(address: str) -> httpx.AsyncClient:
    is_loopback = urlsplit(address).hostname in _LOOPBACK
    return httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=not is_loopback)
