"""Peak memory of one training step, beside PyTorch: of an MLP, a convolutional network and a transformer.

Each step runs in a process of its own, which measures what its resident memory grows by, at the highest, beyond what it
is when the model, the data and the libraries are there: what the step itself needs, gradients, saved values and all.
Linux only (the kernel's peak is reset before the step). Ratios below 1: pluggrad needs less.

    python benchmarks/memory.py [--repeat N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

_PROGRAM = """
import sys
import {library} as lib
nn, F = lib.nn, lib.nn.functional
{threads}

def mlp():
    net = nn.Sequential(nn.Linear(1024, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 10))
    x, t = lib.randn(2048, 1024), lib.randint(0, 10, (2048,))
    return net, lambda: F.cross_entropy(net(x), t)

def cnn():
    net = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64 * 16 * 16, 10),
    )
    x, t = lib.randn(32, 3, 64, 64), lib.randint(0, 10, (32,))
    return net, lambda: F.cross_entropy(net(x), t)

class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        a = ((q @ k.transpose(-2, -1)) * (c // self.heads) ** -0.5).softmax(-1)
        x = x + self.out((a @ v).transpose(1, 2).reshape(n, t, c))
        return x + self.down(F.gelu(self.up(self.norm2(x))))

def transformer():
    net = nn.Sequential(*[Block(256, 8) for _ in range(4)], nn.Linear(256, 512))
    x, t = lib.randn(16, 128, 256), lib.randint(0, 512, (16 * 128,))
    return net, lambda: F.cross_entropy(net(x).view(-1, 512), t)

def status(name):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(name)) * 1024

lib.manual_seed(0)
net, loss = {name}()
for _ in range(2):  # what is made at the first use: kernels, pools of threads, the memory pools of the allocators
    loss().backward()
    net.zero_grad()
before = status("VmRSS")
with open("/proc/self/clear_refs", "w") as f:
    f.write("5")
loss().backward()
print(status("VmHWM") - before, status("VmHWM"))
"""


def peak(library: str, name: str) -> int:
    """Bytes by which a process grows in one step of a workload, at the highest."""
    threads = "lib.set_num_threads(2)" if library == "torch" else ""
    program = _PROGRAM.format(library=library, name=name, threads=threads)
    # Freed memory goes back to the system at once, so that what is resident is what is in use.
    environment = {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return int(done.stdout.split()[0])


def main() -> None:
    """Measure all workloads and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["mlp", "cnn", "transformer"])
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'one step of':14s} {'pluggrad':>12s} {'PyTorch':>12s} {'ratio':>6s}")
    for name in arguments.names:
        peaks = [[peak(library, name) for _ in range(arguments.repeat)] for library in ("pluggrad", "torch")]
        ours, theirs = (statistics.median(p) / 2**20 for p in peaks)
        print(f"{name:14s} {ours:8.1f} MiB {theirs:8.1f} MiB {ours / theirs:6.2f}", flush=True)


if __name__ == "__main__":
    main()
