"""JAX: a whole epoch as one compiled lax.scan; without its compilation, which comes once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.sides.work import Work


def logits(p: Any, x: Any) -> Any:
    return jax.nn.sigmoid(x @ p[0] + p[1]) @ p[2] + p[3]


def loss(p: Any, x: Any, y: Any) -> Any:
    log_p = jax.nn.log_softmax(logits(p, x))
    return -jnp.mean(jnp.take_along_axis(log_p, y[:, None], 1))


def sgd(rate: float, p: Any, state: Any, g: Any) -> tuple[Any, Any]:
    return jax.tree.map(lambda a, d: a - rate * d, p, g), state


def adam(rate: float, p: Any, state: Any, g: Any) -> tuple[Any, Any]:
    m, v, t = state
    t = t + 1
    m = jax.tree.map(lambda a, d: 0.9 * a + 0.1 * d, m, g)
    v = jax.tree.map(lambda a, d: 0.999 * a + 0.001 * d * d, v, g)
    root = jnp.sqrt(1 - 0.999**t)
    scale = rate * root / (1 - 0.9**t)
    p = jax.tree.map(lambda a, b, c: a - scale * b / (jnp.sqrt(c) + 1e-8 * root), p, m, v)
    return p, (m, v, t)


def epoch(work: Work) -> Callable[[], object]:
    move = partial(sgd if work.optimizer == "sgd" else adam, work.learning_rate)
    X, Y = jnp.asarray(work.flat()), jnp.asarray(work.labels())
    size = work.batch_size
    n = len(X) // size

    @partial(jax.jit, donate_argnums=(0, 1))
    def whole(p: Any, state: Any, key: Any) -> Any:
        def step(carry: Any, chosen: Any) -> Any:
            p, state = carry
            value, g = jax.value_and_grad(loss)(p, X[chosen], Y[chosen])
            return move(p, state, g), value

        order = jax.random.permutation(key, len(X))[: n * size].reshape(n, size)
        (p, state), losses = jax.lax.scan(step, (p, state), order)
        return p, state, losses.mean()

    p = [jnp.asarray(a) for a in work.start()]
    zeros = jax.tree.map(jnp.zeros_like, p)
    held = [p, (zeros, jax.tree.map(jnp.zeros_like, p), jnp.float32(0)), 0]

    def run() -> None:
        held[0], held[1], value = whole(held[0], held[1], jax.random.key(held[2]))
        held[2] += 1
        value.block_until_ready()

    return run


def single(work: Work) -> Callable[[], object]:
    p, x = [jnp.asarray(a) for a in work.start()], work.flat()[:1]
    compiled = jax.jit(logits)
    return lambda: np.asarray(compiled(p, x))


def bulk(work: Work) -> Callable[[], object]:
    p, images = [jnp.asarray(a) for a in work.start()], np.array(work.images())
    compiled = jax.jit(lambda p, x: logits(p, x.reshape(-1, 784).astype(jnp.float32) / 255))
    return lambda: np.asarray(compiled(p, images))
