"""An MPCL-style model: memory-guided prototypical co-occurrence learning of emotion distributions.

Built after the abstract of MPCL (arXiv 2602.20530), whose equations were not at hand: every choice it
leaves open is a field of :class:`MpclConfig`, and each part can be switched off to see what it is worth.
In the words of the paper: groups of signals are fused by a multi-scale associative memory; banks of
emotion-specific prototypes hold what each group shows, and relation distillation brings the groups'
relations to them together; a retrieval from the banks extracts which emotions occur together; a bottom-up
compression leads to the emotion distribution. A part without which nothing measured gets worse is off until it is
asked for.

What a group says alone is read from its bank before it meets the others in the memory: conflict between groups that
have already looked at each other would be none.

Here the two methods meet: where modalities conflict, distillation may be held back
(``distil_by=consistency``), since an alignment of everything would erase the conflict.

Axis letters beside those of :mod:`emoviz.models.base`: P prototypes of a label and group, W width.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from emoviz.measures import conflict as measure
from emoviz.measures import divergence, typicality
from emoviz.models.answering import TINY, Answer, Answering, AnsweringConfig
from emoviz.models.base import Batch, Batches
from emoviz.models.encoders import Standardise, standardise
from emoviz.models.inputs import Inputs

SHOWN = 0.1  # an emotion with less of the mass is not shown by a sample
NEUTRAL = 0.15  # a valence nearer to 0 is neither pleasant nor unpleasant


@dataclass(frozen=True)
class MpclConfig(AnsweringConfig):
    """Every choice of an MPCL-style model and its training.

    Attributes:
        width: size of tokens, prototypes and everything between
        tokens: into how many tokens an utterance vector is unfolded; a sequence has one a step
        scales: of the associative memory: tokens as they are, pooled by 2, by 4, by 8; 1 is the first alone
        steps: updates of the memory, each a retrieval from all groups; 0 leaves it out
        prototypes_each: prototypes of each label in each group's bank
        temperature: of the softmax over similarities to prototypes
        retrievals: how often emotions look up the banks before co-occurrence is read; 0 leaves it out
        prior: what the learned co-occurrence is drawn to: ``valence`` (counts of the training labels, and where
            they are few emotions of one valence), ``counts``, ``pairs`` (no table: the other emotions of each sample
            are told from each of its own), or ``none``
        valence_pull: how much more often pairs of one valence, and less often pairs of opposite valence, are expected
            under ``valence`` before any is seen
        imagined: mass of pairs that this expectation counts for, for each emotion
        compression: whether emotions are pooled by valence and as a whole before the answer
        distil_by: whose relations are brought together: ``all`` samples alike, or by their ``consistency``
        prototype: weight of the prototype classification
        distil: weight of the relation distillation between groups
        co_occurrence: weight of the pull of the co-occurrence to its prior
        valence: weight of the loss on the shares of pleasant and unpleasant emotions
        diversity: weight of the push between prototypes of one label
    """

    width: int = 64
    tokens: int = 4
    scales: int = 3
    steps: int = 1
    prototypes_each: int = 4
    temperature: float = 0.1
    retrievals: int = 1
    prior: Literal["valence", "counts", "pairs", "none"] = "valence"
    valence_pull: float = 0.5
    imagined: float = 10.0
    compression: bool = False
    distil_by: Literal["all", "consistency"] = "all"
    dropout: float = 0.1
    prototype: float = 0.5
    distil: float = 0.5
    co_occurrence: float = 0.1
    valence: float = 0.0
    diversity: float = 0.0
    epochs: int = 30
    batch: int = 128
    lr: float = 2e-3
    patience: int = 8

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        **AnsweringConfig.BOUNDS,
        "width": (8, 1024),
        "tokens": (1, 64),
        "scales": (1, 4),
        "steps": (0, 3),
        "prototypes_each": (1, 64),
        "temperature": (0.01, 10),
        "retrievals": (0, 3),
        "valence_pull": (0, 1),
        "imagined": (0, 1e6),
        "prototype": (0, 100),
        "distil": (0, 100),
        "co_occurrence": (0, 100),
        "valence": (0, 100),
        "diversity": (0, 100),
    }


@dataclass(frozen=True)
class Diagnosis:
    """What became of banks and memory, over some samples.

    Attributes:
        retrieval_entropy: mean entropy of the memory's retrieval over its logarithm of choices, ``(scales,)`` in
            [0, 1]: near 1 it averages everything, near 0 it finds single patterns; NaN without a memory
        usage: share of the samples' attention that each prototype gets within its label, ``(M, K, P)``
        dead: ``(M, K, P)`` bool, prototypes with less than a hundredth of an even share
        duplicate: ``(M, K, P)`` bool, prototypes that are nearly another one of their label
        co_occurrence: how far each emotion (row) looks to each other one in the samples that show it, ``(K, K)``,
            rows sum to 1, diagonal 0
    """

    retrieval_entropy: Tensor
    usage: Tensor
    dead: Tensor
    duplicate: Tensor
    co_occurrence: Tensor

    def sentences(self, labels: tuple[str, ...], pairs: int = 3) -> tuple[str, ...]:
        """The same in words.

        Args:
            labels: names of the K emotions
            pairs: how many pairs of emotions are named, those that look to each other most
        """
        looks = (self.co_occurrence + self.co_occurrence.T).triu(1) / 2
        best = looks.flatten().topk(min(pairs, len(labels) * (len(labels) - 1) // 2))
        told = [
            f"{labels[i // len(labels)]} and {labels[i % len(labels)]} ({value:.2f})"
            for value, i in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ]
        spread = ", ".join(f"{value:.2f}" for value in self.retrieval_entropy.tolist())
        memory = f"Entropy of the memory's retrieval, by scale: {spread}; at 1 it averages, at 0 it finds one pattern."
        if self.retrieval_entropy.isnan().any():
            memory = "No memory: the groups meet in their banks."
        return (
            f"{self.dead.numel()} prototypes, of which {int(self.dead.sum())} are hardly used and "
            f"{int(self.duplicate.sum())} are nearly another one of their emotion.",
            memory,
            f"Emotions that look to each other most: {', '.join(told)}. Even shares: {1 / (len(labels) - 1):.2f}.",
        )


class Tokeniser(nn.Module):
    """Features of one modality to tokens ``(B, T, W)`` and which of them are real, ``(B, T)`` bool."""

    def __init__(self, features: int, width: int, tokens: int, sequence: bool):
        super().__init__()
        self.standardise = Standardise(features)
        self.tokens, self.sequence = (1 if sequence else tokens), sequence
        self.linear = nn.Linear(features, self.tokens * width)

    def forward(self, x: Tensor, steps: Tensor | None) -> tuple[Tensor, Tensor]:
        x = self.linear(self.standardise(x))
        if steps is not None:
            return x, steps
        return x.unflatten(-1, (self.tokens, -1)), x.new_ones(len(x), self.tokens, dtype=torch.bool)


class Memory(nn.Module):
    """Multi-scale associative memory: every token retrieves from the tokens of all groups, at several scales.

    One update of a modern Hopfield network is attention with the inverse temperature as its scaling
    (Ramsauer et al. Hopfield Networks is All You Need. ICLR 2021); each scale learns its own.
    """

    def __init__(self, width: int, scales: int, dropout: float):
        super().__init__()
        self.scales = tuple(2**s for s in range(scales))
        self.query = nn.ModuleList(nn.Linear(width, width) for _ in self.scales)
        self.key = nn.ModuleList(nn.Linear(width, width) for _ in self.scales)
        self.value = nn.ModuleList(nn.Linear(width, width) for _ in self.scales)
        self.before = nn.LayerNorm(width)
        self.log_beta = nn.Parameter(torch.full((len(self.scales),), -0.5 * math.log(width)))
        self.out = nn.Linear(width * len(self.scales), width)
        self.drop = nn.Dropout(dropout)
        self.after = nn.LayerNorm(width)

    def forward(self, tokens: list[Tensor], real: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Tokens of each group and which are real, to the same tokens with what they retrieved.

        Returns:
            per group ``(B, T, W)``; and the entropy of the retrieval by scale, ``(scales,)`` in [0, 1]
        """
        found: list[list[Tensor]] = [[] for _ in tokens]
        entropies = []
        for s, scale in enumerate(self.scales):
            pooled = [_pooled(self.before(x), r, scale) for x, r in zip(tokens, real, strict=True)]
            stored = torch.cat([x for x, _ in pooled], 1)
            there = torch.cat([r for _, r in pooled], 1)
            keys, values = self.key[s](stored), self.value[s](stored)
            entropy = []
            for g, (x, r) in enumerate(pooled):
                score = self.log_beta[s].exp() * self.query[s](x) @ keys.transpose(1, 2)
                share = score.masked_fill(~there[:, None], -1e9).softmax(-1)
                found[g].append((share @ values).repeat_interleave(scale, 1)[:, : tokens[g].shape[1]])
                room = there.sum(1, keepdim=True).clamp_min(2).to(share.dtype).log()
                each = divergence.entropy(share.detach()) / room
                entropy.append((each * r).sum() / r.sum().clamp_min(1))
            entropies.append(torch.stack(entropy).mean())
        made = [self.after(x + self.drop(self.out(torch.cat(f, -1)))) for x, f in zip(tokens, found, strict=True)]
        return made, torch.stack(entropies)


