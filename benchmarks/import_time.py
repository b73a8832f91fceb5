"""What `import pluggrad` costs beyond `import numpy`, measured in new processes, in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys

_CODE = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def measure(statement: str, runs: int = 15) -> float:
    """Median seconds that a statement takes in a new process."""
    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", _CODE.format(statement)], capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(runs)
    ]
    return statistics.median(times)


if __name__ == "__main__":
    print(f"import numpy                    {measure('import numpy') * 1e3:7.1f} ms")
    print(f"import pluggrad                 {measure('import pluggrad') * 1e3:7.1f} ms")
    print(f"import numpy, pluggrad          {measure('import numpy, pluggrad') * 1e3:7.1f} ms")
    print(f"first use of the CPU            {measure('import pluggrad; pluggrad.zeros(1)') * 1e3:7.1f} ms")
