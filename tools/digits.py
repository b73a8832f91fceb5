"""A stand-in for torchvision whose data sets are scikit-learn's digits, for ``tools/run_both.py --digits``.

torchvision itself is built on PyTorch's C++ and downloads its data. Here ``MNIST`` and its like are the 1797 digits
that scikit-learn brings, enlarged to 28 by 28 pixels (``CIFAR10``: 32 by 32 in three colours), and the transforms are
those that programs use on them, in the program's own ``torch``. ``models`` is empty.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

#: How many digits are for training; the rest is for testing.
TRAINING = 1500


def install() -> None:
    """Put the stand-in in torchvision's place."""
    import torch
    from sklearn.datasets import load_digits
    from torch.utils.data import Dataset

    digits = load_digits()
    pixels = np.pad(np.kron(digits.images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))
    pixels = (pixels * (255 / 16)).astype(np.uint8)

    class MNIST(Dataset[Any]):
        classes = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

        def __init__(
            self, root: Any = None, train: bool = True, transform: Any = None, target_transform: Any = None,
            download: bool = False,
        ) -> None:  # fmt: skip
            part = slice(0, TRAINING) if train else slice(TRAINING, None)
            self.data = torch.from_numpy(self.shaped(pixels[part]).copy())
            self.targets = torch.from_numpy(digits.target[part].astype(np.int64))
            self.transform, self.target_transform, self.train = transform, target_transform, train

        def shaped(self, images: np.ndarray) -> np.ndarray:
            return images

        def __len__(self) -> int:
            return len(self.data)

        def __getitem__(self, index: int) -> Any:
            image: Any = self.data[index].numpy()
            target: Any = int(self.targets[index])
            image = image if self.transform is None else self.transform(image)
            return image, target if self.target_transform is None else self.target_transform(target)

    class CIFAR10(MNIST):
        def shaped(self, images: np.ndarray) -> np.ndarray:
            return np.repeat(np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None], 3, axis=-1)

    modules = {
        "datasets": {"MNIST": MNIST, "FashionMNIST": MNIST, "KMNIST": MNIST, "CIFAR10": CIFAR10},
        "transforms": transforms(torch),
        "utils": {"save_image": lambda *a, **k: None, "make_grid": lambda tensor, *a, **k: tensor},
        "models": {}, "io": {},
    }  # fmt: skip
    package = mock.MagicMock(name="torchvision")
    package.__path__, package.__spec__ = [], None
    sys.modules["torchvision"] = package
    for name, members in modules.items():
        module = ModuleType(f"torchvision.{name}")
        vars(module).update(members)
        sys.modules[module.__name__] = module
        setattr(package, name, module)


def transforms(torch: Any) -> dict[str, Any]:
    """Transforms by name. An image is an array of bytes, (height, width) or (height, width, colours), or a tensor."""

    class Compose:
        def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
            self.transforms = list(transforms)

        def __call__(self, image: Any) -> Any:
            for transform in self.transforms:
                image = transform(image)
            return image

    class ToTensor:
        def __call__(self, image: Any) -> Any:
            if isinstance(image, torch.Tensor):
                return image
            image = image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0)
            return torch.from_numpy(np.ascontiguousarray(image)).to(torch.get_default_dtype()) / 255

    class Normalize:
        def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
            self.mean, self.std = mean, std

        def __call__(self, image: Any) -> Any:
            mean, std = (torch.tensor(v, dtype=image.dtype).reshape(-1, 1, 1) for v in (self.mean, self.std))
            return (image - mean) / std

    class Resize:
        """By the nearest pixel."""

        def __init__(self, size: Any, *args: Any, **options: Any) -> None:
            self.size = (size, size) if isinstance(size, int) else tuple(size)

        def __call__(self, image: Any) -> Any:
            first = 1 if isinstance(image, torch.Tensor) else 0
            for axis, size in enumerate(self.size, first):
                n = image.shape[axis]
                index = [slice(None)] * axis + [[i * n // size for i in range(size)]]
                image = image[tuple(index)]
            return image

    class CenterCrop:
        def __init__(self, size: int) -> None:
            self.size = size

        def __call__(self, image: Any) -> Any:
            top, left = ((n - self.size) // 2 for n in image.shape[:2])
            return image[top : top + self.size, left : left + self.size]

    class Grayscale:
        def __init__(self, num_output_channels: int = 1) -> None:
            self.count = num_output_channels

        def __call__(self, image: Any) -> Any:
            return image if image.ndim == 2 else image[..., 0]

    class Lambda:
        def __init__(self, function: Callable[[Any], Any]) -> None:
            self.function = function

        def __call__(self, image: Any) -> Any:
            return self.function(image)

    class Same:
        """In the place of transforms that draw random numbers."""

        def __init__(self, *args: Any, **options: Any) -> None:
            """Nothing is kept."""

        def __call__(self, image: Any) -> Any:
            return image

    made = {c.__name__: c for c in (Compose, ToTensor, Normalize, Resize, CenterCrop, Grayscale, Lambda)}
    return made | dict.fromkeys(("RandomHorizontalFlip", "RandomCrop", "Pad", "RandomRotation", "ToPILImage"), Same)
