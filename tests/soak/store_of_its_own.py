"""A private store in a temporary folder, for parts of the soak that kill what works on it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.house import House
from gis.db import migrate
from gis.db.cluster import Cluster
from gis.settings import Settings


@contextmanager
def house(**settings: object) -> Iterator[House]:
    """A house over a migrated, empty store; its home and its server leave at the end."""
    with tempfile.TemporaryDirectory(prefix="wangge-soak-") as folder:
        root = Path(folder)
        root.chmod(0o755)  # root's server runs as postgres and must get in
        cluster = Cluster(root / "store")
        urls = cluster.up()
        try:
            migrate.upgrade(urls.owner)
            yield House(
                Settings(
                    _env_file=None, database_url=urls.app, owner_url=urls.owner,
                    home=root / "home", **settings,
                )
            )  # fmt: skip
        finally:
            cluster.remove()
