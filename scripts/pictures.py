"""Takes the pictures of the documents from map pages with Chromium.

Usage: pictures.py MAPS_FOLDER OUT_FOLDER [demo|sheffield]; the README's (``make pictures``) after
``wangge demo --size district``, Sheffield's after the commands of docs/real-data.md.
"""

import base64
import shutil
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, sync_playwright

LARGEST = 300_000  # bytes of one picture in the repository
SIZES = {"desk": (1280, 800), "phone": (390, 844)}


@dataclass(frozen=True)
class Picture:
    """One page at one size; ``script`` runs before the picture is taken.

    ``demo``: the page must say that its data are invented.
    """

    name: str
    page: str
    size: str = "desk"
    script: str = ""
    demo: bool = True


OPEN_RED = """async () => {
    const { index } = wangge.layers.get("rating");
    const row = index.class.lastIndexOf(0, 1200);
    wangge.map.setView([index.lat[row], index.lon[row]], 15, { animate: false });
    await wangge.open("rating", index.key[row], { fly: false });
}"""
NEIGHBOURHOOD = """() => {
    wangge.map.setView([53.3805, -1.4690], 16, { animate: false });
}"""
ONE_CAMERA = """async () => {
    const key = "6e8e616aeee1b56a:120:potential:detect";
    const { index } = wangge.layers.get("view_fields");
    const row = index.key.indexOf(key);
    wangge.map.setView([index.lat[row], index.lon[row]], 19, { animate: false });
    await wangge.open("view_fields", key, { fly: false });
}"""
DECODE = """async (png) => {
    const sent = await fetch("data:image/png;base64," + png);
    const image = await createImageBitmap(await sent.blob());
    const brush = new OffscreenCanvas(image.width, image.height).getContext("2d");
    brush.drawImage(image, 0, 0);
    const { data } = brush.getImageData(0, 0, image.width, image.height);
    const reader = new FileReader();
    const read = new Promise((done) => { reader.onload = () => done(reader.result); });
    reader.readAsDataURL(new Blob([data]));
    return [image.width, image.height, (await read).split(",")[1]];
}"""
PICTURES = {
    "demo": (
        Picture("combined", "combined", script=OPEN_RED),
        Picture("coverage", "coverage"),
        Picture("rating-phone", "rating", "phone"),
        Picture("rental-h3", "rental_h3"),
        Picture("grid-audit", "grid_audit"),
    ),
    "sheffield": (
        Picture("sheffield-city", "video_coverage", demo=False),
        Picture("sheffield-centre", "view_fields", script=NEIGHBOURHOOD, demo=False),
        Picture("sheffield-camera", "view_fields", script=ONE_CAMERA, demo=False),
    ),
}


def main(maps: Path, out: Path, of: str = "demo") -> None:
    """Take every picture; a picture that is too large or without the demo's mark ends the run."""
    out.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for picture in PICTURES[of]:
            content = compact(taken(browser, maps, picture))
            if len(content) > LARGEST:
                raise SystemExit(f"{picture.name}: {len(content)} bytes are more than {LARGEST}")
            (out / f"{picture.name}.png").write_bytes(content)
            sys.stderr.write(f"{picture.name}.png {len(content) // 1000} kB\n")
        browser.close()


def taken(browser: Browser, maps: Path, picture: Picture) -> NDArray[np.uint8]:
    """The page as (height, width, 3) pixels."""
    width, height = SIZES[picture.size]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto((maps / f"{picture.page}.html").resolve().as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    if picture.script:
        page.evaluate(picture.script)
    if picture.demo and not page.is_visible(".badge.demo"):
        raise SystemExit(f"{picture.name}: the page does not say that its data are a demo")
    page.wait_for_timeout(500)
    shot = page.screenshot()
    page.close()
    return pixels(browser, shot)


def pixels(browser: Browser, png: bytes) -> NDArray[np.uint8]:
    """The pixels of a PNG, decoded by the browser."""
    page = browser.new_page()
    width, height, text = page.evaluate(DECODE, base64.b64encode(png).decode())
    page.close()
    rgba = np.frombuffer(base64.b64decode(text), np.uint8)
    return rgba.reshape(height, width, 4)[:, :, :3]


def compact(image: NDArray[np.uint8], colours: int = 256) -> bytes:
    """The image as a PNG with a palette found by median cut (Heckbert 1982)."""
    distinct, inverse, count = np.unique(
        image.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    boxes = [np.arange(len(distinct))]
    while len(boxes) < min(colours, len(distinct)):
        spread = [np.ptp(distinct[box], axis=0).max() * count[box].sum() ** 0.5 for box in boxes]
        box = boxes.pop(int(np.argmax(spread)))
        axis = int(np.argmax(np.ptp(distinct[box], axis=0)))
        box = box[np.argsort(distinct[box, axis], kind="stable")]
        half = np.searchsorted(np.cumsum(count[box]), count[box].sum() / 2)
        cut = min(max(int(half), 1), len(box) - 1)
        boxes += [box[:cut], box[cut:]]
    palette = np.array([np.average(distinct[box], axis=0, weights=count[box]) for box in boxes])
    nearest = np.zeros(len(distinct), np.uint8)
    for index, box in enumerate(boxes):
        nearest[box] = index
    return written(nearest[inverse.ravel()].reshape(image.shape[:2]), palette.round().astype("u1"))


def written(indices: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """A palette PNG without filters, which suits flat colours best."""
    high, wide = indices.shape
    lines = np.hstack([np.zeros((high, 1), np.uint8), indices])
    header = struct.pack(">IIBBBBB", wide, high, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", palette.tobytes()),
             (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
