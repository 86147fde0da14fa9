from tests.buckets import bucket
from tests.engine.conftest import (
    any_engine,
    engine,
    kept_postgres,
    kept_postgres_url,
    migrated_postgres_url,
    migrated_sqlite_url,
    migrated_url,
    postgres_server,
    sqlite_url,
)

__all__ = [
    "any_engine",
    "bucket",
    "engine",
    "kept_postgres",
    "kept_postgres_url",
    "migrated_postgres_url",
    "migrated_sqlite_url",
    "migrated_url",
    "postgres_server",
    "sqlite_url",
]
