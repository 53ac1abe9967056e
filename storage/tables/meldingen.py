"""Meldingen: who takes part, what happened, and what colleagues do about it."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables.columns import id_column, melding_column, metadata, moment_column, number_column, text_column

# The database derives these, so that a queue is one range of one index whoever writes the status.
_STAGE = (
    "CASE WHEN status IN ('nieuw', 'te_beoordelen', 'heropend') THEN 'te_beoordelen' "
    "WHEN status IN ('doorgezet', 'in_behandeling', 'ingepland') THEN 'loopt' "
    "WHEN status = 'wacht_op_melder' THEN 'wacht_op_melder' ELSE 'afgesloten' END"
)
_RANK = "CASE urgency WHEN 'noodgeval' THEN 0 WHEN 'hoog' THEN 1 WHEN 'normaal' THEN 2 ELSE 3 END"

meldingen = sa.Table(
    "meldingen",
    metadata,
    id_column(),
    text_column("status"),
    text_column("status_before_question", nullable=True),
    text_column("lead"),
    sa.Column("involved", sa.JSON, nullable=False),
    text_column("partner", nullable=True),
    text_column("topic"),
    text_column("kind"),
    text_column("urgency"),
    text_column("language"),
    text_column("zone"),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("proposal", sa.JSON, nullable=False),
    text_column("summary"),
    text_column("street", nullable=True),
    text_column("buurt", nullable=True),
    text_column("wijk", nullable=True),
    sa.Column("lat", sa.Float, nullable=True),
    sa.Column("lon", sa.Float, nullable=True),
    sa.Column("needs_personal_contact", sa.Boolean, nullable=False),
    text_column("contact_person", nullable=True),
    moment_column("planned_for", nullable=True),
    moment_column("promised_at", nullable=True),
    number_column("promise_no"),
    text_column("outcome", nullable=True),  # opgelost | niet_opgelost | geen_actie_nodig
    text_column("not_solved_reason", nullable=True),
    sa.Column("merged_into_id", sa.ForeignKey("meldingen.id"), nullable=True),
    moment_column("created_at"),
    moment_column("updated_at"),
    number_column("event_count"),
    text_column("last_hash", default=""),
    sa.Column("is_emergency", sa.Boolean, nullable=False, server_default=sa.false()),
    text_column("question", nullable=True),  # what we wait to hear: a routing.questions.Question, or a colleague's own words
    sa.Column("asked_person_id", sa.Integer, nullable=True),  # None: every melder was asked
    moment_column("asked_at", nullable=True),
    moment_column("reminded_at", nullable=True),
    text_column("asked", default=""),  # the questions that were asked already, separated by blanks
    moment_column("warned_for", nullable=True),  # the promised moment that staff were warned of
    number_column("promises_broken"),  # promised moments in a row that came without real news
    number_column("escalation_proposed"),  # step of the ladder that was proposed to staff; 0: none
    number_column("escalation_decided"),  # step of the ladder that a colleague decided about
    text_column("feedback", nullable=True),  # gevraagd | ja | nee
    moment_column("appointment_at", nullable=True),
    text_column("appointment_place", nullable=True),  # None: we call
    text_column("appointment_guests", default=""),  # mail addresses of colleagues who join, separated by blanks
    moment_column("snoozed_until", nullable=True),
    text_column("returned_by", nullable=True),  # the vakafdeling that said it is not theirs, until somebody decides again
    sa.Column("is_held", sa.Boolean, nullable=False, server_default=sa.false()),  # kept past its time
    moment_column("emptied_at", nullable=True),  # when who wrote and what was written went
    sa.Column("stage", sa.Text, sa.Computed(_STAGE, persisted=True)),  # which of the four heaps its status belongs to
    sa.Column("rank", sa.Integer, sa.Computed(_RANK, persisted=True)),  # 0 is danger, 3 can wait
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
    id_column(),
    melding_column(),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False),
    text_column("channel"),
    text_column("thread"),
    text_column("reply_to"),
    text_column("visibility"),
    text_column("language"),
    moment_column("joined_at"),
    sa.UniqueConstraint("melding_id", "person_id"),
)
sa.Index("ix_melders_person_id", melders.c.person_id)

events = sa.Table(
    "events",
    metadata,
    id_column(),
    melding_column(),
    number_column("seq", 1),
    moment_column("at"),
    text_column("actor"),
    text_column("event"),
    text_column("why", default=""),
    text_column("why_salt", nullable=True),  # both for what a colleague typed, so that it can be taken out
    text_column("why_digest", nullable=True),
    sa.Column("data", sa.JSON, nullable=False),
    text_column("previous_hash"),
    text_column("hash"),
    sa.UniqueConstraint("melding_id", "seq"),
)

notes = sa.Table(
    "notes",
    metadata,
    id_column(),
    melding_column(),
    text_column("username"),
    text_column("text"),
    moment_column("at"),
)
sa.Index("ix_notes_melding_id", notes.c.melding_id, notes.c.id)

tasks = sa.Table(
    "tasks",
    metadata,
    id_column(),
    melding_column(),
    text_column("vakafdeling"),
    text_column("what"),
    text_column("state"),
    sa.Column("due_on", sa.Date, nullable=True),
    text_column("why", default=""),
    text_column("by"),
    moment_column("at"),
    sa.CheckConstraint("state IN ('open', 'bezig', 'klaar', 'niet_van_ons', 'ingetrokken')", name="state"),
)
sa.Index("ix_tasks_melding_id", tasks.c.melding_id, tasks.c.id)
sa.Index("ix_tasks_vakafdeling", tasks.c.vakafdeling, tasks.c.state, tasks.c.melding_id)

links = sa.Table(
    "links",
    metadata,
    sa.Column("melding_id", sa.ForeignKey("meldingen.id"), primary_key=True),
    sa.Column("other_id", sa.ForeignKey("meldingen.id"), primary_key=True),
    text_column("by"),
    moment_column("at"),
)

followers = sa.Table(
    "followers",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("melding_id", sa.ForeignKey("meldingen.id"), primary_key=True),
    moment_column("since"),
    moment_column("mentioned_at", nullable=True),  # a colleague named them in a note they have not seen yet
)

corrections = sa.Table(
    "corrections",
    metadata,
    id_column(),
    melding_column(),
    sa.Column("event_id", sa.ForeignKey("events.id"), nullable=False),
    moment_column("made_at"),
    text_column("text"),  # masked
    text_column("language"),
    text_column("channel"),
    text_column("zone"),  # how far the machine went by itself
    text_column("proposed_lead"),
    text_column("proposed_topic"),
    sa.Column("probability", sa.Float, nullable=False),
    text_column("chosen_lead"),
    text_column("chosen_topic", nullable=True),  # null: the colleague named none that belongs to the chosen lead
    text_column("kind"),
    text_column("urgency"),
    sa.Column("involved", sa.JSON, nullable=False),
    sa.Column("needs_personal_contact", sa.Boolean, nullable=False),
    text_column("versions"),  # of the model and the topic file that proposed
    sa.UniqueConstraint("melding_id", "event_id"),
)
sa.Index("ix_corrections_made_at", corrections.c.made_at)
