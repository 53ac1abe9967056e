"""What we answer: every reply and its attempts, what holds it back, and the page it leads to."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables.columns import id_column, melding_column, metadata, moment_column, number_column, text_column

replies = sa.Table(
    "replies",
    metadata,
    id_column(),
    melding_column(),
    sa.Column("melder_id", sa.ForeignKey("melders.id"), nullable=False),
    sa.Column("event_id", sa.ForeignKey("events.id"), nullable=False),
    text_column("channel"),
    text_column("thread"),
    text_column("reply_to"),
    text_column("recipient"),
    text_column("delivery"),
    text_column("news"),
    text_column("text"),
    text_column("token"),
    text_column("state"),
    moment_column("due_at"),
    moment_column("created_at"),
    moment_column("sent_at", nullable=True),
    text_column("external_id", nullable=True),
    text_column("problem", nullable=True),
    number_column("attempts"),
    number_column("looks"),
    moment_column("look_at", nullable=True),
    moment_column("claimed_until", nullable=True),
    text_column("decided_by", nullable=True),  # the colleague who decided that it goes; None: a machine did
    text_column("guard", nullable=True),  # the guard that made it wait or holds it: routing.guards.Guard
    sa.Column("is_answer", sa.Boolean, nullable=False, server_default=sa.false()),
    text_column("options", default="[]"),  # the buttons under it, as JSON pairs of kind and label
    sa.UniqueConstraint("melder_id", "event_id"),
    sa.UniqueConstraint("token"),
    sa.CheckConstraint(
        "state IN ('klaar', 'bezig', 'verzonden', 'onzeker', 'geweigerd', 'met_de_hand', 'vervallen')",
        name="state",
    ),
    sa.CheckConstraint("state <> 'verzonden' OR sent_at IS NOT NULL", name="sent_has_moment"),
)
sa.Index("ix_replies_melding_id", replies.c.melding_id, replies.c.id)
sa.Index("ix_replies_thread", replies.c.channel, replies.c.thread, replies.c.id)
sa.Index("ix_replies_melder_id", replies.c.melder_id)
sa.Index("ix_replies_event_id", replies.c.event_id)

attempts = sa.Table(
    "attempts",
    metadata,
    id_column(),
    sa.Column("reply_id", sa.ForeignKey("replies.id"), nullable=False),
    number_column("number", 1),
    moment_column("started_at"),
    moment_column("ended_at", nullable=True),
    text_column("outcome", nullable=True),
    text_column("detail", nullable=True),
    sa.UniqueConstraint("reply_id", "number"),
)

guard_trips = sa.Table(
    "guard_trips",
    metadata,
    id_column(),
    moment_column("at"),
    text_column("guard"),
    sa.Column("reply_id", sa.ForeignKey("replies.id"), nullable=False),
    melding_column(),
    moment_column("until", nullable=True),  # None: it waits for a colleague
    sa.UniqueConstraint("reply_id", "guard"),
)
sa.Index("ix_guard_trips_at", guard_trips.c.at)

switches = sa.Table(
    "switches",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("is_on", sa.Boolean, nullable=False),
    text_column("by"),
    text_column("why"),
    moment_column("at"),
)

follow_links = sa.Table(
    "follow_links",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("melder_id", sa.ForeignKey("melders.id"), nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
)

sa.Index("ix_follow_links_melder_id", follow_links.c.melder_id)

message_links = sa.Table(  # of the web form, whose writer may be nobody we know
    "message_links",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("message_id", sa.ForeignKey("messages.id"), nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
)
sa.Index("ix_message_links_message_id", message_links.c.message_id)
