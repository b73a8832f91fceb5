"""Malignant or benign, from 30 measurements of cell nuclei: a classifier, measured by scikit-learn's metrics.

pluggrad has no metrics of its own: a tensor becomes a NumPy array, and every library of metrics takes that.

    python examples/breast_cancer.py
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass

import numpy as np
from sklearn import metrics
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

import pluggrad
from pluggrad import nn, optim
from pluggrad.utils.data import DataLoader, TensorDataset

Arrays = tuple[np.ndarray, np.ndarray]


@dataclass
class Data:
    """Inputs (float32, standardised) and labels (1 is benign) to train on, to stop by, and to measure on."""

    train: Arrays
    validation: Arrays
    test: Arrays


def data(seed: int) -> Data:
    """569 tumours (Wolberg, Street and Mangasarian, 1993) in three parts, each with the same share of both kinds."""
    x, y = load_breast_cancer(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.25, random_state=seed, stratify=y)
    x_train, x_stop, y_train, y_stop = train_test_split(x, y, test_size=0.2, random_state=seed, stratify=y)
    scaler = StandardScaler().fit(x_train)
    parts = ((x_train, y_train), (x_stop, y_stop), (x_test, y_test))
    return Data(*((scaler.transform(a).astype(np.float32), b.astype(np.float32)) for a, b in parts))


def measure(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """The metrics that matter here, from arrays."""
    decided = probabilities > 0.5
    return {
        "accuracy": metrics.accuracy_score(labels, decided),
        "F1": metrics.f1_score(labels, decided),
        "ROC AUC": metrics.roc_auc_score(labels, probabilities),
        "Brier score": metrics.brier_score_loss(labels, probabilities),
    }


def logistic_regression(seed: int) -> dict[str, float]:
    """What scikit-learn's logistic regression reaches."""
    parts = data(seed)
    model = LogisticRegression(max_iter=1000).fit(*parts.train)
    return measure(parts.test[1], model.predict_proba(parts.test[0])[:, 1])


def train(seed: int = 0, epochs: int = 100, device: str = "cpu", progress: bool = True) -> dict[str, float]:
    """Train until the validation loss has not fallen for 15 epochs; measure the best model."""
    parts = data(seed)
    pluggrad.manual_seed(seed)
    (x, y), (x_stop, y_stop), (x_test, _) = (
        [pluggrad.asarray(array, device=device) for array in part]
        for part in (parts.train, parts.validation, parts.test)
    )
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 1), nn.Flatten(0)).to(device)
    optimizer = optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=5)
    loss_of = nn.BCEWithLogitsLoss()
    best, best_state, waited = float("inf"), model.state_dict(), 0

    with tqdm(range(epochs), disable=not progress, unit="epoch") as bar:
        for _ in bar:
            model.train()
            for inputs, labels in loader:
                optimizer.zero_grad()
                loss_of(model(inputs), labels).backward()
                optimizer.step()
            model.eval()
            with pluggrad.no_grad():
                logits = model(x_stop)
                loss = loss_of(logits, y_stop).item()
            schedule.step(loss)
            waited = 0 if loss < best else waited + 1
            if loss < best:
                best, best_state = loss, copy.deepcopy(model.state_dict())
            # The tensor as an array: what metrics of any library take.
            auc = metrics.roc_auc_score(parts.validation[1], logits.sigmoid().cpu().numpy())
            bar.set_postfix(loss=f"{loss:.3f}", auc=f"{auc:.3f}", lr=f"{schedule.get_last_lr()[0]:.0e}")
            if waited == 15:
                break

    model.load_state_dict(best_state)
    with pluggrad.no_grad():
        probabilities = model(x_test).sigmoid().cpu().numpy()
    return measure(parts.test[1], probabilities)


def main() -> None:
    """Train, and print the metrics of both models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=100)
    arguments = parser.parse_args()
    network = train(arguments.seed, arguments.epochs, arguments.device)
    logistic = logistic_regression(arguments.seed)
    print(f"{'':12s} pluggrad's network   logistic regression")
    for name, value in network.items():
        print(f"{name:12s} {value:18.3f}   {logistic[name]:19.3f}")


if __name__ == "__main__":
    main()
