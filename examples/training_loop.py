"""A whole training loop: progress bar, curves for TensorBoard, metrics of another library, and checkpoints.

Interrupt it (or kill it) and run it again: it goes on where it was.

    pip install "pluggrad[demo,checkpoints,tensorboard]"
    python examples/training_loop.py
    tensorboard --logdir training-loop-output
"""

from __future__ import annotations

import argparse

from sklearn.datasets import load_breast_cancer
from sklearn.metrics import f1_score
from tqdm import tqdm

import pluggrad
from pluggrad import nn
from pluggrad.utils.data import DataLoader, TensorDataset, random_split
from pluggrad.utils.resume import Checkpoints
from pluggrad.utils.tensorboard import SummaryWriter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="training-loop-output")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--workers", type=int, default=0, help="processes that load")
    parser.add_argument("--device", default=None)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    pluggrad.set_default_device(options.device)
    pluggrad.manual_seed(options.seed)
    bunch = load_breast_cancer()
    x = pluggrad.tensor(bunch.data, dtype=pluggrad.float32)
    x = (x - x.mean(0)) / x.std(0)
    dataset = TensorDataset(x, pluggrad.tensor(bunch.target, dtype=pluggrad.float32))
    train, test = random_split(dataset, [0.8, 0.2], generator=pluggrad.Generator().manual_seed(options.seed))
    loader = DataLoader(train, batch_size=32, shuffle=True, num_workers=options.workers)

    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
    optimizer = pluggrad.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = pluggrad.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=options.epochs * len(loader))
    loss_of = nn.BCEWithLogitsLoss()

    run = Checkpoints(f"{options.out}/checkpoints", model=model, optimizer=optimizer, schedule=schedule, loader=loader)
    at = run.restore() or {"step": 0, "epoch": 0}
    step, total = at["step"], options.epochs * len(loader)
    with SummaryWriter(options.out, purge_step=step) as writer, tqdm(total=total, initial=step, unit="step") as bar:
        for epoch in range(at["epoch"], options.epochs):
            for inputs, targets in loader:
                loss = loss_of(model(inputs)[:, 0], targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                step += 1
                bar.update()
                writer.add_scalar("train/loss", loss, step)
                if step % 25 == 0:
                    run.save(step, epoch=epoch)
            score = f1_score(*predictions(model, test))
            writer.add_scalar("test/F1", score, step)
            bar.set_description(f"epoch {epoch + 1}: F1 {score:.3f}")
    run.save(step, epoch=options.epochs)


def predictions(model: nn.Module, dataset: TensorDataset) -> tuple[list[int], list[int]]:
    """The right classes and those that the model predicts, for any library of metrics."""
    inputs, targets = next(iter(DataLoader(dataset, batch_size=len(dataset))))
    model.eval()
    with pluggrad.no_grad():
        predicted = model(inputs)[:, 0] > 0
    model.train()
    return targets.long().tolist(), predicted.long().tolist()


if __name__ == "__main__":
    main()
