"""oneDNN, which is not used: its flag is kept."""

#: What programs set; without effect.
enabled = False


def is_available() -> bool:
    """False."""
    return False
