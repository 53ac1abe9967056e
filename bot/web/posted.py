"""A form that may bring files along, read up to a limit. Judges no file.

The files come last in our forms, so that what was typed is there also when they are too large.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bot.web.forms import MAX_BYTES, Form, FormError, read_form
from bot.web.language import gettext

_FORM_WITH_FILES = "multipart/form-data"
_MOST_FIELDS, _MOST_FILES = 80, 20
_MOST_IGNORED = 200_000_000  # bytes; a browser shows our answer only after it could send everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """`files` hold something; the caller closes them. `is_too_large`: they came to more than was allowed and are not here."""

    form: Form
    files: tuple[UploadFile, ...] = ()
    is_too_large: bool = False

    async def close(self) -> None:
        for file in self.files:
            await file.close()


class _TooLargeError(MultiPartException):
    pass


async def read_posted(request: Request, largest: int) -> Posted:
    """Read a form with files of together at most `largest` bytes. Raises FormError when it is no form or cannot be used."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_WITH_FILES:
        return Posted(form=await read_form(request))
    stream = request.stream()
    parser = MultiPartParser(
        request.headers,
        _bounded(stream, largest + MAX_BYTES),
        max_files=_MOST_FILES,
        max_fields=_MOST_FIELDS,
        max_part_size=MAX_BYTES,
    )
    try:
        await parser.parse()
    except _TooLargeError:
        await _ignore_rest(stream)
        return Posted(form=_form_of(parser), is_too_large=True)
    except (MultiPartException, KeyError, ValueError):  # the parser meets what no browser sends in more ways than it names
        raise FormError(gettext("Het formulier is niet compleet. Laad de pagina opnieuw en probeer het nog eens.")) from None
    files = tuple(value for _, value in parser.items if isinstance(value, UploadFile))
    return Posted(form=_form_of(parser), files=tuple(file for file in files if file.size))


async def _bounded(stream: AsyncGenerator[bytes, None], most: int) -> AsyncGenerator[bytes, None]:
    read = 0
    async for chunk in stream:
        read += len(chunk)
        if read > most:
            raise _TooLargeError("too large")
        yield chunk


async def _ignore_rest(stream: AsyncGenerator[bytes, None]) -> None:
    ignored = 0
    async for chunk in stream:
        ignored += len(chunk)
        if ignored > _MOST_IGNORED:
            return


def _form_of(parser: MultiPartParser) -> Form:
    pairs = tuple((name, value) for name, value in parser.items if isinstance(value, str))
    return Form(dict(pairs), pairs)
