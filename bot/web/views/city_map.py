"""The map: every open melding where it is, beside the same meldingen as a list."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

from fastapi import APIRouter
from starlette.responses import Response

from bot.roles import Right
from bot.web.guard import Admitted, needs
from bot.web.listing import AGES, KINDS, Listing
from bot.web.pages import Pages
from routing.gazetteer import load_gazetteer
from storage import queries, queues

router = APIRouter()
PATH = "/kaart"
MOST = 300


@router.get(PATH, dependencies=[needs(Right.LOOK)])
def show_map(visit: Admitted) -> Response:
    """The list is the page; a script draws the map from it, so that both always tell the same."""
    pages: Pages = visit.request.app.state.pages
    listing = Listing.parse(visit.request.query_params)
    asked = replace(listing.asked(visit), queue=None)
    with visit.desk.database.reading() as connection:
        found = queues.page(connection, asked, limit=MOST)
        melders = queries.melders_in(connection, [melding.id for melding in found.meldingen])
    values = {
        "ages": AGES,
        "areas": visit.desk.areas,
        "kinds": KINDS,
        "listing": listing,
        "has_more": found.has_next,
        "melders": melders,
        "meldingen": found.meldingen,
        "municipality": visit.desk.municipality,
        "asks_filters": False,
        "place": "kaart",
        "tiles": visit.desk.tiles,
    }
    return pages.show(visit, "kaart.html", values)


@router.get(f"{PATH}/gebied.json", dependencies=[needs(Right.LOOK)])
def show_ground(visit: Admitted) -> Response:  # noqa: ARG001 - the ground is the same for everybody
    return Response(_ground(), media_type="application/json")


@lru_cache(maxsize=1)
def _ground() -> str:
    """The borders of the wijken and a point in each buurt, as pairs of latitude and longitude."""
    gazetteer = load_gazetteer()
    wijken = [
        {"naam": wijk.name, "grens": [[[(lat, lon) for lon, lat in ring] for ring in polygon] for polygon in wijk.polygons]}
        for wijk in gazetteer.wijken
    ]
    buurten = [{"naam": buurt.name, "punt": (buurt.lat, buurt.lon)} for buurt in gazetteer.buurten]
    return json.dumps({"wijken": wijken, "buurten": buurten})
