"""Settings of the private server: bulk loads and analyses by a few users on one machine."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

_MB = 1024 * 1024
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- looked at, not written to


def configuration(socket_dir: Path, extra: Mapping[str, str]) -> str:
    """Text of the configuration file; ``extra`` settings come last and win."""
    chosen = {**_connections(socket_dir), **_memory(), **_writing(), **_planning(), **extra}
    lines = [f"{name} = '{_quoted(value)}'" for name, value in chosen.items()]
    return "\n".join(("# Written at every start; own settings go to postgresql.conf.", *lines, ""))


def _connections(socket_dir: Path) -> dict[str, str]:
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }


def _memory() -> dict[str, str]:
    """A sixteenth of the memory is shared, at most 1 GB: a 4 GB machine spares 256 MB.

    PostgreSQL's manual advises a quarter on a machine of its own; here geopandas works beside it,
    and the system's cache holds what does not fit. A container's ``/dev/shm`` of 64 MB fails large
    parallel joins, so dynamic memory comes from System V there.
    """
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shared_mb = min(1024, max(128, memory_bytes // 16 // _MB))
    roomy = _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > 512 * _MB
    return {
        "shared_buffers": f"{shared_mb}MB",
        "effective_cache_size": f"{memory_bytes // 2 // _MB}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": f"{max(64, min(256, memory_bytes // 32 // _MB))}MB",
        "dynamic_shared_memory_type": "posix" if roomy or not _SHARED_MEMORY.is_dir() else "sysv",
    }


def _writing() -> dict[str, str]:
    """Committed is durable: an import is one transaction, so waiting for the disk costs it 5 ms.

    The log is sized for loads of a million rows and is not replicated.
    """
    return {
        "wal_level": "minimal",  # a table filled in the transaction that makes it skips the log
        "max_wal_senders": "0",
        "max_wal_size": "2GB",
        "min_wal_size": "80MB",
        "wal_compression": "on",
        "checkpoint_timeout": "15min",
        "synchronous_commit": "on",
    }


def _planning() -> dict[str, str]:
    return {
        "jit": "off",  # compiling took five times what the query itself did
        "random_page_cost": "1.1",  # solid-state disks
        "max_parallel_workers_per_gather": str(min(4, os.cpu_count() or 1)),
    }


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
