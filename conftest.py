"""For doctests: pytest must find pluggrad's modules imported, or it would import one a second time and declare its functions twice."""

import pluggrad  # noqa: F401
