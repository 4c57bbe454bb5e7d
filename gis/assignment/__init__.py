"""Which community, grid and compound hold a record: assigned when it is written."""
