"""Photos as they are stored: upright, at most 1,600 pixels wide or high, without metadata."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from gis.errors import BadInput

MOST_BYTES = 12_000_000  # what a phone's camera makes, with room
_MOST_PIXELS = 60_000_000
_SIDE_PX = 1_600  # a door, a stair, a cable can be told; few faces in a crowd
_QUALITY = 78


class BadPhoto(BadInput):
    """The file is no photo that can be kept."""

    code = "bad_photo"


def clean(body: bytes) -> bytes:
    """``body`` (JPEG, PNG or WebP) as JPEG: turned upright, made smaller, everything else dropped.

    The picture is drawn anew, so position, time, device and preview do not survive.
    Raises BadPhoto for another kind of file, a broken one, or one that is too large.
    """
    if len(body) > MOST_BYTES:
        raise BadPhoto("照片超过 12 MB / the photo is larger than 12 MB")
    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise BadPhoto("照片像素过多 / the photo has too many pixels")
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as exc:
        raise BadPhoto(
            "文件不是可用的照片（JPEG、PNG、WebP） / the file is no usable photo (JPEG, PNG, WebP)"
        ) from exc
    upright.thumbnail((_SIDE_PX, _SIDE_PX))
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
