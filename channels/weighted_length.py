"""How long X finds a text: 280 weighted characters, counted as the public twitter-text rules (version 3) say.

Text is normalised to NFC; letters of Western scripts and usual punctuation count 1, everything else 2, an emoji 2 however
many code points it has, a link 23. This module only counts.
"""

from __future__ import annotations

import re
import unicodedata

LINK_LENGTH = 23

_SINGLE = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}"  # bounded: a hostile text must not cost time
_PATH = r"(?::\d+)?(?:[/?#](?:[\w./?#=&%~+@:,;!'()$*-]*[\w/=&#%~+-])?)?"
_LINK = re.compile(rf"https?://{_DOMAIN}[a-z]{{2,24}}\b{_PATH}", re.IGNORECASE | re.ASCII)
_BARE_DOMAIN = re.compile(
    rf"(?<![\w@.]){_DOMAIN}(?:[a-z]{{2}}|com|org|net|gov|info|amsterdam|frl)\b{_PATH}", re.IGNORECASE | re.ASCII
)
_PICTOGRAPH = (
    r"[\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934-\u2b55\u3030\u303d\u3297\u3299"
    r"\U0001f000-\U0001faff]"
)
_EMOJI = re.compile(
    r"[\U0001f1e6-\U0001f1ff]{2}"  # flags
    r"|[0-9#*]\ufe0f?\u20e3"  # keycaps
    rf"|{_PICTOGRAPH}[\ufe0f\U0001f3fb-\U0001f3ff]{{0,2}}(?:\u200d{_PICTOGRAPH}[\ufe0f\U0001f3fb-\U0001f3ff]{{0,2}}){{0,4}}"
)


def weighted_length(text: str) -> int:
    """The length X counts, or a little more: what only looks like a link counts as the longer of the two."""
    without_links, links = _LINK.subn(" ", unicodedata.normalize("NFC", text))
    length = links * (LINK_LENGTH - 1)
    for domain in _BARE_DOMAIN.findall(without_links):
        length += max(0, LINK_LENGTH - len(domain))
    without_emoji, emoji = _EMOJI.subn("", without_links)
    return length + 2 * emoji + sum(_weight(character) for character in without_emoji)


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _SINGLE) else 2
