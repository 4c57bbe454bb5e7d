"""The whole invented district in memory, drawn in the order in which parts need each other."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.demo import (
    buildings,
    camera_law,
    cameras,
    compounds,
    counts,
    divisions,
    facilities,
    grids,
    incidents,
    lattice,
    lots,
    outlines,
    rentals,
    streets,
)  # fmt: skip
from data.demo.grids import Fault
from data.demo.kinds import KINDS
from data.demo.sizes import PERSONS_PER_HOUSEHOLD, SIZES, Scale, Size, stream
from data.reference import codes
from gis.arrays import Ints

HOUSEHOLDS_PER_WORKER = 500  # COM-2


@dataclass(frozen=True)
class World:
    """Every part; ``households`` and ``residents`` (k,) of the communities."""

    lattice: lattice.Lattice
    divisions: divisions.Divisions
    grids: grids.Grids
    posts: pd.DataFrame
    lots: lots.Lots
    compounds: compounds.Compounds
    buildings: buildings.Buildings
    register: facilities.Register
    incidents: incidents.Incidents
    lettings: rentals.Lettings
    cameras: cameras.Cameras
    private_places: pd.DataFrame
    households: Ints
    residents: Ints
    faults: tuple[Fault, ...]


def draw(size: Size, seed: int) -> World:
    """Draw everything from the seed; each part has its own random numbers."""
    scale: Scale = SIZES[size]
    blocks = lattice.build(scale, outlines.outline(scale, size), stream(seed, "lattice"))
    ground = divisions.assign(blocks, scale, size, stream(seed, "divisions"))
    sound = grids.households(ground, scale, stream(seed, "households"))
    damaged = grids.damaged(sound, blocks, ground, scale, stream(seed, "faults"))
    posts, vacuums = grids.posts(ground, scale, stream(seed, "posts"))
    plots = lots.lay_out(blocks, ground, scale.compounds, stream(seed, "lots"))
    homes = compounds.describe(blocks, ground, plots, sound.households, stream(seed, "compounds"))
    owner = ground.of_block[plots.block]
    houses = buildings.place(
        plots, homes, owner, ground.codes, scale.buildings, stream(seed, "buildings")
    )
    here = np.bincount(ground.community_of_grid, weights=sound.households).astype(np.int64)
    register = facilities.register(
        ground.codes.tolist(), short_names(ground), here, houses, stream(seed, "facilities")
    )
    roads = streets.edges(blocks, ground, plots)
    happened = incidents.happen(homes, houses, roads, scale, stream(seed, "incidents"))
    lettings = rentals.let(homes, houses, scale, stream(seed, "rentals"))
    region = np.array([code[:6] for code in ground.codes])
    points = cameras.mount(
        homes, plots.polygon, houses, roads, region, scale, stream(seed, "cameras")
    )
    film = camera_law.plant(points, houses, stream(seed, "video law"))
    noise = stream(seed, "residents").normal(1, 0.04, len(here))
    people = np.rint(here * PERSONS_PER_HOUSEHOLD * noise).astype(np.int64)
    return World(
        blocks, ground, damaged, posts, plots, homes, houses, register, happened, lettings,
        film.cameras, film.places, here, people,
        damaged.faults + vacuums + points.faults + film.faults,
    )  # fmt: skip


def short_names(ground: divisions.Divisions) -> list[str]:
    """The communities' names as they stand before a facility's: 翠湖西路社区."""
    names = codes.names()
    return [
        names[code].replace("居民委员会", "").replace("村民委员会", "村").replace("居委会", "")
        for code in ground.codes.tolist()
    ]


def areas_frame(world: World, scale: Scale, rng: np.random.Generator) -> pd.DataFrame:
    """All divisions with outline and figures; a part of the communities is short of workers."""
    names = codes.names()
    staff = np.ceil(world.households / HOUSEHOLDS_PER_WORKER) + rng.choice(
        [-2, -1, 0, 1, 2], p=[0.05, 0.12, 0.4, 0.3, 0.13], size=len(world.households)
    )
    staff = np.maximum(staff, 1).astype(np.int64)
    new = rng.random(len(staff)) < 0.08
    rows = []
    for digits, level in ((4, "city"), (6, "district"), (9, "street"), (12, "community")):
        if digits == 4 and scale.top[:6] != "530100":
            continue
        for key, polygon in world.divisions.polygons(digits).items():
            code = f"{key}00" if digits == 4 else key
            own = np.char.startswith(world.divisions.codes, key)
            parent = None if code == scale.top else "530100" if digits == 6 else code[:-3]
            rows.append(
                {
                    "code": code, "level": level, "name": names[code], "parent_code": parent,
                    "households": int(world.households[own].sum()),
                    "residents": int(world.residents[own].sum()),
                    "workers": int(staff[own].sum()),
                    "newly_built": bool(new[own][0]) if digits == 12 else False,
                    "valid_from": "2023-07-01", "geometry": polygon,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def compounds_frame(world: World) -> pd.DataFrame:
    """The compounds as their register states them, with entrances as WKT in degrees."""
    made, count = world.compounds, len(world.compounds)
    floating = np.minimum(world.lettings.floating(count), made.residents)
    houses = np.bincount(world.buildings.compound[world.buildings.compound >= 0], minlength=count)
    kind = np.array([kind.value for kind in KINDS])[made.kind]
    number = np.arange(count) % 180 + 1
    return pd.DataFrame(
        {
            "code": made.code, "name": made.name,
            "address": [f"{road}{n}号" for road, n in zip(made.road, number, strict=True)],
            "kind": kind, "gated": made.gated, "property_managed": made.managed,
            "buildings": houses, "dwellings": made.dwellings, "households": made.households,
            "households_as_of": [day.isoformat() for day in made.counted_on],
            "residents": made.residents, "floating_residents": floating,
            "rented_dwellings": world.lettings.per_compound(count),
            "built_year": made.built_year, "valid_from": "2023-07-01",
            "geometry": world.lots.polygon,
        }
    )  # fmt: skip


def buildings_frame(world: World) -> pd.DataFrame:
    """The buildings with footprint, storeys, height, use and dwellings."""
    made = world.buildings
    return pd.DataFrame(
        {
            "key": made.key, "storeys": made.storeys, "height_m": made.height_m,
            "use": made.use, "dwellings": made.dwellings, "geometry": made.polygon,
        }
    )  # fmt: skip


def counts_frame(world: World) -> pd.DataFrame:
    """Household counts of compounds and communities on three days."""
    count = len(world.compounds)
    floating = np.minimum(world.lettings.floating(count), world.compounds.residents)
    return counts.history(
        world.compounds, floating, world.lettings.per_compound(count),
        world.divisions.codes.tolist(), world.households, world.residents,
    )  # fmt: skip
