"""Opens the storage that the settings name: a folder in the data folder, or a bucket."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.media.storage.base import Reservations, Storage
from bot.media.storage.bucket_location import bucket_of, has_links
from bot.media.storage.folder import FolderStorage
from bot.media.storage.incoming import IncomingQuota
from bot.settings import Settings


@contextmanager
def open_storage(settings: Settings, reservations: Reservations) -> Iterator[Storage]:
    """Open the storage; `reservations` are for a bucket, which has no locks of its own."""
    quota = IncomingQuota(
        bytes_per_member=settings.upload_bytes_per_member, uploads_per_member=settings.uploads_per_member
    )
    if settings.media_url is None:
        yield FolderStorage(settings.data_dir / "media", quota=quota)
        return
    # The library is large, and needed for a bucket only.
    from bot.media.storage.bucket import BucketStorage  # noqa: PLC0415
    from bot.media.storage.bucket_client import BucketClient  # noqa: PLC0415
    from bot.media.storage.cache import LocalCache  # noqa: PLC0415

    bucket = bucket_of(settings, settings.media_url)
    cache = LocalCache(
        settings.data_dir / "cache",
        max_bytes=settings.media_cache_bytes,
        least_free=settings.min_free_bytes,
    )
    try:
        yield BucketStorage(
            BucketClient(bucket),
            cache,
            reservations,
            quota=quota,
            links=has_links(settings, bucket),
        )
    finally:
        cache.close()
