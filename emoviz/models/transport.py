"""Optimal transport between two sets of points that share no space: only distances within each set are compared.

Source: Peyré, Cuturi, Solomon. Gromov-Wasserstein Averaging of Kernel and Distance Matrices. ICML 2016. Batched, in
logarithms, so that no entropy is too small; every point that is there has the same mass.
"""

import torch
from torch import Tensor, nn

ROUNDS, SWEEPS = 6, 10  # of the plan, and of Sinkhorn's algorithm within each
NOTHING = 1e-30  # mass of a point that is not there, where a logarithm is taken
UNLIKELY = -1e5


def distances(x: Tensor, real: Tensor) -> Tensor:
    """How unlike tokens ``(B, T, W)`` are, cosines as distances ``(B, T, T)``, 1 on average; gradients stop here."""
    straight = nn.functional.normalize(x.detach(), dim=-1)
    apart = (1 - straight @ straight.transpose(1, 2)) * real[:, :, None] * real[:, None]
    pairs = real.sum(1).square()[:, None, None].clamp_min(1)
    return apart / (apart.sum((1, 2), keepdim=True) / pairs).clamp_min(1e-6)


@torch.no_grad()
def plan(ours: Tensor, theirs: Tensor, here: Tensor, there: Tensor, blur: float) -> Tensor:
    """Which point of ours corresponds to which of theirs: the entropic Gromov-Wasserstein plan, squared loss.

    Args:
        ours: distances ``(B, n, n)``
        theirs: distances ``(B, m, m)``
        here: which points there are, ``(B, n)`` bool
        there: ``(B, m)`` bool
        blur: weight of the plan's entropy, as a share of the range of costs

    Returns:
        ``(B, n, m)``, rows sum to 1 / n and columns to 1 / m over the points that are there
    """
    p, q = (real / real.sum(1, keepdim=True).clamp_min(1) for real in (here.to(ours.dtype), there.to(ours.dtype)))
    pair = here[:, :, None] & there[:, None]
    mass = p[:, :, None] * q[:, None]
    fixed = ours.square() @ p[..., None] + (theirs.square() @ q[..., None]).transpose(1, 2)
    log_p, log_q = ((m.clamp_min(NOTHING).log())[:, None] for m in (p, q))
    # Each round goes on from the last one's scaling, which is nearly right already.
    left, right = torch.zeros_like(p)[..., None], torch.zeros_like(q)[:, None]
    for _ in range(ROUNDS):
        cost = fixed - 2 * ours @ mass @ theirs
        least, most = (cost.masked_fill(~pair, fill) for fill in (torch.inf, -torch.inf))
        reach = most.amax((1, 2), keepdim=True) - least.amin((1, 2), keepdim=True)
        score = (-cost / (blur * reach.clamp_min(1e-6))).masked_fill(~pair, UNLIKELY)
        for _ in range(SWEEPS):
            left = -(score + right + log_q).logsumexp(2, keepdim=True)
            right = -(score + left + log_p.transpose(1, 2)).logsumexp(1, keepdim=True)
        mass = torch.where(pair, (score + left + right + log_p.transpose(1, 2) + log_q).exp(), 0)
    return mass


def carried(theirs: Tensor, mass: Tensor) -> Tensor:
    """Their points ``(B, m, W)`` where the plan ``(B, n, m)`` puts them: a mean for each of ours, ``(B, n, W)``."""
    return mass / mass.sum(2, keepdim=True).clamp_min(NOTHING) @ theirs
