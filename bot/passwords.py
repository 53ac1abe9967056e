"""Passwords and session tokens: hashing, checking and making them. Stores nothing."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from routing.errors import WijkbalieError
from routing.sentences import said

MINIMUM_LENGTH = 12
_hasher = PasswordHasher()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Checked when the account does not exist, so that the answer takes as long as for one that does."""
    return _hasher.hash(secrets.token_urlsafe(16))


class WeakPasswordError(WijkbalieError):
    """The password is too short."""


def hash_password(password: str) -> str:
    """An argon2id hash. Raises WeakPasswordError below the minimum length."""
    if len(password) < MINIMUM_LENGTH:
        raise WeakPasswordError(said("Kies een wachtwoord van minstens %(least)s tekens.", least=MINIMUM_LENGTH))
    return _hasher.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Whether the password fits the stored hash; None (no such account) takes the same time and never fits."""
    try:
        return _hasher.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a session token: whoever reads the database cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()
