"""The desk as a web application: puts the views, the door, the headers and the pages together. No work at import time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import structlog
from fastapi import Depends, FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from bot.config import OrganisationTable
from bot.deliveries import Deliveries
from bot.identities import ClaimRules
from bot.oidc import Provider, Registration
from bot.table_editing import TableEditing
from bot.web import problems
from bot.web.assets import FOLDER, REMEDY, THEME, Assets, Theme, load_theme
from bot.web.desk import Desk, Organisation, Tiles
from bot.web.guard import admit
from bot.web.language import BrowserLanguage
from bot.web.live import Pulse
from bot.web.pages import Pages
from bot.web.security import SecurityHeaders
from bot.web.sessions import Sessions
from bot.web.views import (
    admin,
    attachments,
    brakes,
    bulk,
    channels,
    city_map,
    clusters,
    counter,
    dashboard,
    follow,
    health,
    login,
    melding,
    monitoring,
    organisation,
    own_account,
    queue,
    search,
    stream,
    tables,
    together,
    trays,
    web_form,
)
from bot.web.views.webhooks import webhooks
from channels.web_form import NAME as WEB_FORM
from routing.gazetteer import load_gazetteer

if TYPE_CHECKING:
    from bot.bootstrap import Application

# What comes first wins: the addresses below a melding before its actions.
VIEWS: tuple[ModuleType, ...] = (
    login,
    organisation,
    queue,
    search,
    bulk,
    clusters,
    together,
    melding,
    city_map,
    trays,
    counter,
    brakes,
    channels,
    own_account,
    admin,
    tables,
    dashboard,
    stream,
    follow,
    health,
    attachments,
    monitoring,
)
_log = structlog.get_logger(__name__)


def create_app(application: Application) -> FastAPI:
    """The desk of a built application."""
    deliveries = Deliveries(application.database, application.now, application.meters)
    # Before the desk: a platform in a storm must not be compared with every page first.
    posted = Mount("/webhooks", webhooks(application.channels, deliveries))
    app = build_desk(_desk_of(application), first=(posted,))
    settings = application.config.channels.get(WEB_FORM)
    if settings is not None:
        app.mount("/melden", web_form.web_form(app.state.desk, app.state.pages, settings))
    return app


def create_monitor(application: Application) -> FastAPI:
    """Only what a machine that watches reads, for a process without the desk."""
    return build_desk(_desk_of(application), views=(monitoring,))


def _desk_of(application: Application) -> Desk:
    config = application.config
    return Desk(
        database=application.database,
        handling=application.handling,
        municipality=application.municipality,
        office=config.office.name,
        now=application.now,
        editing=TableEditing(database=application.database, tables=application.clock.tables, now=application.now),
        files=application.clock.attachments.store,
        is_secure=config.web.secure_cookie,
        session_length=timedelta(hours=config.web.session_hours),
        meters=application.meters,
        trouble=application.clock.trouble,
        channels=frozenset(channel.name for channel in application.channels),
        areas=areas(),
        limits={channel.name: channel.limits for channel in application.channels},
        takes_passwords=config.login.passwords,
        requires_totp=config.login.require_totp,
        organisation=_organisation_of(config.login.organisation, application.now),
        tiles=Tiles(address=config.map.tiles, attribution=config.map.attribution) if config.map.tiles else None,
        theme=load_theme(config.base / config.web.theme_css, config.web.theme_class) if config.web.theme_css else None,
    )


def _organisation_of(table: OrganisationTable, now: Callable[[], datetime]) -> Organisation | None:
    if not table.enabled:
        return None
    registration = Registration(
        name=table.name,
        issuer=table.issuer,
        client_id=table.client_id,
        client_secret=table.client_secret,
        scope=table.scope,
        return_address=table.desk_address + organisation.RETURN_PATH,
        after_logout=table.desk_address + organisation.PATH_AFTER_LOGOUT,
    )
    rules = ClaimRules(username=table.username_claim, name=table.name_claim, role=table.role_claim, roles=table.roles)
    return Organisation(provider=Provider(registration, now), rules=rules)


@asynccontextmanager
async def _lifetime(app: FastAPI) -> AsyncIterator[None]:
    yield
    pulse: Pulse = app.state.pulse
    await pulse.rest()


async def _show_theme(theme: Theme, request: Request) -> Response:  # noqa: ARG001 - it is the same for everybody
    return Response(theme.css, media_type="text/css")


def areas() -> dict[str, tuple[str, ...]]:
    """The wijken with their buurten, by name."""
    gazetteer = load_gazetteer()
    return {
        wijk.name: tuple(sorted(buurt.name for buurt in gazetteer.buurten if buurt.wijk == wijk.name))
        for wijk in sorted(gazetteer.wijken, key=lambda wijk: wijk.name)
    }


def build_desk(
    desk: Desk, static: Path = FOLDER, views: tuple[ModuleType, ...] = VIEWS, first: Sequence[BaseRoute] = ()
) -> FastAPI:
    """The app for one desk. Says so when the style sheets are missing, and works without them.

    `first` is looked at before every view, and does not pass the door.
    """
    assets = Assets.find(static, desk.theme)
    if not assets.is_complete:
        _log.warning("desk without style", remedy=REMEDY)
    # Every route passes the door, also one that is added later; the interactive documentation is not for the public.
    app = FastAPI(
        title="Wijkbalie",
        routes=[*first],
        dependencies=[Depends(admit)],
        lifespan=_lifetime,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.desk = desk
    app.state.sessions = Sessions(desk)
    app.state.pages = Pages(desk, assets)
    app.state.pulse = Pulse(database=desk.database, now=desk.now)
    for view in views:
        app.include_router(view.router)
    if desk.theme is not None:
        app.add_route(f"/static/{THEME}", partial(_show_theme, desk.theme))
    # Only what is the same for everybody is made small: a page beside its own secrets would tell them by its length (BREACH).
    app.mount("/static", GZipMiddleware(StaticFiles(directory=static)), name="static")
    app.add_middleware(SecurityHeaders, images={city_map.PATH: desk.tiles.host} if desk.tiles else {})
    app.add_middleware(BrowserLanguage)
    problems.install(app)
    return app
