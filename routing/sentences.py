"""Sentences that a colleague may read in another language: written in Dutch, marked so that the desk can tell them again.

What is stored and raised is the Dutch sentence itself; `bot.web.retelling` knows it again by its template.
"""

from __future__ import annotations


def said(template: str, **facts: object) -> str:
    """The sentence, with its facts filled in: `%(name)s`. A bare percent sign is `%%`."""
    return template % facts
