"""The grid audit (GRD-1, GRD-2): no blind area, no vacuum, grids of a workable size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gis.areas import store as areas
from gis.areas.levels import Level, SubjectKind
from gis.district import District
from gis.errors import NoData
from gis.grids import analysis, reasons, store
from gis.grids.model import FindingKind, GridFinding, Network
from gis.grids.pieces import polygons
from gis.grids.rules import AuditRules
from gis.grids.staffing import audit_staffing
from gis.policy import Policy
from gis.runs import digest
from gis.runs.append import columns_of
from gis.runs.model import Analysis
from gis.runs.store import Recorded, record

_WIDER = (Level.STREET, Level.DISTRICT)  # narrow first


@dataclass(frozen=True)
class GridAudit:
    """What `audit` found on ``as_of``.

    ``findings`` has the columns of table grid_findings and ``origin`` (what a sliver is a sliver
    of), geometry in EPSG:4326. ``totals`` has per network the number of grids, whether their edges
    form a coverage, and findings per kind; it is plain JSON.
    """

    as_of: date
    area_code: str
    policy: Policy
    input_digest: str
    networks: tuple[Network, ...]
    findings: gpd.GeoDataFrame
    totals: dict[str, Any]


def audit(
    session: Session,
    *,
    policy: Policy,
    district: District,
    as_of: date,
    networks: Sequence[Network] = (Network.UNIFIED,),
) -> GridAudit:
    """Look for gaps, overlaps, slivers, grids outside their community, vacuum and wrong size.

    Ground is looked at for each of ``networks``, measured in ``district.srid``; staff and
    households only for the unified grids, of which alone GRD-1 and GRD-2 speak.
    Raises NoData when no grid of any of the networks is valid on ``as_of``.
    """
    grids = store.grids_on(session, as_of=as_of, networks=networks)
    if grids.empty:
        wanted = ", ".join(networks)
        raise NoData(
            f"{as_of} 没有网格（{wanted}），请先导入 / "
            f"no grid of {wanted} is valid on {as_of}: import grids first"
        )
    divisions = areas.areas_on(session, as_of=as_of, levels=(Level.COMMUNITY, *_WIDER))
    sizes = areas.subjects_on(session, as_of=as_of, kinds=[SubjectKind.GRID])
    households = sizes.set_index("subject_code")["households"]
    rules = AuditRules.of(policy)
    places = _places(divisions.to_crs(district.srid), district.code)
    metric = grids.to_crs(district.srid)
    metric = metric.assign(
        households=metric["code"].map(households).astype("float64"), area_m2=metric.area
    )
    findings = [_network(metric, network, places, rules) for network in networks]
    found = _finished(pd.concat(findings, ignore_index=True), district.srid, rules)
    return GridAudit(
        as_of=as_of,
        area_code=district.code,
        policy=policy,
        input_digest=digest.of_frames({"grids": grids, "divisions": divisions, "sizes": sizes}),
        networks=tuple(networks),
        findings=found,
        totals={network.value: _totals(metric, found, network) for network in networks},
    )


def save(session: Session, found: GridAudit) -> Recorded:
    """Keep an audit as a run; the same inputs and rules find the run that is there."""
    return record(
        session, analysis=Analysis.GRIDS, period=None, as_of=found.as_of, policy=found.policy,
        input_digest=found.input_digest,
        parameters={"networks": [network.value for network in found.networks]},
        totals=found.totals, area_code=found.area_code,
        results={GridFinding: found.findings[columns_of(GridFinding)]},
    )  # fmt: skip


def _places(divisions: gpd.GeoDataFrame, district_code: str) -> analysis.Outlines:
    drawn = divisions[divisions.geometry.notna()]
    return analysis.outlines(
        divisions[divisions["level"] == Level.COMMUNITY],
        pd.concat([drawn[drawn["level"] == level] for level in _WIDER]),
        district_code=district_code,
    )


def _network(
    metric: gpd.GeoDataFrame, network: Network, places: analysis.Outlines, rules: AuditRules
) -> pd.DataFrame:
    """All findings of one network; a network without grids was merged already and has none."""
    grids = pd.DataFrame(metric[metric["network"] == network])
    if grids.empty:
        return pd.DataFrame()
    found = analysis.audit_ground(analysis.grids(grids, places), places, rules)
    if network is Network.UNIFIED:
        found = pd.concat([found, audit_staffing(grids, rules)], ignore_index=True)
    return found.assign(network=network.value)


def _finished(found: pd.DataFrame, srid: int, rules: AuditRules) -> gpd.GeoDataFrame:
    worded = reasons.with_reasons(found, rules)
    order = {kind.value: place for place, kind in enumerate(FindingKind)}
    keys = worded.assign(order=worded["kind"].map(order))
    by_kind = keys.sort_values(["network", "order", "area_code", "grid_codes", "area_m2"])
    sorted_rows = by_kind.drop(columns="order").reset_index(drop=True)
    return gpd.GeoDataFrame(sorted_rows, geometry="geom", crs=srid).to_crs(4326)


def _totals(metric: gpd.GeoDataFrame, found: pd.DataFrame, network: Network) -> dict[str, Any]:
    grids = polygons(metric.loc[metric["network"] == network, "geom"].to_numpy())
    own = found[found["network"] == network]
    counts = own["kind"].value_counts()
    uncovered = own[own["origin"] == FindingKind.GAP]
    return {
        "grids": len(grids),
        "edges_match": bool(shapely.coverage_is_valid(grids)),
        "findings": len(own),
        **{kind.value: int(counts.get(kind.value, 0)) for kind in FindingKind},
        "uncovered_m2": round(float(uncovered["area_m2"].sum()), 2),
    }
