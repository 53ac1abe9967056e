"""The tables. The database itself forbids what must never happen: see the unique constraints and checks.

Nothing here knows a platform or a screen. Import a table from here, wherever it is declared.
"""

from storage.tables.columns import UtcDateTime, metadata
from storage.tables.inbox import attachments, channel_changes, channel_costs, channel_states, cursors, form_uses, messages, people
from storage.tables.meldingen import corrections, events, followers, links, melders, meldingen, notes, tasks
from storage.tables.office import (
    accounts,
    colleagues,
    edits,
    journal,
    leases,
    model_promotions,
    presence,
    restores,
    saved_filters,
    sessions,
)
from storage.tables.outbox import attempts, follow_links, guard_trips, message_links, replies, switches

__all__ = [
    "UtcDateTime",
    "accounts",
    "attachments",
    "attempts",
    "channel_changes",
    "channel_costs",
    "channel_states",
    "colleagues",
    "corrections",
    "cursors",
    "edits",
    "events",
    "follow_links",
    "followers",
    "form_uses",
    "guard_trips",
    "journal",
    "leases",
    "links",
    "melders",
    "meldingen",
    "message_links",
    "messages",
    "metadata",
    "model_promotions",
    "notes",
    "people",
    "presence",
    "replies",
    "restores",
    "saved_filters",
    "sessions",
    "switches",
    "tasks",
]
