"""What it means when the database takes nothing or does not answer, in sentences with a remedy. Drivers' errors stop here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import ExceptionContext

from routing.errors import StaleError, StorageUnavailableError
from routing.sentences import said

_SQLITE = {
    "SQLITE_FULL": said("de schijf is vol; maak ruimte vrij"),
    "SQLITE_READONLY": said("de database is alleen te lezen; geef het proces schrijfrechten op het bestand en de map"),
    "SQLITE_IOERR": said("de schijf geeft fouten; kijk de schijf na"),
    "SQLITE_CANTOPEN": said("het databasebestand kan niet worden geopend; kijk of map en bestand er zijn en van het proces zijn"),
    "SQLITE_BUSY": said("een ander proces houdt de database te lang bezet; kijk wat er nog meer draait"),
    "SQLITE_CORRUPT": said("het databasebestand is beschadigd; zet een reservekopie terug met 'wijkbalie restore'"),
    "SQLITE_NOTADB": said("het bestand is geen database; kijk database.url na of zet een reservekopie terug"),
}
# SQLSTATE, appendix A of the PostgreSQL manual: the code, or its class.
_POSTGRES = {
    "53100": said("de schijf van de databaseserver is vol; maak ruimte vrij"),
    "53300": said("de databaseserver heeft te veel verbindingen; verhoog max_connections of draai minder processen"),
    "53": said("de databaseserver heeft te weinig middelen; kijk de server na"),
    "25006": said("de database is alleen te lezen; kijk of dit de hoofdserver is"),
    "28": said("de databaseserver weigert de gebruiker; kijk database.url na"),
    "3D": said("de database bestaat niet; kijk database.url na"),
    "57P": said("de databaseserver stopt of start; wacht tot zij er weer is"),
    "08": said("de databaseserver is niet bereikbaar; kijk of zij draait en of het netwerk het doet"),
}
# Serialization failure, deadlock: PostgreSQL ended this transaction to let a rival's go on. All of it can be done again.
_RIVAL_WAS_FIRST = frozenset({"40001", "40P01"})
_UNREACHABLE = _POSTGRES["08"]


def tell_apart(engine: sa.Engine) -> None:
    """From now on raise StorageUnavailableError for trouble of the database itself, and StaleError when a rival was in the way.

    Other errors stay as they are.
    """
    sa.event.listen(engine, "handle_error", _translate)


def _translate(context: ExceptionContext) -> None:
    if getattr(context.original_exception, "sqlstate", None) in _RIVAL_WAS_FIRST:
        raise StaleError(said("Iemand anders wijzigde op hetzelfde moment hetzelfde. Laad de pagina opnieuw.")) from None
    problem = _problem(context)
    if problem is not None and not context.is_pre_ping:
        raise StorageUnavailableError(said("De database werkt niet mee: %(problem)s.", problem=problem)) from None


def _problem(context: ExceptionContext) -> str | None:
    name = getattr(context.original_exception, "sqlite_errorname", None)
    if name is not None:
        return next((sentence for prefix, sentence in _SQLITE.items() if name.startswith(prefix)), None)
    code = getattr(context.original_exception, "sqlstate", None)
    if code is not None:
        return next((sentence for prefix, sentence in _POSTGRES.items() if code.startswith(prefix)), None)
    is_operational = isinstance(context.sqlalchemy_exception, sa.exc.OperationalError)
    return _UNREACHABLE if context.is_disconnect or is_operational else None
