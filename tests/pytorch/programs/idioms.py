"""What programs of PyTorch commonly write, line by line. It prints the same with PyTorch and with pluggrad."""

import copy
import os
import tempfile

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print(
    device,
    device.type,
    torch.device("cpu") == device,
    torch.device("cuda", 1),
    torch.device(type="cpu"),
    torch.device("cuda:1").index,
)

# -- tensors ---------------------------------------------------------------------------------------------
print(torch.Tensor([1, 2, 3]), torch.Tensor(2, 3).shape, torch.FloatTensor([1.5]), torch.LongTensor([[1, 2], [3, 4]]))
x = torch.arange(12.0).view(3, 4)
print(x, x.size(), x.size(0), x.dim(), x.numel(), x.dtype, x.type(), x.stride(), x.is_contiguous())
print(x.t().is_contiguous(), x.T.shape, x[1], x[:, 1:3], x[x > 5], x[..., -1], x[None].shape, x[[0, 2]], x[1, 2].item())
print(
    torch.tensor(3), torch.tensor(2.5), torch.tensor(True), torch.tensor([]), torch.tensor([1 + 2j]), torch.tensor([[]])
)
print(torch.zeros(2, dtype=torch.int8), torch.ones(2).double(), torch.ones(2).half().dtype, torch.eye(2).bool())
print(
    torch.rand(2, 3).shape,
    torch.randn(4, generator=torch.Generator().manual_seed(1)).shape,
    torch.randint(0, 5, (2,)).dtype,
)
print(
    torch.linspace(0, 1, 5),
    torch.full((2, 2), 7),
    torch.empty(0),
    torch.zeros_like(x).sum(),
    x.new_zeros(2),
    x.new_tensor([1]),
)
print(
    torch.from_numpy(np.array([1.0, 2.0])), x.numpy().dtype, torch.as_tensor([1, 2]).tolist(), np.asarray(torch.ones(2))
)
print(
    torch.is_tensor(x),
    isinstance(x, torch.Tensor),
    torch.numel(x),
    torch.get_default_dtype(),
    torch.float is torch.float32,
)
a, b = torch.ones(2, 3), torch.full((3,), 2.0)
print(
    a + b, a * 2 - 1, 2 / b, b**2, b // 2, -b % 3, a @ b, (a == 1).all(), a.eq(1).any().item(), ~(b > 1), b.long() & 1
)
y = a.clone()
y += b
y.mul_(2).add_(1, alpha=3).clamp_(max=8)
print(y, a.add(b, alpha=2), torch.add(a, b, alpha=0.5), y.fill_(3)[0], y.zero_().sum())
print(torch.cat([a, a], dim=0).shape, torch.stack([b, b], 1), torch.split(x, 2, 1)[1], x.chunk(2)[0], torch.unbind(b))
print(
    x.sum(),
    x.sum(1),
    x.mean(dim=0, keepdim=True),
    x.max(),
    x.max(1),
    x.argmax(dim=1),
    x.std(),
    x.var(0),
    x.norm(),
    x.prod(1),
)
print(
    torch.max(x, 1)[1],
    torch.min(x, b[0].new_ones(4)),
    torch.topk(x, 2),
    torch.sort(b, descending=True),
    x.median(),
    x.cumsum(0),
)
print(
    x.unsqueeze(0).squeeze().shape,
    x.permute(1, 0).shape,
    x.expand(2, 3, 4).shape,
    x.repeat(2, 1).shape,
    x.flatten().shape,
)
print(x.gather(1, torch.tensor([[0], [1], [2]])), torch.zeros(3, 5).scatter_(1, torch.tensor([[0], [1], [2]]), 1))
print(
    x.masked_fill(x > 5, float("-inf")), torch.where(x > 5, x, torch.zeros(1)), x.index_select(1, torch.tensor([0, 2]))
)
print(
    torch.einsum("ij,kj->ik", x, x),
    torch.bmm(x[None], x.t()[None]).shape,
    torch.outer(b, b),
    torch.tril(torch.ones(3, 3)),
)
print(
    torch.nonzero(x > 9),
    (x > 9).nonzero(as_tuple=True),
    torch.unique(torch.tensor([3, 1, 3])),
    torch.meshgrid(b, b, indexing="ij")[0],
)
print(
    torch.softmax(b, 0),
    b.log_softmax(-1),
    torch.sigmoid(b),
    b.exp(),
    b.log(),
    b.sqrt(),
    b.rsqrt(),
    b.tanh(),
    b.abs(),
    b.pow(3),
)
print(x.mean().item(), float(x[0, 1]), int(x[1, 0]), len(x), bool(torch.tensor([1])), f"{x.mean():.2f}", x.tolist()[0])
print(
    torch.allclose(a, a + 1e-9),
    torch.equal(a, a),
    torch.isnan(torch.tensor([float("nan"), 1.0])),
    torch.finfo(torch.float32).max,
)
print(torch.manual_seed(0) is not None, torch.initial_seed(), torch.is_grad_enabled(), torch.iinfo(torch.int64).max)
torch.set_printoptions(precision=2, sci_mode=False)
print(torch.tensor([3.14159, 1e-5]))
torch.set_printoptions(profile="default")

