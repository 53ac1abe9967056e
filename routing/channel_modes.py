"""How much a channel does: a switch for colleagues, set per channel in the settings and changed at run time."""

from __future__ import annotations

from enum import StrEnum


class ChannelMode(StrEnum):
    """`FULL` takes in and answers. `INTAKE_ONLY` takes in; answers become work for staff. `REFERRING` answers every new melding
    with where to go instead, danger excepted. `STOPPED` neither takes in nor answers; everything waits.
    """

    FULL = "full"
    INTAKE_ONLY = "intake_only"
    REFERRING = "doorverwijzen"
    STOPPED = "stop"
