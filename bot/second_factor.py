"""The second factor of local accounts: time-based codes (RFC 6238). Stores nothing."""

from __future__ import annotations

import re
from datetime import datetime

import pyotp
import segno
from markupsafe import Markup

_STEP_SECONDS = 30
_SKEW_STEPS = 1  # a clock may be half a minute off
_SECRET = re.compile("[A-Z2-7]{32}")


def new_secret() -> str:
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Whether it has the form of a secret that we made."""
    return _SECRET.fullmatch(text) is not None


def counter_of(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The time step a code belongs to, or None when it does not fit. A step up to `after` was used already: no replay."""
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _STEP_SECONDS
    for counter in range(current - _SKEW_STEPS, current + _SKEW_STEPS + 1):
        if counter > after and pyotp.utils.strings_equal(totp.generate_otp(counter), code.strip().replace(" ", "")):
            return counter
    return None


def qr_svg(secret: str, *, username: str, office: str) -> Markup:
    """The secret as a picture for an authenticator app, to stand in a page."""
    address = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"Wijkbalie {office}")
    return Markup(segno.make(address, micro=False).svg_inline(scale=5, border=4, light="white"))  # noqa: S704 - segno escapes
