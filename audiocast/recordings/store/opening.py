"""The store that a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from audiocast.recordings.store.folder import FolderStore
from audiocast.recordings.store.store import Store


def open_store(url: str) -> Store:
    """Return the store of a URL: a folder's, or its path, or a bucket's. Nothing is asked of it yet.

    Raises:
        ModuleNotFoundError: The extra `recordings` is not installed, which buckets need.
        ValueError: There is no such kind of store.
    """
    if url.startswith("/"):
        return FolderStore(Path(url))
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderStore(Path(unquote(parts.path)))
    # Only who uses a bucket needs the library.
    from audiocast.recordings.store.bucket import BucketStore

    return BucketStore(url)
