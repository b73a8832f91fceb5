"""The processor."""


def get_cpu_capability() -> str:
    """``"DEFAULT"``: the array library chooses its instructions by itself."""
    return "DEFAULT"
