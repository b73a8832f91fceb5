"""CuPy as a backend of pluggrad."""

__version__ = "0.1.0"
