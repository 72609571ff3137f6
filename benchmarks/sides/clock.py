"""Clock: the recipe for 98 % in PyTorch and in JAX, as programs of their own.

    python -m benchmarks.sides.clock SIDE MNIST_FOLDER --seed 0

784 pixels, 2 x 2 means, 384 hidden units, ReLU; Nesterov momentum 0.9, learning rate falling in a
straight line, label smoothing, batches of 128: the settings of digitnet's `--fast 98`.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.sides.work import mnist_part

HIDDEN, BATCH, RATE, EPOCHS, SMOOTHING = 384, 128, 0.6, 4, 0.05


def pooled(images: np.ndarray) -> np.ndarray:
    """(N, 196) float32: the means of 2 x 2 pixels."""
    wide = images.reshape(-1, 14, 2, 28).astype(np.float32).sum(axis=2)
    return (wide[..., 0::2] + wide[..., 1::2]).reshape(-1, 196) / (4 * 255)


def pytorch(x: np.ndarray, y: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(196, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    nn.init.kaiming_normal_(net[0].weight, nonlinearity="relu")
    moves = torch.optim.SGD(net.parameters(), RATE, momentum=0.9, nesterov=True, fused=True)
    images, labels = torch.from_numpy(x), torch.from_numpy(y)
    n_steps = EPOCHS * -(-len(x) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(x)).split(BATCH):
            moves.param_groups[0]["lr"] = RATE * (1 - step / n_steps)
            out = net(images[chosen])
            loss = cross_entropy(out, labels[chosen], label_smoothing=SMOOTHING)
            moves.zero_grad()
            loss.backward()
            moves.step()
            step += 1
    with torch.inference_mode():
        return net(torch.from_numpy(test)).argmax(1).numpy()


def jax_scan(x: np.ndarray, y: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    from functools import partial

    import jax
    import jax.numpy as jnp

    keys = jax.random.split(jax.random.key(seed), 3)
    p = [
        jax.random.normal(keys[0], (196, HIDDEN)) * np.sqrt(2 / 196),
        jnp.zeros(HIDDEN),
        jax.random.normal(keys[1], (HIDDEN, 10)) * np.sqrt(1 / HIDDEN),
        jnp.zeros(10),
    ]
    X, Y = jnp.asarray(x), jax.nn.one_hot(y, 10) * (1 - SMOOTHING) + SMOOTHING / 10
    n = len(X) // BATCH

    def logits(p, x):  # type: ignore[no-untyped-def]
        return jax.nn.relu(x @ p[0] + p[1]) @ p[2] + p[3]

    def loss(p, x, t):  # type: ignore[no-untyped-def]
        return -jnp.mean(jnp.sum(t * jax.nn.log_softmax(logits(p, x)), axis=1))

    @partial(jax.jit, donate_argnums=(0, 1))
    def epoch(p, v, key, first):  # type: ignore[no-untyped-def]
        def step(carry, given):  # type: ignore[no-untyped-def]
            p, v = carry
            chosen, number = given
            rate = RATE * (1 - number / (EPOCHS * n))
            g = jax.grad(loss)(p, X[chosen], Y[chosen])
            v = jax.tree.map(lambda a, b: 0.9 * a + b, v, g)
            return (jax.tree.map(lambda a, b, c: a - rate * (b + 0.9 * c), p, g, v), v), None

        order = jax.random.permutation(key, len(X))[: n * BATCH].reshape(n, BATCH)
        return jax.lax.scan(step, (p, v), (order, first + jnp.arange(n)))[0]

    v = jax.tree.map(jnp.zeros_like, p)
    for number, key in enumerate(jax.random.split(keys[2], EPOCHS)):
        p, v = epoch(p, v, key, number * n)
    return np.asarray(jax.jit(logits)(p, jnp.asarray(test)).argmax(1))


def main() -> None:
    side, folder, _, seed = sys.argv[1:]
    images, labels = mnist_part(folder, "train")
    tests, answers = mnist_part(folder, "test")
    found = globals()[side](pooled(images), labels, pooled(tests), int(seed))
    print(f"{100 * np.mean(found == answers):.2f}% of {len(answers):,} test digits right")


if __name__ == "__main__":
    main()