def _pooled(x: Tensor, real: Tensor, scale: int) -> tuple[Tensor, Tensor]:
    """Means over runs of ``scale`` real tokens, and which runs have any."""
    if scale == 1:
        return x, real
    room = (-x.shape[1]) % scale
    weight = nn.functional.pad(real.to(x.dtype), (0, room)).unflatten(1, (-1, scale))
    x = nn.functional.pad(x, (0, 0, 0, room)).unflatten(1, (-1, scale))
    return (x * weight[..., None]).sum(2) / weight.sum(2).clamp_min(1)[..., None], weight.sum(2) > 0


class Mpcl(Answering):
    """Tokens, memory, prototype banks, co-occurrence and compression; see :class:`MpclConfig`."""

    config: MpclConfig
    drawn_to: Tensor
    median_angle: Tensor
    sign: Tensor
    entropy: Tensor
    usage: Tensor
    looks: Tensor

    def __init__(self, config: MpclConfig, inputs: Inputs):
        super().__init__(config, inputs)
        width, labels, each = config.width, self.labels, config.prototypes_each
        self.tokenisers = nn.ModuleList(
            Tokeniser(len(m.columns), width, config.tokens, m.sequence) for m in inputs.modalities
        )
        self.memory = Memory(width, config.scales, config.dropout)
        self.attention = nn.Linear(width, 1)
        self.banks = nn.Parameter(nn.functional.normalize(torch.randn(self.sides, labels, each, width), dim=-1))
        self.own = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width)) for _ in inputs.modalities
        )
        self.lookup = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(3))
        self.pair = nn.Linear(width, width, bias=False)
        self.among = nn.Linear(width, width)
        self.whole = nn.Linear(width + inputs.context_size, width)
        levels = 3 if config.compression else 2
        self.speak = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(levels * width, width), nn.GELU(), nn.Linear(width, 1)
        )
        self.bias = nn.Parameter(torch.zeros(labels))
        self.listen = nn.Parameter(torch.ones(()))
        self.register_buffer("sign", signs(inputs.valences))
        self.register_buffer("drawn_to", torch.zeros(labels, labels))
        self.register_buffer("median_angle", torch.ones(self.sides, labels))
        # Of the diagnosis over the training samples.
        self.register_buffer("entropy", torch.zeros(config.scales))
        self.register_buffer("usage", torch.zeros(self.sides, labels, each))
        self.register_buffer("looks", torch.zeros(labels, labels))

    # What needs no gradient.

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        super().prepare(batches)
        standardise(self.inputs.modalities, [t.standardise for t in cast("list[Tokeniser]", self.tokenisers)], batches)
        target = torch.cat([batch.target for batch in batches])
        self.bias.copy_(self.label_prior.log())
        self.drawn_to.copy_(drawn_to(target, self.sign, self.config))

    @torch.no_grad()
    def finish(self, batches: Batches) -> None:
        """Measure how far samples usually are from the prototypes of what they show: the scale of typicality.

        What became of banks and memory is kept with the weights: see :attr:`diagnosis`.
        """
        self.eval()
        seen = [self._see(batch) for batch in batches]
        angle = torch.cat([s.angle for s in seen], 1)  # (M, N, K)
        said, there = torch.cat([s.said for s in seen], 1), torch.cat([s.present for s in seen], 1)
        shown = nn.functional.one_hot(said.argmax(-1), self.labels).bool() & there[..., None]
        medians = angle.masked_fill(~shown, torch.nan).nanmedian(1).values
        self.median_angle.copy_(torch.stack([typicality.scales(row) for row in medians]).nan_to_num(1.0))
        found = self._diagnosed(seen)
        self.entropy.copy_(found.retrieval_entropy)
        self.usage.copy_(found.usage)
        self.looks.copy_(found.co_occurrence)

    # From a batch to everything that is known of it without its labels.

    def _see(self, batch: Batch) -> "_Seen":
        config, names = self.config, self.inputs.names
        present = torch.stack([batch.present[name] for name in names])
        banks = nn.functional.normalize(self.banks, dim=-1)
        cut = [t(batch.features[n], batch.steps.get(n)) for n, t in zip(names, self.tokenisers, strict=True)]
        tokens = [x for x, _ in cut]
        real = [r & present[g][:, None] for g, (_, r) in enumerate(cut)]
        # What a group says alone is read before it meets the others in the memory.
        alone = self._similar(self._hidden(tokens, real), banks)
        said = self._by_label(self._relation(alone)).exp()
        entropy = torch.full_like(self.entropy, torch.nan)
        for _ in range(config.steps):
            tokens, entropy = self.memory(tokens, real)
        hidden = self._hidden(tokens, real)
        similar = self._similar(hidden, banks)
        within = (similar / config.temperature).softmax(-1)
        relation = self._relation(similar)
        recalled = torch.einsum("mbkp,mkpw->mbkw", within, banks)
        each = recalled + torch.stack([own(h) for own, h in zip(self.own, hidden, strict=True)])[:, :, None]
        share = present / present.sum(0).clamp_min(1)
        emotions = (each * share[..., None, None]).sum(0)  # (B, K, W)
        stored = banks.flatten(0, 2)
        for _ in range(config.retrievals):
            query, key, value = (layer(x) for layer, x in zip(self.lookup, (emotions, stored, stored), strict=True))
            emotions = emotions + (query @ key.T / math.sqrt(config.width)).softmax(-1) @ value
        score = self.pair(emotions) @ emotions.transpose(1, 2) / math.sqrt(config.width)
        blind = torch.eye(self.labels, dtype=torch.bool, device=score.device)
        beside = score.masked_fill(blind, -1e9).softmax(-1)  # (B, K, K): off the diagonal
        if config.retrievals:
            emotions = emotions + nn.functional.gelu(self.among(beside @ emotions))
        logits = self._compressed(emotions, batch.context)
        # What the groups' banks say is listened to directly; the compression corrects it.
        agreed = (self._by_label(relation) * share[..., None]).sum(0)
        fused = (self.bias + self.listen * (agreed - self.label_prior.log()) + logits).log_softmax(-1)
        angle = torch.acos(alone.amax(-1).clamp(-1 + 1e-6, 1 - 1e-6))
        return _Seen(said, relation, within, angle, beside, fused, present, entropy)

    def _hidden(self, tokens: list[Tensor], real: list[Tensor]) -> Tensor:
        """One vector for each group, ``(M, B, W)``."""
        return torch.stack([self._attended(x, r) for x, r in zip(tokens, real, strict=True)])

    def _similar(self, hidden: Tensor, banks: Tensor) -> Tensor:
        """Cosines to all prototypes of a group, ``(M, B, K, P)``."""
        return torch.einsum("mbw,mkpw->mbkp", nn.functional.normalize(hidden, dim=-1), banks)

    def _relation(self, similar: Tensor) -> Tensor:
        """Log probabilities over all prototypes of a group, ``(M, B, K * P)``."""
        return (similar / self.config.temperature).flatten(2).log_softmax(-1)

    def _by_label(self, relation: Tensor) -> Tensor:
        """Log probabilities over labels, ``(M, B, K)``."""
        return relation.unflatten(-1, (self.labels, -1)).logsumexp(-1)

    def _attended(self, tokens: Tensor, real: Tensor) -> Tensor:
        """One vector for a group, ``(B, T, W)`` to ``(B, W)``; zeros where it is missing."""
        weight = self.attention(tokens).squeeze(-1).masked_fill(~real, -1e9).softmax(1) * real
        return (weight[..., None] * tokens).sum(1)

    def _compressed(self, emotions: Tensor, context: Tensor) -> Tensor:
        """Emotions to emotions with their valence and the whole beside them, to logits: ``(B, K, W)`` to ``(B, K)``."""
        whole = self.whole(torch.cat([emotions.mean(1), context], -1))[:, None].expand_as(emotions)
        levels = [emotions, whole]
        if self.config.compression:
            same = (self.sign[:, None] == self.sign).to(emotions.dtype)
            levels.insert(1, same / same.sum(1, keepdim=True) @ emotions)
        return self.speak(torch.cat(levels, -1)).squeeze(-1)

    def answer(self, batch: Batch) -> Answer:
        return self._answer(self._see(batch))

    def _answer(self, seen: "_Seen") -> Answer:
        guess = seen.said.argmax(-1, keepdim=True)
        scale = self.median_angle[:, None].expand_as(seen.angle).gather(-1, guess).squeeze(-1)
        typical = typicality.prototype(seen.angle.gather(-1, guess).squeeze(-1), scale)
        return Answer(seen.said, seen.fused, seen.present, typical)

    # Losses.

    def loss(self, batch: Batch) -> Tensor:
        config, seen, target = self.config, self._see(batch), batch.target
        total = self.task(seen.fused, target).mean()
        if config.prototype:
            each = -(target * (seen.said + TINY).log()).sum(-1)
            total = total + config.prototype * (each * seen.present).sum() / seen.present.sum().clamp_min(1)
        if config.distil and self.sides > 1:
            apart = self.disagreement(seen.relation, seen.present)
            weight = (
                1 - self.conflict(self._answer(seen)).detach()
                if config.distil_by == "consistency"
                else torch.ones_like(apart)
            )
            known = ~apart.isnan()
            total = total + config.distil * (apart * weight)[known].sum() / max(1, len(apart))
        if config.co_occurrence and config.retrievals and config.prior != "none":
            total = total + config.co_occurrence * self._apart_from_prior(seen.beside, target)
        if config.valence and (self.sign > 0).any() and (self.sign < 0).any():
            sides = torch.stack([(self.sign == s).to(target.dtype) for s in (1, 0, -1)], 1)
            total = total + config.valence * divergence.kl(target @ sides, (seen.fused.exp() @ sides) + TINY).mean()
        if config.diversity and config.prototypes_each > 1:
            total = total + config.diversity * (self._alike() - 0.5).clamp_min(0).mean()
        return total

    def _apart_from_prior(self, beside: Tensor, target: Tensor) -> Tensor:
        """How far the co-occurrence of a batch is from what it is drawn to, nats."""
        if self.config.prior == "pairs":
            pair = target[:, :, None] * target[:, None] * (1 - torch.eye(self.labels, device=target.device))
            return -(pair * beside.clamp_min(TINY).log()).sum() / pair.sum().clamp_min(TINY)
        mass = target.sum(0).clamp_min(TINY)
        mean = torch.einsum("bk,bkj->kj", target, beside) / mass[:, None]
        return divergence.kl(self.drawn_to, mean.clamp_min(TINY)).mean()

    def _alike(self) -> Tensor:
        """Cosines between the prototypes of one label, ``(M, K, P, P)``, the diagonal 0."""
        banks = nn.functional.normalize(self.banks, dim=-1)
        return torch.einsum("mkpw,mkqw->mkpq", banks, banks) * (1 - torch.eye(banks.shape[2], device=banks.device))

    @staticmethod
    def disagreement(relation: Tensor, present: Tensor) -> Tensor:
        """How far the groups' relations to the prototypes differ, each drawn to the other's: mean over pairs.

        Args:
            relation: log probabilities over all prototypes, ``(M, B, K * P)``
            present: ``(M, B)`` bool

        Returns:
            ``(B,)`` nats, NaN where fewer than two groups are there
        """
        total, count = torch.zeros_like(relation[0, :, 0]), torch.zeros_like(relation[0, :, 0])
        for a, b in measure.pairs(len(relation)):
            there = present[a] & present[b]
            for one, other in ((a, b), (b, a)):
                given = relation[one].detach()
                total = total + (given.exp() * (given - relation[other])).sum(-1) * there / 2
            count = count + there
        return torch.where(count > 0, total / count.clamp_min(1), torch.nan)

    # What the rest of emoviz asks of a trained model.

    @torch.no_grad()
    def diagnose(self, batches: Batches) -> Diagnosis:
        """What became of banks and memory, over the given samples."""
        self.eval()
        return self._diagnosed([self._see(batch) for batch in batches])

    @property
    def diagnosis(self) -> Diagnosis:
        """What became of them over the samples that trained the model."""
        return self._diagnosis(self.entropy, self.usage, self.looks)

    def _diagnosed(self, seen: "list[_Seen]") -> Diagnosis:
        there = torch.cat([s.present for s in seen], 1)[..., None, None]
        usage = (torch.cat([s.within for s in seen], 1) * there).sum(1) / there.sum(1).clamp_min(1)
        fused = torch.cat([s.fused for s in seen]).exp()
        # An emotion is asked where it is shown: slivers of mass everywhere would drown what it looks to there.
        shown = fused * (fused > SHOWN)
        shown = torch.where(shown.sum(0) > 0, shown, fused)
        beside = torch.einsum("bk,bkj->kj", shown, torch.cat([s.beside for s in seen]))
        entropy = torch.stack([s.entropy for s in seen]).mean(0)
        return self._diagnosis(entropy, usage, beside / beside.sum(1, keepdim=True))

    @torch.no_grad()
    def _diagnosis(self, entropy: Tensor, usage: Tensor, looks: Tensor) -> Diagnosis:
        dead = usage < 0.01 / usage.shape[-1]
        return Diagnosis(entropy, usage, dead, (self._alike() > 0.99).any(-1), looks)

    def more(self, batch: Batch) -> dict[str, Tensor]:
        seen = self._see(batch)
        return {"relation_disagreement": self.disagreement(seen.relation, seen.present)}


