"""For doctests: pytest must find pluggrad's modules imported.

Else it would import one of them a second time, and declare its functions twice.
"""

import pluggrad  # noqa: F401
