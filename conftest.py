"""For doctests: pytest must find pluggrad's modules imported, and must not look into plugins that are not installed.

Were they not imported, it would import one of them a second time, and declare its functions twice.
"""

import importlib.util
from pathlib import Path

import pluggrad  # noqa: F401


def _is_installed(plugin: Path) -> bool:
    packages = [path.parent.name for path in plugin.glob("*/plugin.py")]
    libraries = {"pluggrad_torch": "torch", "pluggrad_cupy": "cupy", "pluggrad_numba": "numba"}
    return all(importlib.util.find_spec(name) for p in packages for name in (p, libraries.get(p, p)))


collect_ignore = [str(p) for p in Path(__file__).parent.glob("plugins/*") if p.is_dir() and not _is_installed(p)]
