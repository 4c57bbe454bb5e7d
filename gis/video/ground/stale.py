"""Stored view fields that no longer hold, and those in their place, some points at a time."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gis.arrays import Ints
from gis.district import District
from gis.video import view
from gis.video.ground import scenes, survey
from gis.video.ground import store as ground_store
from gis.video.ground.survey import Scene
from gis.video.view_rules import ViewRules

_MOST_AHEAD = 4  # batches drawn at once: each stands in memory until it is written
_BATCH = 1_000  # points at a time: eight fields each, and their text for the store


@dataclass(frozen=True)
class Stale:
    """``gone``: points whose fields are to be forgotten; ``chosen``: numbers of those to draw."""

    gone: list[str]
    chosen: Ints
    scene: Scene
    cameras: pd.DataFrame
    digests: NDArray[np.object_]
    rules: ViewRules
    district: District

    @classmethod
    def of(
        cls, session: Session, scene: Scene, cameras: pd.DataFrame,
        digests: NDArray[np.uint64], rules: ViewRules, district: District,
    ) -> "Stale":  # fmt: skip
        """The points whose digest is not the stored one, and those that are no longer there.

        A field is read by who may read its point's area, so that is a part of what is compared.
        """
        stored = ground_store.view_digests(session)
        words = [f"{d:016x}@{area}" for d, area in zip(digests, cameras["area_code"], strict=True)]
        now = pd.Series(words, index=cameras["camera"], dtype=object)
        fine = now.index[now.eq(stored.reindex(now.index))]
        chosen = np.flatnonzero(~cameras["camera"].isin(fine).to_numpy())
        gone = [*stored.index.difference(now.index), *cameras["camera"].iloc[chosen]]
        return cls(gone, chosen, scene, cameras, now.to_numpy(dtype=object), rules, district)

    def frames(self) -> Iterator[gpd.GeoDataFrame]:
        """Rows of view_fields in batches; fields that show nothing are left out.

        While a batch is being written the next ones are drawn, one on each core.
        """
        cores = min(len(os.sched_getaffinity(0)), _MOST_AHEAD)
        drawn: deque[Future[gpd.GeoDataFrame]] = deque()
        with ThreadPoolExecutor(cores) as pool:
            for begin in range(0, len(self.chosen), _BATCH):
                drawn.append(pool.submit(self._frame, self.chosen[begin : begin + _BATCH]))
                if len(drawn) > cores:
                    yield drawn.popleft().result()
            while drawn:
                yield drawn.popleft().result()

    def _frame(self, chosen: Ints) -> gpd.GeoDataFrame:
        home, potential = (
            view.drawn(views(self.scene, chosen), self.scene.obstacles, self.rules)
            for views in (survey.home_views, survey.potential_views)
        )
        shapes = np.concatenate([home.ravel(order="F"), potential.ravel(order="F")])
        qualities, points = self.rules.quality_names, len(chosen)
        turns = 2 * len(qualities)
        of = self.scene.optics
        assumed = np.stack([of.assumed.any(axis=1), of.potential_assumed])[:, chosen]
        rows = pd.DataFrame(
            {
                "area_code": np.tile(self._column("area_code", chosen), turns),
                "camera_key": np.tile(self._column("camera", chosen), turns),
                "quality": np.tile(np.repeat(np.array(qualities, dtype=object), points), 2),
                "looks": np.repeat(["home", "potential"], points * len(qualities)),
                "digest": np.tile(self.digests[chosen], turns),
                "area_m2": shapely.area(shapes),
                "assumed": np.tile(assumed, len(qualities)).ravel(),
            }
        )
        some = rows["area_m2"].to_numpy() > 0
        return scenes.degrees(rows[some], shapes[some], self.district)

    def _column(self, name: str, chosen: Ints) -> NDArray[np.object_]:
        return self.cameras[name].to_numpy(dtype=object)[chosen]
