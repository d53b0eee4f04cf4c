"""Three-stage fusion: what each modality is, how each pair relates, and what the whole says.

Gates are label-free: they come from what the modalities say alone. A modality that contradicts the
others, or says nothing typical, counts less; missing ones count nothing.
"""

import torch
from torch import Tensor, nn

from emoviz.measures import divergence
from emoviz.models.encoders import Linears


def agreement(q: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """How far modalities agree, from what each says alone.

    Args:
        q: ``(M, B, K)``, any numbers where missing
        present: ``(M, B)`` bool

    Returns:
        of pairs ``(M, M, B)`` and of each modality with the others ``(M, B)``, in [0, 1]: 1 - JSD in
        bits; 0 for pairs with a missing side, 1 for a modality that stands alone
    """
    both = present[:, None] & present[None]
    # A row of equal numbers stands for what is missing: NaN would travel through the mask's gradient.
    known = torch.where(present[..., None], q, 1 / q.shape[-1])
    pairs = (1 - divergence.jsd(known[:, None], known[None]) / divergence.LN2) * both
    others = ~torch.eye(len(q), dtype=torch.bool, device=q.device)[..., None] & both
    count = others.sum(1)
    return pairs, torch.where(count > 0, (pairs * others).sum(1) / count.clamp_min(1), torch.ones_like(pairs[0]))


class StagedFusion(nn.Module):
    """From modality vectors to the answers of E members that share everything below."""

    def __init__(
        self,
        modalities: int,
        width: int,
        labels: int,
        context: int,
        outputs: int,
        members: int,
        dropout: float,
        beta: float,
        gated: bool,
    ):
        super().__init__()
        self.pairs = [(a, b) for a in range(modalities) for b in range(a + 1, modalities)]
        self.beta, self.gated = beta, gated
        self.relate = nn.ModuleList(Linears(members, 4 * width + labels, width) for _ in self.pairs)
        self.own = Linears(members, width, width)
        self.context = Linears(members, context, width) if context else None
        self.drop = nn.Dropout(dropout)
        self.hidden = Linears(members, width, width)
        self.answer = Linears(members, width, outputs)

    def forward(
        self, features: Tensor, q: Tensor, typicality: Tensor, present: Tensor, context: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Fused vectors and answers.

        Args:
            features: ``(M, E, B, width)``
            q: what each modality says alone, ``(M, B, K)``
            typicality: ``(M, B)`` in [0, 1]
            present: ``(M, B)`` bool
            context: ``(B, X)``

        Returns:
            ``(E, B, width)`` and ``(E, B, outputs)``
        """
        if self.gated:
            pairs, alone = agreement(q.detach(), present)
            pull = self.beta * typicality * alone
        else:
            pairs, pull = (present[:, None] & present[None]).to(features.dtype), torch.zeros_like(typicality)
        share = pull.masked_fill(~present, -1e4).softmax(0) * present.sum(0)
        whole = self.own((share[:, None, :, None] * features).sum(0))
        for (a, b), relate in zip(self.pairs, self.relate, strict=True):
            f, g = features[a], features[b]
            # What both say of each label, as a product of experts would weigh it.
            shared = (q[a] * q[b]).detach().clamp_min(1e-12).sqrt().expand(len(f), -1, -1)
            whole = whole + pairs[a, b][..., None] * relate(torch.cat([f, g, f * g, (f - g).abs(), shared], -1))
        if self.context is not None:
            # One-hot columns are mostly 0: without the factor they would be learned last.
            whole = whole + self.context(context[None] * context.shape[1] ** 0.5)
        whole = self.drop(nn.functional.gelu(whole))
        hidden = self.drop(nn.functional.gelu(self.hidden(whole)))
        return hidden, self.answer(hidden)
