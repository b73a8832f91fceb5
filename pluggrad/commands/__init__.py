"""The commands of ``python -m pluggrad``, a module each: ``add_arguments(parser)`` and ``run(options) -> int``."""
