"""PostgreSQL and Valkey, written once for every platform."""
