"""OpenMP, which pluggrad does not call itself: the array library may."""


def is_available() -> bool:
    """False."""
    return False