@dataclass(frozen=True)
class _Seen:
    """Inside a model: everything about a batch before it is shown."""

    said: Tensor  # (M, B, K), by each group's bank before the groups met
    relation: Tensor  # (M, B, K * P) log probabilities, after the groups met
    within: Tensor  # (M, B, K, P), over the prototypes of each label
    angle: Tensor  # (M, B, K), to the nearest prototype of each label, before
    beside: Tensor  # (B, K, K), who each emotion looks to
    fused: Tensor  # (B, K) log probabilities
    present: Tensor  # (M, B)
    entropy: Tensor  # (scales,)


def signs(valences: tuple[float, ...]) -> Tensor:
    """1 pleasant, -1 unpleasant, 0 neither or unknown."""
    known = torch.tensor(valences)
    return torch.where(known.abs() < NEUTRAL, 0, known.sign())


def drawn_to(shown: Tensor, sign: Tensor, config: MpclConfig) -> Tensor:
    """What the co-occurrence of each emotion is drawn to.

    Pairs are counted, the mass of both in a sample multiplied. Under ``valence`` each emotion begins with a few
    imagined pairs (a Dirichlet prior): as frequent as the other emotion is at all, more so if it is of the same
    valence. So valence leads where little was seen and fades where much was.

    Args:
        shown: distributions of the training samples, ``(N, K)``
        sign: of each emotion's valence, ``(K,)``
        config: its ``prior``, ``valence_pull`` and ``imagined``

    Returns:
        ``(K, K)``: rows sum to 1, the diagonal is 0
    """
    blind = 1 - torch.eye(shown.shape[1], device=shown.device)
    counted = (shown.T @ shown + TINY) * blind
    if config.prior == "valence":
        alone = shown.sum(0) + 1  # one imagined sample of each, as in the prior of the labels
        expected = alone * (1 + config.valence_pull * sign[:, None] * sign) * blind
        counted = counted + config.imagined * expected / expected.sum(1, keepdim=True).clamp_min(TINY)
    return counted / counted.sum(1, keepdim=True)
