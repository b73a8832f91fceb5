"""The order in which ``einsum`` contracts: pluggrad has its own way to find one."""

from __future__ import annotations

#: What programs set; without effect.
enabled = True
strategy: str | None = "auto"


def is_available() -> bool:
    """False: opt_einsum is not used."""
    return False
