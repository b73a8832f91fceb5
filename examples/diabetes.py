"""How far diabetes progresses within a year, from ten measurements: a small network beside a linear model.

The data (Efron et al., Least Angle Regression, 2004) has 442 patients and much noise: no model explains much more
than half of the variance, and a network is soon busy learning the noise. So half of its units drop out, its weights
decay strongly, and what is kept is their average over the last steps.

    python examples/diabetes.py
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import pluggrad
from pluggrad import nn, optim
from pluggrad.utils.data import DataLoader, TensorDataset


@dataclass
class Result:
    """R² (1 is perfect, 0 is the mean) and mean squared error on patients that were not trained on."""

    r2: float
    mse: float


def data(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training and test inputs and targets: float32, inputs standardised by the training patients."""
    x, y = load_diabetes(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=seed)
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    parts = ((x_train - mean) / std, (x_test - mean) / std, y_train, y_test)
    x_train, x_test, y_train, y_test = (part.astype(np.float32) for part in parts)
    return x_train, x_test, y_train, y_test


def linear_model(seed: int) -> Result:
    """What scikit-learn's least squares reach."""
    x_train, x_test, y_train, y_test = data(seed)
    predicted = LinearRegression().fit(x_train, y_train).predict(x_test)
    return Result(r2_score(y_test, predicted), mean_squared_error(y_test, predicted))


def train(seed: int = 0, epochs: int = 20, device: str = "cpu", progress: bool = True) -> Result:
    """Train the network and measure it."""
    x_train, x_test, y_train, y_test = data(seed)
    mean, std = float(y_train.mean()), float(y_train.std())
    pluggrad.manual_seed(seed)

    x = pluggrad.asarray(x_train, device=device)
    y = pluggrad.asarray((y_train - mean) / std, device=device).unsqueeze(1)
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)

    model = nn.Sequential(nn.Linear(10, 128), nn.GELU(), nn.Dropout(0.5), nn.Linear(128, 1)).to(device)
    optimizer = optim.AdamW(model.parameters(), weight_decay=2.0)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, epochs=epochs, steps_per_epoch=len(loader))
    average = optim.swa_utils.AveragedModel(model, multi_avg_fn=optim.swa_utils.get_ema_multi_avg_fn(0.98))
    loss_of = nn.MSELoss()

    with tqdm(range(epochs), disable=not progress, unit="epoch") as bar:
        for _ in bar:
            total = 0.0
            for inputs, targets in loader:
                optimizer.zero_grad()
                loss = loss_of(model(inputs), targets)
                loss.backward()
                optimizer.step()
                schedule.step()
                average.update_parameters(model)
                total += loss.item()
            bar.set_postfix(loss=f"{total / len(loader):.3f}")

    average.eval()
    with pluggrad.no_grad():
        predicted = average(pluggrad.asarray(x_test, device=device)).squeeze(1).cpu().numpy() * std + mean
    return Result(r2_score(y_test, predicted), mean_squared_error(y_test, predicted))


def main() -> None:
    """Train, and print both results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    network = train(arguments.seed, arguments.epochs, arguments.device)
    linear = linear_model(arguments.seed)
    print("                      R²     mean squared error")
    print(f"pluggrad's network    {network.r2:.3f}  {network.mse:.0f}")
    print(f"least squares         {linear.r2:.3f}  {linear.mse:.0f}")


if __name__ == "__main__":
    main()
