"""Models that learn a text by heart, character by character: an LSTM or a small transformer, and the Zen of Python.

Each is trained to tell the next character from at most 32 before it, and then writes: the likeliest character, and
from there on. The text has 856 characters; the standard library keeps it as ``import this``. Knowing only the last
character leaves 2.0 nats per character open; what is left here is due to the first characters of each window.

    python examples/characters.py --model transformer
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io

from tqdm import tqdm

import pluggrad
from pluggrad import nn, optim

#: How many characters a model sees at once.
LENGTH = 32


def text() -> str:
    """The Zen of Python, which importing ``this`` prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        this = importlib.import_module("this")
    return "".join(this.d.get(c, c) for c in this.s)


class LSTM(nn.Module):
    """A recurrent network: what came before is in its state."""

    def __init__(self, characters: int, size: int = 96) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, size)
        self.lstm = nn.LSTM(size, size, batch_first=True)
        self.head = nn.Linear(size, characters)

    def forward(self, x: pluggrad.Tensor) -> pluggrad.Tensor:
        out, _ = self.lstm(self.embedding(x))
        return self.head(out)


class Transformer(nn.Module):
    """Attention: each character looks at those before it, never at those that follow."""

    def __init__(self, characters: int, size: int = 64, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, size)
        self.position = nn.Embedding(LENGTH, size)
        layer = nn.TransformerEncoderLayer(size, heads, 4 * size, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(size, characters)

    def forward(self, x: pluggrad.Tensor) -> pluggrad.Tensor:
        length = x.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length, device=x.device)
        h = self.embedding(x) + self.position(pluggrad.arange(length, device=x.device))
        return self.head(self.layers(h, mask=mask, is_causal=True))


MODELS = {"lstm": LSTM, "transformer": Transformer}


def train(
    kind: str = "lstm", seed: int = 0, steps: int = 400, device: str = "cpu", progress: bool = True
) -> tuple[nn.Module, list[float]]:
    """Train on random windows of the text; the model, and the loss of each step in nats per character."""
    alphabet = sorted(set(text()))
    codes = pluggrad.tensor([alphabet.index(c) for c in text()], device=device)
    pluggrad.manual_seed(seed)
    model = MODELS[kind](len(alphabet)).to(device)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2 if kind == "lstm" else 3e-3, total_steps=steps)
    offsets = pluggrad.arange(LENGTH, device=device)
    losses = []
    with tqdm(range(steps), disable=not progress, unit="step") as bar:
        for _ in bar:
            starts = pluggrad.randint(0, len(codes) - LENGTH, (32, 1), device=device)
            x, following = codes[starts + offsets], codes[starts + offsets + 1]
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x).flatten(0, 1), following.flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.3f}")
    return model, losses


def recall(model: nn.Module, device: str = "cpu") -> float:
    """The share of the characters that the model tells right from the 32 before them."""
    alphabet = sorted(set(text()))
    codes = pluggrad.tensor([alphabet.index(c) for c in text()], device=device)
    windows = pluggrad.arange(len(codes) - LENGTH, device=device).unsqueeze(1)
    model.eval()
    with pluggrad.no_grad():
        likeliest = model(codes[windows + pluggrad.arange(LENGTH, device=device)])[:, -1].argmax(1)
    return float((likeliest == codes[LENGTH:]).float().mean())


def write(model: nn.Module, beginning: str, count: int, device: str = "cpu") -> str:
    """``beginning`` and the ``count`` characters that the model finds most likely to follow."""
    alphabet = sorted(set(text()))
    written = beginning
    model.eval()
    with pluggrad.no_grad():
        for _ in range(count):
            seen = pluggrad.tensor([[alphabet.index(c) for c in written[-LENGTH:]]], device=device)
            written += alphabet[int(model(seen)[0, -1].argmax())]
    return written


def main() -> None:
    """Train, and print what the model writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=MODELS, default="lstm")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=400)
    arguments = parser.parse_args()
    model, losses = train(arguments.model, arguments.seed, arguments.steps, arguments.device)
    print(write(model, text()[:LENGTH], 200, arguments.device))
    known = recall(model, arguments.device)
    print(f"\nloss {losses[0]:.2f} -> {losses[-1]:.3f} nats per character; it knows {known:.1%} of the text by heart")


if __name__ == "__main__":
    main()
