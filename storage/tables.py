"""The tables. The database itself forbids what must never happen: see the unique constraints and checks.

Nothing here knows a platform or a screen. Times are UTC; readable words, never letter codes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware UTC moment. SQLite keeps it without zone, PostgreSQL as timestamptz; a naive value is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class names it
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=nullable)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def _number(name: str, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=str(default))


def _melding(*, nullable: bool = False) -> sa.Column[int]:
    return sa.Column("melding_id", sa.ForeignKey("meldingen.id"), nullable=nullable)


# The database derives these, so that a queue is one range of one index whoever writes the status.
STAGE = (
    "CASE WHEN status IN ('nieuw', 'te_beoordelen', 'heropend') THEN 'te_beoordelen' "
    "WHEN status IN ('doorgezet', 'in_behandeling', 'ingepland') THEN 'loopt' "
    "WHEN status = 'wacht_op_melder' THEN 'wacht_op_melder' ELSE 'afgesloten' END"
)
RANK = "CASE urgency WHEN 'noodgeval' THEN 0 WHEN 'hoog' THEN 1 WHEN 'normaal' THEN 2 ELSE 3 END"

people = sa.Table(
    "people",
    metadata,
    _id(),
    _text("channel"),
    _text("external_id"),
    _text("display_name", default=""),
    _moment("last_wrote_private_at", nullable=True),
    _moment("first_seen_at"),
    sa.Column("is_bot", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("wish", default="alles"),  # what news this person wants: routing.reachability.Wish
    sa.Column("speaks_for_id", sa.Integer, nullable=True),  # an e-mail address: the person who left it
    sa.UniqueConstraint("channel", "external_id"),
)


messages = sa.Table(
    "messages",
    metadata,
    _id(),
    _text("channel"),
    _text("external_id"),
    _text("thread", default=""),
    _text("reply_to", default=""),
    _text("visibility", nullable=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=True),
    _text("text", default=""),
    sa.Column("attachments", sa.JSON, nullable=False),
    sa.Column("lat", sa.Float, nullable=True),
    sa.Column("lon", sa.Float, nullable=True),
    _text("in_reply_to", nullable=True),
    _text("edits", nullable=True),
    _moment("sent_at"),
    _moment("received_at"),
    _text("raw"),
    _text("state"),  # wacht | verwerkt | onleesbaar
    _text("action", nullable=True),  # what the message was: routing.conversation.Action
    _text("problem", nullable=True),  # why it is in the "niet leesbaar" tray
    _melding(nullable=True),
    _moment("removed_at", nullable=True),  # the resident took it back
    _moment("unseen_at", nullable=True),  # not to be seen at the platform any more, and who did that is not sure
    _text("album", nullable=True),  # shared by messages that were sent as one
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
    _id(),
    sa.Column("message_id", sa.ForeignKey("messages.id"), nullable=False),
    _number("position"),
    _text("channel"),
    _text("kind"),
    _text("reference"),
    _text("state"),  # wacht | bewaard | geweigerd | mislukt | verwijderd
    _moment("due_at"),
    _number("attempts"),
    _text("problem", nullable=True),
    _text("sha256", nullable=True),
    _number("size"),
    _text("media_type", nullable=True),
    sa.UniqueConstraint("message_id", "position"),
    sa.CheckConstraint("state IN ('wacht', 'bewaard', 'geweigerd', 'mislukt', 'verwijderd')", name="state"),
    sa.CheckConstraint("state <> 'bewaard' OR sha256 IS NOT NULL", name="kept_has_file"),
)
sa.Index("ix_attachments_sha256", attachments.c.sha256)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    _text("cursor"),
    _moment("updated_at"),
)

channel_states = sa.Table(
    "channel_states",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    _moment("last_fetch_at", nullable=True),
    _moment("last_message_at", nullable=True),
    _text("last_error", nullable=True),
    _moment("last_error_at", nullable=True),
    _number("auth_errors"),
    _moment("paused_at", nullable=True),
    sa.Column("is_enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    _text("configured_mode", nullable=True),
    _text("chosen_mode", nullable=True),  # at run time; empty leaves it to the settings
    sa.Column("longest_silence", sa.Float, nullable=False, server_default="0"),  # seconds
    _number("arrivals"),
    _number("send_auth_errors"),
    _moment("token_expires_at", nullable=True),
    _moment("checked_at", nullable=True),
)

channel_changes = sa.Table(
    "channel_changes",
    metadata,
    _id(),
    _text("channel"),
    _moment("at"),
    _text("actor"),
    _text("change"),
    _text("why", default=""),
)
sa.Index("ix_channel_changes_channel", channel_changes.c.channel, channel_changes.c.id)

meldingen = sa.Table(
    "meldingen",
    metadata,
    _id(),
    _text("status"),
    _text("status_before_question", nullable=True),
    _text("lead"),
    sa.Column("involved", sa.JSON, nullable=False),
    _text("partner", nullable=True),
    _text("topic"),
    _text("kind"),
    _text("urgency"),
    _text("language"),
    _text("zone"),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("proposal", sa.JSON, nullable=False),
    _text("summary"),
    _text("street", nullable=True),
    _text("buurt", nullable=True),
    _text("wijk", nullable=True),
    sa.Column("lat", sa.Float, nullable=True),
    sa.Column("lon", sa.Float, nullable=True),
    sa.Column("needs_personal_contact", sa.Boolean, nullable=False),
    _text("contact_person", nullable=True),
    _moment("planned_for", nullable=True),
    _moment("promised_at", nullable=True),
    _number("promise_no"),
    _text("outcome", nullable=True),  # opgelost | niet_opgelost | geen_actie_nodig
    _text("not_solved_reason", nullable=True),
    sa.Column("merged_into_id", sa.ForeignKey("meldingen.id"), nullable=True),
    _moment("created_at"),
    _moment("updated_at"),
    _number("event_count"),
    _text("last_hash", default=""),
    sa.Column("is_emergency", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("question", nullable=True),  # what we wait to hear: a routing.questions.Question, or a colleague's own words
    sa.Column("asked_person_id", sa.Integer, nullable=True),  # None: every melder was asked
    _moment("asked_at", nullable=True),
    _moment("reminded_at", nullable=True),
    _text("asked", default=""),  # the questions that were asked already, separated by blanks
    _moment("warned_for", nullable=True),  # the promised moment that staff were warned of
    _number("promises_broken"),  # promised moments in a row that came without real news
    _number("escalation_proposed"),  # step of the ladder that was proposed to staff; 0: none
    _number("escalation_decided"),  # step of the ladder that a colleague decided about
    _text("feedback", nullable=True),  # gevraagd | ja | nee
    _moment("appointment_at", nullable=True),
    _text("appointment_place", nullable=True),  # None: we call
    _text("appointment_guests", default=""),  # mail addresses of colleagues who join, separated by blanks
    _moment("snoozed_until", nullable=True),
    _text("returned_by", nullable=True),  # the vakafdeling that said it is not theirs, until somebody decides again
    sa.Column("is_held", sa.Boolean, nullable=False, server_default=sa.false()),  # kept past its time
    _moment("emptied_at", nullable=True),  # when who wrote and what was written went
    sa.Column("stage", sa.Text, sa.Computed(STAGE, persisted=True)),  # which of the four heaps its status belongs to
    sa.Column("rank", sa.Integer, sa.Computed(RANK, persisted=True)),  # 0 is danger, 3 can wait
)

sa.Index("ix_meldingen_stage", meldingen.c.stage, meldingen.c.rank, meldingen.c.id, meldingen.c.snoozed_until)
sa.Index("ix_meldingen_lead", meldingen.c.lead, meldingen.c.stage, meldingen.c.rank, meldingen.c.id, meldingen.c.snoozed_until)
sa.Index("ix_meldingen_merged_into_id", meldingen.c.merged_into_id)
sa.Index("ix_meldingen_created_at", meldingen.c.created_at)
sa.Index("ix_meldingen_topic", meldingen.c.topic, meldingen.c.stage, meldingen.c.created_at)
sa.Index("ix_meldingen_snoozed_until", meldingen.c.snoozed_until)
sa.Index("ix_meldingen_promised_at", meldingen.c.promised_at)

melders = sa.Table(
    "melders",
    metadata,
    _id(),
    _melding(),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False),
    _text("channel"),
    _text("thread"),
    _text("reply_to"),
    _text("visibility"),
    _text("language"),
    _moment("joined_at"),
    sa.UniqueConstraint("melding_id", "person_id"),
)
sa.Index("ix_melders_person_id", melders.c.person_id)

events = sa.Table(
    "events",
    metadata,
    _id(),
    _melding(),
    _number("seq", 1),
    _moment("at"),
    _text("actor"),
    _text("event"),
    _text("why", default=""),
    sa.Column("data", sa.JSON, nullable=False),
    _text("previous_hash"),
    _text("hash"),
    sa.UniqueConstraint("melding_id", "seq"),
)

replies = sa.Table(
    "replies",
    metadata,
    _id(),
    _melding(),
    sa.Column("melder_id", sa.ForeignKey("melders.id"), nullable=False),
    sa.Column("event_id", sa.ForeignKey("events.id"), nullable=False),
    _text("channel"),
    _text("thread"),
    _text("reply_to"),
    _text("recipient"),
    _text("delivery"),
    _text("news"),
    _text("text"),
    _text("token"),
    _text("state"),
    _moment("due_at"),
    _moment("created_at"),
    _moment("sent_at", nullable=True),
    _text("external_id", nullable=True),
    _text("problem", nullable=True),
    _number("attempts"),
    _number("looks"),
    _moment("look_at", nullable=True),
    _moment("claimed_until", nullable=True),
    _text("decided_by", nullable=True),  # the colleague who decided that it goes; None: a machine did
    _text("guard", nullable=True),  # the guard that made it wait or holds it: routing.guards.Guard
    sa.Column("is_answer", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("options", default="[]"),  # the buttons under it, as JSON pairs of kind and label
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

guard_trips = sa.Table(
    "guard_trips",
    metadata,
    _id(),
    _moment("at"),
    _text("guard"),
    sa.Column("reply_id", sa.ForeignKey("replies.id"), nullable=False),
    _melding(),
    _moment("until", nullable=True),  # None: it waits for a colleague
    sa.UniqueConstraint("reply_id", "guard"),
)
sa.Index("ix_guard_trips_at", guard_trips.c.at)

switches = sa.Table(
    "switches",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("is_on", sa.Boolean, nullable=False),
    _text("by"),
    _text("why"),
    _moment("at"),
)

follow_links = sa.Table(
    "follow_links",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("melder_id", sa.ForeignKey("melders.id"), nullable=False),
    _moment("created_at"),
    _moment("expires_at"),
)

sa.Index("ix_follow_links_melder_id", follow_links.c.melder_id)

message_links = sa.Table(  # of the web form, whose writer may be nobody we know
    "message_links",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("message_id", sa.ForeignKey("messages.id"), nullable=False),
    _moment("created_at"),
    _moment("expires_at"),
)
sa.Index("ix_message_links_message_id", message_links.c.message_id)

restores = sa.Table(
    "restores",
    metadata,
    _id(),
    _moment("at"),
    sa.Column("handed_out", sa.BigInteger, nullable=False),  # a number of a melding up to here may have been told to somebody
    sa.Column("kept", sa.BigInteger, nullable=False),  # the highest number of a melding that came back
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _text("holder"),
    _number("fence"),
    _moment("until"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    _id(),
    sa.Column("reply_id", sa.ForeignKey("replies.id"), nullable=False),
    _number("number", 1),
    _moment("started_at"),
    _moment("ended_at", nullable=True),
    _text("outcome", nullable=True),
    _text("detail", nullable=True),
    sa.UniqueConstraint("reply_id", "number"),
)

colleagues = sa.Table(
    "colleagues",
    metadata,
    _id(),
    _text("name"),
    sa.Column("code_digest", sa.Text, nullable=False, unique=True),
    _text("invited_by"),
    _moment("invited_at"),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=True),
    _moment("joined_at", nullable=True),
)
sa.Index("ix_colleagues_person_id", colleagues.c.person_id)

accounts = sa.Table(
    "accounts",
    metadata,
    _id(),
    sa.Column("username", sa.Text, nullable=False, unique=True),
    _text("display_name"),
    _text("password_hash"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    _moment("created_at"),
    _moment("last_login_at", nullable=True),
    _number("failed_logins"),
    _moment("locked_until", nullable=True),
    _text("role", default="coordinator"),  # bot.roles
    sa.Column("sees_contacts", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("totp_secret", nullable=True),
    sa.Column("totp_counter", sa.BigInteger, nullable=False, server_default="0"),  # the last code that was used
    _text("vakafdeling", nullable=True),  # whose work this colleague does; None is the wijkbureau itself
    _text("identity_issuer", nullable=True),  # the provider of the organisation that vouches for this account
    _text("identity_subject", nullable=True),  # and what that provider calls it, for ever
    _text("language", nullable=True),  # in which the desk speaks to this colleague; None follows the browser
)
sa.Index("ix_accounts_identity", accounts.c.identity_issuer, accounts.c.identity_subject, unique=True)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    _text("csrf_token"),
    _moment("created_at"),
    _moment("expires_at"),
    _text("browser", default=""),
    sa.Column("by_organisation", sa.Boolean, nullable=False, server_default=sa.false()),
)

corrections = sa.Table(
    "corrections",
    metadata,
    _id(),
    _melding(),
    sa.Column("event_id", sa.ForeignKey("events.id"), nullable=False),
    _moment("made_at"),
    _text("text"),  # masked
    _text("language"),
    _text("channel"),
    _text("zone"),  # how far the machine went by itself
    _text("proposed_lead"),
    _text("proposed_topic"),
    sa.Column("probability", sa.Float, nullable=False),
    _text("chosen_lead"),
    _text("chosen_topic", nullable=True),  # null: the colleague named none that belongs to the chosen lead
    _text("kind"),
    _text("urgency"),
    sa.Column("involved", sa.JSON, nullable=False),
    sa.Column("needs_personal_contact", sa.Boolean, nullable=False),
    _text("versions"),  # of the model and the topic file that proposed
    sa.UniqueConstraint("melding_id", "event_id"),
)
sa.Index("ix_corrections_made_at", corrections.c.made_at)

model_promotions = sa.Table(
    "model_promotions",
    metadata,
    _id(),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    _moment("at"),
    _text("actor"),
    _text("step"),  # gepromoveerd | teruggedraaid
    _text("model"),
    _text("version"),
    sa.Column("figures", sa.JSON, nullable=False),
    _text("why", default=""),
    _text("previous_hash"),
    _text("hash"),
    sa.CheckConstraint("step IN ('gepromoveerd', 'teruggedraaid')", name="step"),
)

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
    _id(),
    _text("digest"),  # keyed, of a visitor's or an e-mail address; kept for a day
    _moment("at"),
)
sa.Index("ix_form_uses_digest_at", form_uses.c.digest, form_uses.c.at)

followers = sa.Table(
    "followers",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("melding_id", sa.ForeignKey("meldingen.id"), primary_key=True),
    _moment("since"),
    _moment("mentioned_at", nullable=True),  # a colleague named them in a note they have not seen yet
)

saved_filters = sa.Table(
    "saved_filters",
    metadata,
    _id(),
    _text("username"),
    _text("name"),
    _text("address"),
    sa.UniqueConstraint("username", "name"),
)

notes = sa.Table(
    "notes",
    metadata,
    _id(),
    _melding(),
    _text("username"),
    _text("text"),
    _moment("at"),
)
sa.Index("ix_notes_melding_id", notes.c.melding_id, notes.c.id)

tasks = sa.Table(
    "tasks",
    metadata,
    _id(),
    _melding(),
    _text("vakafdeling"),
    _text("what"),
    _text("state"),
    sa.Column("due_on", sa.Date, nullable=True),
    _text("why", default=""),
    _text("by"),
    _moment("at"),
    sa.CheckConstraint("state IN ('open', 'bezig', 'klaar', 'niet_van_ons', 'ingetrokken')", name="state"),
)
sa.Index("ix_tasks_melding_id", tasks.c.melding_id, tasks.c.id)
sa.Index("ix_tasks_vakafdeling", tasks.c.vakafdeling, tasks.c.state, tasks.c.melding_id)

links = sa.Table(
    "links",
    metadata,
    sa.Column("melding_id", sa.ForeignKey("meldingen.id"), primary_key=True),
    sa.Column("other_id", sa.ForeignKey("meldingen.id"), primary_key=True),
    _text("by"),
    _moment("at"),
)

edits = sa.Table(
    "edits",
    metadata,
    _id(),
    _text("subject"),  # a topic or a text of the municipality
    _text("field"),
    _text("value", nullable=True),  # None: as the file has it
    _text("by"),
    _text("why", default=""),
    _moment("at"),
)
sa.Index("ix_edits_subject", edits.c.subject, edits.c.field, edits.c.id)

journal = sa.Table(
    "journal",
    metadata,
    _id(),
    _moment("at"),
    _text("actor"),
    _text("action"),
    _text("object"),
    _text("detail", default=""),
    _text("previous_hash"),
    _text("hash"),
)
sa.Index("ix_journal_object", journal.c.object, journal.c.id)
