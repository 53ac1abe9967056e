"""The office itself: its accounts and colleagues, what they changed, and what its processes agree on."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables.columns import id_column, metadata, moment_column, number_column, text_column

colleagues = sa.Table(
    "colleagues",
    metadata,
    id_column(),
    text_column("name"),
    sa.Column("code_digest", sa.Text, nullable=False, unique=True),
    text_column("invited_by"),
    moment_column("invited_at"),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=True),
    moment_column("joined_at", nullable=True),
)
sa.Index("ix_colleagues_person_id", colleagues.c.person_id)

accounts = sa.Table(
    "accounts",
    metadata,
    id_column(),
    sa.Column("username", sa.Text, nullable=False, unique=True),
    text_column("display_name"),
    text_column("password_hash"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    moment_column("created_at"),
    moment_column("last_login_at", nullable=True),
    number_column("failed_logins"),
    moment_column("locked_until", nullable=True),
    text_column("role", default="coordinator"),  # bot.roles
    sa.Column("sees_contacts", sa.Boolean, nullable=False, server_default=sa.false()),
    text_column("totp_secret", nullable=True),
    sa.Column("totp_counter", sa.BigInteger, nullable=False, server_default="0"),  # the last code that was used
    text_column("vakafdeling", nullable=True),  # whose work this colleague does; None is the wijkbureau itself
    text_column("identity_issuer", nullable=True),  # the provider of the organisation that vouches for this account
    text_column("identity_subject", nullable=True),  # and what that provider calls it, for ever
    text_column("language", nullable=True),  # in which the desk speaks to this colleague; None follows the browser
)
sa.Index("ix_accounts_identity", accounts.c.identity_issuer, accounts.c.identity_subject, unique=True)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    text_column("csrf_token"),
    moment_column("created_at"),
    moment_column("expires_at"),
    text_column("browser", default=""),
    sa.Column("by_organisation", sa.Boolean, nullable=False, server_default=sa.false()),
)

saved_filters = sa.Table(
    "saved_filters",
    metadata,
    id_column(),
    text_column("username"),
    text_column("name"),
    text_column("address"),
    sa.UniqueConstraint("username", "name"),
)

edits = sa.Table(
    "edits",
    metadata,
    id_column(),
    text_column("subject"),  # a topic or a text of the municipality
    text_column("field"),
    text_column("value", nullable=True),  # None: as the file has it
    text_column("by"),
    text_column("why", default=""),
    moment_column("at"),
)
sa.Index("ix_edits_subject", edits.c.subject, edits.c.field, edits.c.id)

journal = sa.Table(
    "journal",
    metadata,
    id_column(),
    moment_column("at"),
    text_column("actor"),
    text_column("action"),
    text_column("object"),
    text_column("detail", default=""),
    text_column("previous_hash"),
    text_column("hash"),
)
sa.Index("ix_journal_object", journal.c.object, journal.c.id)

model_promotions = sa.Table(
    "model_promotions",
    metadata,
    id_column(),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    moment_column("at"),
    text_column("actor"),
    text_column("step"),  # gepromoveerd | teruggedraaid
    text_column("model"),
    text_column("version"),
    sa.Column("figures", sa.JSON, nullable=False),
    text_column("why", default=""),
    text_column("previous_hash"),
    text_column("hash"),
    sa.CheckConstraint("step IN ('gepromoveerd', 'teruggedraaid')", name="step"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    text_column("holder"),
    number_column("fence"),
    moment_column("until"),
)

# No foreign keys: what is over soon waits for nobody who changes the melding, and a number that does not exist harms nobody.
presence = sa.Table(
    "presence",
    metadata,
    sa.Column("process", sa.Text, primary_key=True),
    sa.Column("melding_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("what", sa.Text, primary_key=True),  # bot.web.open_pages
    moment_column("until"),
)
sa.Index("ix_presence_until", presence.c.until)

restores = sa.Table(
    "restores",
    metadata,
    id_column(),
    moment_column("at"),
    sa.Column("handed_out", sa.BigInteger, nullable=False),  # a number of a melding up to here may have been told to somebody
    sa.Column("kept", sa.BigInteger, nullable=False),  # the highest number of a melding that came back
)
