"""Makes a picture safe to show: read by Pillow, its place told, and written anew without anything but its points."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore

from PIL import Image, ImageOps

from routing.errors import WijkbalieError
from routing.messages import GeoPoint
from routing.sentences import said

LARGEST = 60_000_000  # points; a photo of a telephone has up to 50 million
# Written anew it takes 8 bytes of memory a point. A flood of photos, of the form and of the channels together, waits its turn.
_TURNS = BoundedSemaphore(2)
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "PNG"}
_GPS, _LAT, _LON = 0x8825, (1, 2), (3, 4)  # EXIF 2.32: the GPS part, and in it reference and value of each


class PictureError(WijkbalieError):
    """This is no picture that can be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """`media_type` is that of the file that was written; `place` where the photo says it was taken."""

    media_type: str
    place: GeoPoint | None = field(repr=False)


def clean(source: Path, target: Path, media_type: str) -> Cleaned:
    """Write the picture anew, upright and without EXIF, comments or thumbnails. Of a moving one the first image is kept.

    Raises PictureError for what is no picture, or too large a one to open; OSError when the disk does not take it.
    """
    try:
        with _TURNS, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _rewritten(source, target, media_type)
    except PictureError:
        raise
    except Exception as error:  # a reader of hostile bytes fails in more ways than its makers name
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the picture
        raise PictureError(said("dit is geen leesbare foto (%(kind)s)", kind=type(error).__name__)) from None


def _rewritten(source: Path, target: Path, media_type: str) -> Cleaned:
    form = _FORMATS[media_type]
    plain, place = _read(source, "RGB" if form == "JPEG" else "RGBA")
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    bare.save(target, form, **({"quality": 90} if form == "JPEG" else {}))
    return Cleaned(media_type="image/png" if form == "PNG" else media_type, place=place)


def _read(source: Path, mode: str) -> tuple[Image.Image, GeoPoint | None]:
    """The picture upright, and where it was taken. What was read is let go on return: each copy takes 4 bytes a point."""
    with Image.open(source, formats=("JPEG", "PNG", "WEBP", "GIF")) as picture:
        if picture.width * picture.height > LARGEST:
            raise PictureError(said("de foto telt meer dan %(millions)s miljoen punten", millions=LARGEST // 1_000_000))
        place = _place_of(picture)
        picture.info.pop("exif", None)  # read already; Pillow would write it anew, and stumble over what telephones put there
        ImageOps.exif_transpose(picture, in_place=True)
        return picture.convert(mode), place


def _place_of(picture: Image.Image) -> GeoPoint | None:
    try:
        gps = picture.getexif().get_ifd(_GPS)
        lat, lon = (_degrees(gps[reference], gps[value]) for reference, value in (_LAT, _LON))
    except Exception:  # noqa: BLE001 - a photo with damaged particulars is still a photo
        return None
    is_on_earth = abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0, 0)
    return GeoPoint(lat=lat, lon=lon) if is_on_earth else None


def _degrees(reference: str, parts: tuple[float, float, float]) -> float:
    degrees = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
    return -degrees if reference in {"S", "W"} else degrees
