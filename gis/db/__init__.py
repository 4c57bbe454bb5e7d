"""The one store: PostgreSQL with PostGIS, its cluster, sessions, migrations and named SQL."""

SCHEMA = "wangge"  # of every table; here, for models take half a second to import
