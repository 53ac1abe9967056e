"""What the door refuses: posts from elsewhere, forms without the token, bodies that are no form."""

from __future__ import annotations

import pytest

from bot.web.security import is_own_request, local_path
from routing.melding import Status
from tests.builders import a_message
from tests.web.desk import PASSWORD, USERNAME, DeskAtWork, addresses, readable

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The door stands before every database: one is enough."""
    return sqlite_url


@pytest.fixture
async def busy_desk(desk: DeskAtWork) -> DeskAtWork:
    """A desk with one melding to judge, whose page is open."""
    desk.office.receive(a_message())
    await desk.get("/meldingen/1")
    return desk


@pytest.mark.parametrize("token", ["", "verkeerd", "é"])
async def test_no_post_is_accepted_without_the_token_of_the_session(busy_desk: DeskAtWork, token: str) -> None:
    posts = [path for method, path in addresses(busy_desk.app) if method == "POST"]
    for path in posts:
        response = await busy_desk.client.post(path, data={"csrf": token, "versie": "2"})
        assert response.status_code == 403, path
        assert "Laad de pagina opnieuw" in response.text
    assert busy_desk.melding().status is Status.TE_BEOORDELEN


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elders.test"},
        {"Origin": "null"},
        {"Origin": "http://balie.test.elders.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_a_post_from_another_site_is_refused_even_with_the_token(busy_desk: DeskAtWork, headers: dict[str, str]) -> None:
    fields = {"csrf": busy_desk.hidden("csrf"), "versie": busy_desk.hidden("versie")}
    response = await busy_desk.client.post("/meldingen/1/bevestigen", data=fields, headers=headers)
    assert response.status_code == 403
    assert "niet van een pagina van de balie" in response.text
    assert busy_desk.melding().status is Status.TE_BEOORDELEN


async def test_a_post_from_the_desk_itself_is_accepted(busy_desk: DeskAtWork) -> None:
    fields = {"csrf": busy_desk.hidden("csrf"), "versie": busy_desk.hidden("versie")}
    headers = {"Origin": "http://balie.test", "Sec-Fetch-Site": "same-origin"}
    response = await busy_desk.client.post("/meldingen/1/bevestigen", data=fields, headers=headers)
    assert response.status_code == 303


def test_behind_a_tls_proxy_only_the_host_of_the_origin_is_compared() -> None:
    assert is_own_request({"origin": "https://balie.test", "host": "balie.test"})
    assert not is_own_request({"origin": "https://balie.test:8443", "host": "balie.test"})


async def test_nobody_logs_a_colleague_in_as_somebody_else(strangers_desk: DeskAtWork) -> None:
    await strangers_desk.get("/inloggen")
    token = strangers_desk.hidden("csrf")
    strangers_desk.client.cookies.clear()  # the form of an attacker comes without the cookie that belongs to it
    fields = {"csrf": token, "gebruikersnaam": USERNAME, "wachtwoord": PASSWORD}
    assert (await strangers_desk.client.post("/inloggen", data=fields)).status_code == 403


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b'{"csrf": "x"}', {"content-type": "application/json"}),
        (b"csrf=x", {}),
        (b"a=" + b"x" * 70_000, FORM),
        (b"&".join(b"a%d=1" % number for number in range(100)), FORM),
    ],
)
async def test_a_body_that_is_no_usable_form_gets_a_readable_page(
    busy_desk: DeskAtWork, content: bytes, headers: dict[str, str]
) -> None:
    response = await busy_desk.client.post("/meldingen/1/bevestigen", content=content, headers=headers)
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("content", [b"\xff\xfe=%ff", b"csrf=%ED%A0%80", b"csrf", b"", b"=&=&&&", b"csrf=%00"])
async def test_strange_bytes_are_refused_like_any_wrong_form(busy_desk: DeskAtWork, content: bytes) -> None:
    response = await busy_desk.client.post("/meldingen/1/bevestigen", content=content, headers=FORM)
    assert response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/inloggen", "/meldingen/1", "/meldingen/999", "/nergens", "/health", "/static/desk.css"])
async def test_every_answer_carries_the_headers_that_keep_strangers_out(busy_desk: DeskAtWork, path: str) -> None:
    response = await busy_desk.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    is_static = path.startswith("/static/")
    assert response.headers["cache-control"] == ("public, max-age=31536000, immutable" if is_static else "no-store")


async def test_a_defect_gives_a_readable_page_without_its_cause(busy_desk: DeskAtWork) -> None:
    @busy_desk.app.get("/stuk")
    def break_down() -> None:
        raise RuntimeError("geheim detail")

    response = await busy_desk.get("/stuk")
    assert response.status_code == 500
    assert "Er ging iets mis" in response.text
    assert "geheim" not in response.text
    assert response.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_a_view_that_is_added_later_is_closed_until_somebody_opens_it(strangers_desk: DeskAtWork) -> None:
    @strangers_desk.app.get("/nieuw")
    def show() -> str:
        return "open"

    assert (await strangers_desk.get("/nieuw")).status_code == 303


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nergens", 404),
        ("GET", "/meldingen/0", 404),
        ("GET", "/meldingen/-1", 404),
        ("GET", "/meldingen/abc", 404),
        ("GET", "/meldingen/99999999999999999999999999", 404),
        ("GET", "/meldingen/%00", 404),
        ("GET", "/meldingen/１", 404),
        ("GET", "/meldingen/1/bevestigen", 405),
        ("DELETE", "/meldingen/1", 405),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
    ],
)
async def test_a_wrong_address_gets_a_readable_page(busy_desk: DeskAtWork, method: str, path: str, status: int) -> None:
    response = await busy_desk.client.request(method, path)
    assert response.status_code == status
    assert "Naar de wachtrij" in readable(response)


async def test_an_action_that_does_not_exist_or_a_melding_that_is_gone_is_not_found(busy_desk: DeskAtWork) -> None:
    for path in (
        "/meldingen/1/wissen",
        "/meldingen/77/bevestigen",
        "/niet-verzonden/77/geplaatst",
        "/niet-verzonden/x/geplaatst",
    ):
        assert (await busy_desk.post(path)).status_code == 404, path


@pytest.mark.parametrize(
    ("goal", "path"), [("/meldingen/5", "/meldingen/5"), ("/?queue=spoed", "/?queue=spoed"), ("elders", "/")]
)
def test_only_addresses_on_the_desk_are_gone_on_to(goal: str, path: str) -> None:
    assert local_path(goal) == path
