"""The real browser of tests and measurements: where it is, and how it is started so that it speaks to this machine alone."""

from __future__ import annotations

import os
import shutil

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def chromium() -> str:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "Chromium is missing: run scripts/test, which installs it, or leave tests/e2e out with --without-browser."
    return path