# -- gradients ---------------------------------------------------------------------------------------------
w = torch.tensor([1.0, 2.0], requires_grad=True)
loss = ((w * 3) ** 2).sum()
loss.backward()
print(w.grad, w.is_leaf, loss.requires_grad, w.detach().requires_grad, loss.grad_fn is not None)
w.grad.zero_()
with torch.no_grad():
    w -= 0.1 * torch.ones(2)
    print((w * 2).requires_grad)
print(w, torch.autograd.grad((w**3).sum(), w)[0], w.data, Variable(torch.ones(1), requires_grad=True))
v = w * 2
v.retain_grad()
v.register_hook(lambda g: g * 2)
v.sum().backward()
print(v.grad, w.grad)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


z = torch.tensor([3.0], requires_grad=True)
Square.apply(z).backward()
print(z.grad, torch.autograd.gradcheck(Square.apply, (torch.ones(2, dtype=torch.float64, requires_grad=True),)))


# -- modules -----------------------------------------------------------------------------------------------
class Net(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Sequential(nn.Linear(4 * 4, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, 3))
        self.register_buffer("steps", torch.zeros(1, dtype=torch.long))
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        x = x.view(x.size(0), -1)
        return self.fc(self.drop(x)) * self.scale


net = Net().to(device)
print(net)
print(sum(p.numel() for p in net.parameters() if p.requires_grad), [n for n, _ in net.named_parameters()][:3])
print(list(net.state_dict().keys()), [type(m).__name__ for m in net.modules()], net.training, net.eval().training)
for m in net.modules():
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.constant_(m.weight, 0.1)
        nn.init.zeros_(m.bias)
images = torch.arange(32.0).reshape(2, 1, 4, 4) / 10
print(net(images), net.train()(images).shape)
clone = copy.deepcopy(net)
clone.load_state_dict(net.state_dict())
print(clone.load_state_dict({}, strict=False).missing_keys)
print(
    F.cross_entropy(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([2])),
    F.mse_loss(b, b * 2),
    nn.NLLLoss()(b.log_softmax(0)[None], torch.tensor([1])),
)
print(
    nn.Embedding.from_pretrained(torch.eye(3))(torch.tensor([2, 0])),
    nn.LayerNorm(3)(b).detach(),
    nn.Softmax(dim=-1)(b),
    nn.GELU()(b),
)


# -- data ----------------------------------------------------------------------------------------------------
class Numbers(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        return torch.tensor([float(i)]), i


for batch, labels in DataLoader(Numbers(), batch_size=2, shuffle=False, num_workers=0, drop_last=False):
    print(batch.shape, labels)
train, test = random_split(Numbers(), [3, 2])
print(len(train), len(test), len(DataLoader(TensorDataset(torch.ones(5, 2), torch.zeros(5)), batch_size=2)))


# -- training --------------------------------------------------------------------------------------------------
def fit(make):
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    for i, p in enumerate(model.parameters()):
        p.data = torch.linspace(-1, 1, p.numel()).view_as(p) * (i + 1) / 4
    optimizer = make(model.parameters())
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.5)
    criterion = nn.MSELoss()
    inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    for _ in range(12):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        scheduler.step()
    return loss.item(), scheduler.get_last_lr(), optimizer.param_groups[0]["lr"]


for make in (
    lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-4),
    lambda p: optim.Adam(p, lr=0.01, betas=(0.9, 0.99)),
    lambda p: optim.AdamW(p, lr=0.01),
    lambda p: optim.RMSprop(p, lr=0.01),
):
    loss, rates, rate = fit(make)
    print(f"{loss:.5f}", rates, rate)

# -- files -----------------------------------------------------------------------------------------------------
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model.pt")
    torch.save({"epoch": 3, "model": net.state_dict(), "values": [1, 2.5, "a"], "x": x}, path)
    checkpoint = torch.load(path, map_location=device)
    net.load_state_dict(checkpoint["model"])
    print(checkpoint["epoch"], checkpoint["values"], checkpoint["x"].equal(x))

# -- errors ------------------------------------------------------------------------------------------------------
for attempt in (
    lambda: torch.ones(2, 3) @ torch.ones(2, 3),
    lambda: torch.ones(2) + torch.ones(3),
    lambda: x.view(5, 5),
    lambda: x[7],
    lambda: torch.ones(2, requires_grad=True).numpy(),
    lambda: torch.ones(2).backward(),
    lambda: nn.Linear(3, 2)(torch.ones(1, 4)),
    lambda: torch.cat([torch.ones(2, 2), torch.ones(3, 3)]),
    lambda: torch.tensor([1, 2], requires_grad=True),
    lambda: net.load_state_dict({}),
    lambda: torch.zeros(3).item(),
    lambda: F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 5])),
):
    try:
        attempt()
        print("no error")
    except Exception as error:
        print(next(c.__name__ for c in (IndexError, TypeError, RuntimeError, ValueError) if isinstance(error, c)))
