"""The store's server: a PostgreSQL of the caller's choice, or a private one inside the home."""

from gis.db.cluster.external import resolve_urls
from gis.db.cluster.private import Cluster, ClusterStatus
from gis.db.cluster.urls import Urls

__all__ = ["Cluster", "ClusterStatus", "Urls", "resolve_urls"]
