"""The second factor of local accounts: time-based codes (RFC 6238). Stores nothing."""

from __future__ import annotations

import io
from datetime import datetime

import pyotp
import segno

_STEP_SECONDS = 30
_SKEW_STEPS = 1  # a clock may be half a minute off


def new_secret() -> str:
    return pyotp.random_base32()


def counter_of(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The time step a code belongs to, or None when it does not fit. A step up to `after` was used already: no replay."""
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _STEP_SECONDS
    for counter in range(current - _SKEW_STEPS, current + _SKEW_STEPS + 1):
        if counter > after and pyotp.utils.strings_equal(totp.generate_otp(counter), code.strip().replace(" ", "")):
            return counter
    return None


def qr_svg(secret: str, *, username: str, office: str) -> bytes:
    """The secret as a picture for an authenticator app."""
    address = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"Wijkbalie {office}")
    out = io.BytesIO()
    segno.make(address, micro=False).save(out, kind="svg", scale=5, border=4, light="white")
    return out.getvalue()
