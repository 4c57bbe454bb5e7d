"""The one store: PostgreSQL with PostGIS, its cluster, sessions, migrations and named SQL."""
