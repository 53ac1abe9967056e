"""Who writes to us and what they wrote, and the channels it comes by."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables.columns import id_column, melding_column, metadata, moment_column, number_column, text_column

people = sa.Table(
    "people",
    metadata,
    id_column(),
    text_column("channel"),
    text_column("external_id"),
    text_column("display_name", default=""),
    moment_column("last_wrote_private_at", nullable=True),
    moment_column("first_seen_at"),
    sa.Column("is_bot", sa.Boolean, nullable=False, server_default=sa.false()),
    text_column("wish", default="alles"),  # what news this person wants: routing.reachability.Wish
    sa.Column("speaks_for_id", sa.Integer, nullable=True),  # an e-mail address: the person who left it
    sa.UniqueConstraint("channel", "external_id"),
)

messages = sa.Table(
    "messages",
    metadata,
    id_column(),
    text_column("channel"),
    text_column("external_id"),
    text_column("thread", default=""),
    text_column("reply_to", default=""),
    text_column("visibility", nullable=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=True),
    text_column("text", default=""),
    sa.Column("attachments", sa.JSON, nullable=False),
    sa.Column("lat", sa.Float, nullable=True),
    sa.Column("lon", sa.Float, nullable=True),
    text_column("in_reply_to", nullable=True),
    text_column("edits", nullable=True),
    moment_column("sent_at"),
    moment_column("received_at"),
    text_column("raw"),
    text_column("state"),  # wacht | verwerkt | onleesbaar
    text_column("action", nullable=True),  # what the message was: routing.conversation.Action
    text_column("problem", nullable=True),  # why it is in the "niet leesbaar" tray
    melding_column(nullable=True),
    moment_column("removed_at", nullable=True),  # the resident took it back
    moment_column("unseen_at", nullable=True),  # not to be seen at the platform any more, and who did that is not sure
    text_column("album", nullable=True),  # shared by messages that were sent as one
    sa.UniqueConstraint("channel", "external_id"),
    sa.CheckConstraint("state IN ('wacht', 'verwerkt', 'onleesbaar')", name="state"),
)
sa.Index("ix_messages_person_id", messages.c.person_id, messages.c.id)
sa.Index("ix_messages_received_at", messages.c.received_at)
sa.Index("ix_messages_state", messages.c.state, messages.c.id)
sa.Index("ix_messages_melding_id", messages.c.melding_id, messages.c.id)
sa.Index("ix_messages_thread", messages.c.channel, messages.c.thread, messages.c.id)

attachments = sa.Table(
    "attachments",
    metadata,
    id_column(),
    sa.Column("message_id", sa.ForeignKey("messages.id"), nullable=False),
    number_column("position"),
    text_column("channel"),
    text_column("kind"),
    text_column("reference"),
    text_column("state"),  # wacht | bewaard | geweigerd | mislukt | verwijderd
    moment_column("due_at"),
    number_column("attempts"),
    text_column("problem", nullable=True),
    text_column("sha256", nullable=True),
    number_column("size"),
    text_column("media_type", nullable=True),
    sa.UniqueConstraint("message_id", "position"),
    sa.CheckConstraint("state IN ('wacht', 'bewaard', 'geweigerd', 'mislukt', 'verwijderd')", name="state"),
    sa.CheckConstraint("state <> 'bewaard' OR sha256 IS NOT NULL", name="kept_has_file"),
)
sa.Index("ix_attachments_sha256", attachments.c.sha256)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    text_column("cursor"),
    moment_column("updated_at"),
)

channel_states = sa.Table(
    "channel_states",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    moment_column("last_fetch_at", nullable=True),
    moment_column("last_message_at", nullable=True),
    text_column("last_error", nullable=True),
    moment_column("last_error_at", nullable=True),
    number_column("auth_errors"),
    moment_column("paused_at", nullable=True),
    sa.Column("is_enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    text_column("configured_mode", nullable=True),
    text_column("chosen_mode", nullable=True),  # at run time; empty leaves it to the settings
    sa.Column("longest_silence", sa.Float, nullable=False, server_default="0"),  # seconds
    number_column("arrivals"),
    number_column("send_auth_errors"),
    moment_column("token_expires_at", nullable=True),
    moment_column("checked_at", nullable=True),
)

channel_changes = sa.Table(
    "channel_changes",
    metadata,
    id_column(),
    text_column("channel"),
    moment_column("at"),
    text_column("actor"),
    text_column("change"),
    text_column("why", default=""),
)
sa.Index("ix_channel_changes_channel", channel_changes.c.channel, channel_changes.c.id)

channel_costs = sa.Table(
    "channel_costs",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),  # 2026-11-29, UTC
    sa.Column("item", sa.Text, primary_key=True),  # what was charged: the number of a post, or an attempt to post a reply
    sa.Column("cost", sa.Integer, nullable=False),  # thousandths of a dollar
)

form_uses = sa.Table(
    "form_uses",
    metadata,
    id_column(),
    text_column("digest"),  # keyed, of a visitor's or an e-mail address; kept for a day
    moment_column("at"),
)
sa.Index("ix_form_uses_digest_at", form_uses.c.digest, form_uses.c.at)
