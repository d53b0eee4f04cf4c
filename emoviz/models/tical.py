"""A TiCAL-style model: typicality-based, consistency-aware multimodal emotion recognition.

Built after the abstract of TiCAL (arXiv 2511.15085), whose equations were not at hand: every choice
it leaves open is a field of :class:`TicalConfig`, and what each is worth is measured in
``benchmarks/RESULTS.md``. What it does, in the words of the paper: modalities are encoded and put into a
space, flat or the Poincaré ball; each says alone what it shows (pseudo unimodal labels, from the one
label of the whole); how typical and how consistent that is gates a fusion in three stages. A part
without which nothing measured gets worse is off until it is asked for.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import geoopt
import torch
from torch import Tensor, nn

from emoviz.errors import ConfigError
from emoviz.measures import conflict as measure
from emoviz.measures import divergence
from emoviz.models.anchors import AnchorBank, Rule
from emoviz.models.base import Batch, Batches, EmotionModel, ModelConfig, Output
from emoviz.models.encoders import Encoder, Linears, SequenceEncoder, SequenceKind, VectorEncoder, standardise
from emoviz.models.fusion import StagedFusion
from emoviz.models.inputs import Inputs
from emoviz.models.memory import begun, recalled
from emoviz.models.space import Geometry, Space, spread_out

TINY = 1e-7
# Points start near the origin, where gradients are large, and move out as they become sure.
NEAR_ORIGIN = 0.1
# Rules of typicality that ask the anchors.
BY_ANCHORS = ("prototype", "conformal", "knn", "radius")


@dataclass(frozen=True)
class TicalConfig(ModelConfig):
    """Every choice of a TiCAL-style model and its training.

    Attributes:
        width: size of the vectors between encoders and fusion
        bent: whether the linear map that encodes utterance vectors gets a small network beside it
        sequence: how sequences are read, ``gru`` or ``transformer``
        members: how many encoders and fusion stages are trained side by side and averaged in one model
        geometry: ``euclidean``, or ``hyperbolic`` for points on the Poincaré ball; no measured number moves
        ball_dim: dimension of the ball
        c: curvature magnitude of the ball
        clip: tangent vectors stay shorter than this, half the largest distance from the origin
        anchors: most anchors per modality and label
        anchor_share: the most confident share of the correctly recognised samples that may be anchors
        pseudo: how unimodal labels are found: ``noise`` (a learned rate at which a modality shows something
            else), ``memory`` (labels that move over the epochs), ``none`` (the label of the whole), or
            ``auto`` (noise for classes and scores, memory for distributions)
        rho: share of the geometric label in a memory label, the rest is the head's
        memory_start: weight of the old label in the first epoch of the memory
        temperature: of the softmax over distances to prototypes
        dissent: share of samples in which a modality shows something else, learned from here; 0 begins with .3 under
            ``noise``, else with .1
        typicality: ``signal`` (a learned chance that the modality shows anything at all), ``prototype``,
            ``conformal``, ``knn``, ``radius`` or ``confidence``
        typicality_in: ``temper`` mixes the prior into what an untypical modality says before conflict is
            judged, ``weight`` weighs pairs, ``none`` leaves typicality a diagnostic
        gate_typicality: whether typicality enters the gates of the fusion
        stages: ``gates`` (consistency and typicality gate the three stages), ``schedule`` (heads, then
            anchors, then fusion, as phases of training, with gates), or ``plain`` (no gates)
        phase: epochs of each of the first two phases of ``schedule``, and of the warm-up before anchors count
        beta: how sharply gates prefer consistent modalities
        consensus: whether the fused answer starts from the modalities' own answers, each doubted at its
            rate of dissent
        loss: for distributions: ``jsd``, ``kl`` or ``mix``
        mix: share of ``kl`` in ``mix``
        unimodal: weight of the unimodal loss
        hyperbolic: weight of the pull towards the prototypes
        weight: samples in the fused loss: ``none``, ``down`` (conflicting ones less) or ``up`` (more)
        weight_floor: least weight under ``down``
        score_bins: classes into which scores are cut for heads, anchors and conflict
    """

    width: int = 64
    bent: bool = True
    sequence: SequenceKind = "gru"
    members: int = 2
    geometry: Geometry = "euclidean"
    ball_dim: int = 8
    c: float = 1.0
    clip: float = 2.0
    anchors: int = 64
    anchor_share: float = 1.0
    pseudo: Literal["auto", "noise", "memory", "none"] = "auto"
    rho: float = 0.0
    memory_start: float = 0.8
    temperature: float = 0.5
    dissent: float = 0.0
    typicality: Rule = "signal"
    typicality_in: Literal["none", "temper", "weight"] = "temper"
    gate_typicality: bool = False
    stages: Literal["gates", "schedule", "plain"] = "gates"
    phase: int = 5
    beta: float = 2.0
    consensus: bool = True
    loss: Literal["jsd", "kl", "mix"] = "jsd"
    mix: float = 0.1
    unimodal: float = 0.5
    hyperbolic: float = 0.1
    weight: Literal["none", "down", "up"] = "none"
    weight_floor: float = 0.5
    score_bins: Literal[3, 7] = 3
    epochs: int = 40
    lr: float = 1e-3

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        **ModelConfig.BOUNDS,
        "width": (4, 1024),
        "members": (1, 32),
        "ball_dim": (2, 256),
        "c": (1e-3, 10),
        "clip": (0.1, 10),
        "anchors": (1, 1024),
        "anchor_share": (0.01, 1),
        "rho": (0, 1),
        "memory_start": (0, 0.999),
        "temperature": (0.01, 100),
        "dissent": (0, 0.5),
        "phase": (0, 100),
        "beta": (0, 100),
        "mix": (0, 1),
        "unimodal": (0, 100),
        "hyperbolic": (0, 100),
        "weight_floor": (0, 1),
    }

    def __post_init__(self):
        super().__post_init__()
        if self.width % 4:
            raise ConfigError(f"width is {self.width}; it must be a multiple of 4.")


class Tical(EmotionModel):
    """Encoders, heads, ball, anchors and staged fusion; see :class:`TicalConfig`."""

    label_prior: Tensor
    bin_edges: Tensor
    bin_centres: Tensor
    epoch: Tensor
    dissenting: Tensor
    memory: Tensor

    def __init__(self, config: TicalConfig, inputs: Inputs):
        super().__init__()
        self.config, self.inputs = config, inputs
        self.sides = len(inputs.modalities)
        scored = inputs.target == "score"
        self.labels = config.score_bins if scored else len(inputs.labels)
        self.pseudo_rule = (
            config.pseudo if config.pseudo != "auto" else "memory" if inputs.target == "distribution" else "noise"
        )
        self.space = Space(config.geometry, config.c, config.clip)
        width, labels = config.width, self.labels
        self.encoders = nn.ModuleList(
            SequenceEncoder(len(m.columns), width, config.dropout, config.members, config.sequence)
            if m.sequence
            else VectorEncoder(len(m.columns), width, config.dropout, config.members, config.bent)
            for m in inputs.modalities
        )
        self.heads = Linears(self.sides, width, labels)
        self.tangents = Linears(self.sides, width, config.ball_dim, NEAR_ORIGIN)
        self.tangent = Linears(1, width, config.ball_dim, NEAR_ORIGIN)
        self.silence = nn.Parameter(torch.full((self.sides,), -2.0))
        rate = config.dissent or (0.3 if self.pseudo_rule == "noise" else 0.1)
        self.dissent = nn.Parameter(torch.full((self.sides,), math.log(rate / (1 - rate))))
        self.fusion = StagedFusion(
            self.sides,
            width,
            labels,
            sum(len(e.categories) for e in inputs.context),
            1 if scored else labels,
            config.members,
            config.dropout,
            config.beta,
            config.stages != "plain",
        )
        self.doubt = nn.Parameter(torch.ones(()))
        # One tangent unit out.
        centres = self.space.point(spread_out(labels, config.ball_dim) * min(1.0, config.clip / 2))
        self.centres = geoopt.ManifoldParameter(centres, manifold=self.space.manifold)
        self.bank = AnchorBank(self.sides + 1, labels, config.anchors, config.ball_dim, self.space)
        self.register_buffer("label_prior", torch.full((labels,), 1 / labels))
        self.register_buffer("bin_edges", torch.zeros(labels - 1 if scored else 0))
        self.register_buffer("bin_centres", torch.zeros(labels if scored else 0))
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64))
        # Share of training samples in which some modality shows something else than the whole; 0 until that is known.
        self.register_buffer("dissenting", torch.zeros(()))
        # Labels that move while training; of no use afterwards.
        self.register_buffer("memory", torch.zeros(0, self.sides, labels), persistent=False)

    # What needs no gradient.

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        standardise(self.inputs.modalities, [e.standardise for e in cast("list[Encoder]", self.encoders)], batches)
        target = torch.cat([batch.target for batch in batches])
        if self.inputs.target == "score":
            self._cut(target)
        shown = self._distribution(target)
        # One imagined sample per label: a label that training never saw must not become impossible.
        self.label_prior.copy_((shown.sum(0) + 1) / (len(shown) + self.labels))

    def _cut(self, scores: Tensor) -> None:
        """Three bins: negative, neutral, positive where scores have both signs, else thirds; seven of equal widths."""
        reach = scores.abs().max()
        if self.labels == 3 and scores.min() < 0 < scores.max():
            edges = torch.stack([-reach / 6, reach / 6])
        elif self.labels == 3:
            edges = scores.quantile(torch.tensor([1 / 3, 2 / 3], device=scores.device))
        else:
            edges = torch.linspace(scores.min().item(), scores.max().item(), self.labels + 1, device=scores.device)[
                1:-1
            ]
        self.bin_edges.copy_(edges)
        member = torch.bucketize(scores, self.bin_edges)
        fallback = torch.cat([scores.min()[None], (edges[1:] + edges[:-1]) / 2, scores.max()[None]])
        self.bin_centres.copy_(
            torch.stack(
                [scores[member == k].mean() if (member == k).any() else fallback[k] for k in range(self.labels)]
            )
        )

    def _distribution(self, target: Tensor) -> Tensor:
        """Targets as distributions over labels (bins for scores), ``(B, K)``."""
        if self.inputs.target != "score":
            return target
        return nn.functional.one_hot(torch.bucketize(target, self.bin_edges), self.labels).to(target.dtype)

    def complete(self) -> bool:
        return self.config.stages != "schedule" or int(self.epoch) > 2 * self.config.phase

    @torch.no_grad()
    def end_epoch(self, epoch: int, batches: Batches) -> None:
        self.eval()
        self.epoch.fill_(epoch)
        by_anchors = self.config.typicality in BY_ANCHORS or self.config.rho > 0
        if epoch < self._anchors_from or not (by_anchors or self.pseudo_rule == "memory"):
            return
        whole = self._look(batches)
        if by_anchors:
            self._choose_anchors(whole)
        if self.pseudo_rule == "memory":
            self._remember(epoch, whole)

    @torch.no_grad()
    def finish(self, batches: Batches) -> None:
        self.eval()
        self._choose_anchors(self._look(batches))
        if self.pseudo_rule != "none" and self.inputs.target != "distribution":
            self.dissenting.copy_(1 - torch.cat([self._agreeing(batch) for batch in batches]).mean())

    def _agreeing(self, batch: Batch) -> Tensor:
        """Chance that all modalities show what the whole does, given what they say and the label, ``(B,)``."""
        alike = (self.pseudo(batch) * self._distribution(batch.target)).sum(-1)
        return alike.nan_to_num(1).prod(0)

    def _look(self, batches: Batches) -> "_Whole":
        """Everything known of all training samples, in order."""
        seen = [(self._see(batch), batch) for batch in batches]
        present = torch.cat([s.present for s, _ in seen], 1)
        return _Whole(
            head=torch.cat([s.head for s, _ in seen], 1),
            said=torch.cat([torch.cat([s.said, self._as_distribution(s.fused)[None]]) for s, _ in seen], 1),
            points=torch.cat([s.points for s, _ in seen], 1),
            target=self._distribution(torch.cat([batch.target for _, batch in seen])),
            keys=torch.cat([torch.cat([batch.keys.T, batch.keys.sum(1)[None]]) for _, batch in seen], 1),
            rows=torch.cat([batch.rows for _, batch in seen]),
            present=torch.cat([present, present.any(0, keepdim=True)]),
        )

    def _choose_anchors(self, whole: "_Whole") -> None:
        label = _unique_mode(whole.target)
        self.bank.fill(whole.points, whole.said, label, whole.keys, whole.present, self.config.anchor_share)

    @property
    def _anchors_from(self) -> int:
        return self.config.phase if self.config.stages == "schedule" else 1

    def _remember(self, epoch: int, whole: "_Whole") -> None:
        """Move the training labels of each modality towards what it shows."""
        rows = whole.rows
        if not len(self.memory):
            self.memory = begun(rows, whole.target, self.sides)
        keep = self._keep(epoch)
        new = self._blend(whole.head, whole.points[:-1]).transpose(0, 1)
        self.memory[rows] = keep * self.memory[rows] + (1 - keep) * new

    def _keep(self, epoch: int) -> float:
        """Weight of the old labels in an epoch of the memory."""
        return 1 - (1 - self.config.memory_start) / math.sqrt(epoch)

    def _blend(self, head: Tensor, points: Tensor) -> Tensor:
        """What a modality says, by its head and by its place among the prototypes, ``(M, B, K)``."""
        if not self.config.rho or not self.bank.ready:
            return head
        gap = self.space.distance(points[:, :, None], self.bank.prototypes[:-1, None]) / self.bank.scales[:-1, None]
        return self.config.rho * (-gap / self.config.temperature).softmax(-1) + (1 - self.config.rho) * head

    # From a batch to everything that is known of it without its labels.

    def _present(self, batch: Batch) -> Tensor:
        return torch.stack([batch.present[name] for name in self.inputs.names])

    def _see(self, batch: Batch) -> "_Seen":
        present = self._present(batch)
        encoded = torch.stack(
            [
                encoder(batch.features[name], batch.steps.get(name))
                for name, encoder in zip(self.inputs.names, self.encoders, strict=True)
            ]
        )
        encoded = encoded * present[:, None, :, None]
        mean = encoded.mean(1)
        logits = self.heads(mean)
        head = logits.softmax(-1)
        points = self.space.point(self.tangents(mean))
        typicality = self._typicality(batch, logits, head, points)
        said = self._blend(head, points)
        if self.config.typicality_in == "temper":
            said = measure.temper(said, typicality, self.label_prior)
        said = torch.where(present[..., None], said, self.label_prior)
        gate = typicality if self.config.gate_typicality else torch.ones_like(typicality)
        hidden, answers = self.fusion(encoded, said, gate.detach(), present, batch.context)
        if self.inputs.target == "score":
            member_answers = self._scores(said, present)[None] + answers.squeeze(-1)
            fused = member_answers.mean(0)
        else:
            if self.config.consensus:
                # What a modality shows is asked of its own label alone: the answer to the whole must not bend it.
                alone = said.detach() if self.pseudo_rule == "noise" else said
                answers = answers + self.doubt * self._consensus(alone, present)
            member_answers = answers.log_softmax(-1)
            fused = member_answers.exp().mean(0)
        whole = self.space.point(self.tangent(hidden.mean(0, keepdim=True)))
        return _Seen(head, said, typicality, torch.cat([points, whole]), member_answers, fused, present)

    def _typicality(self, batch: Batch, logits: Tensor, head: Tensor, points: Tensor) -> Tensor:
        rule = self.config.typicality
        if rule == "signal":
            # An extra answer, "nothing shown": typicality is the chance that it is not the true one.
            return torch.sigmoid(logits.logsumexp(-1) - math.log(self.labels) - self.silence[:, None])
        if rule == "confidence":
            return head.amax(-1).detach()
        with torch.no_grad():
            return self._by_anchors(slice(None, -1), points, head.argmax(-1), batch.keys.T)

    def _by_anchors(self, sides: slice, points: Tensor, guess: Tensor, keys: Tensor) -> Tensor:
        return self.bank.typicality(points, guess, keys, self.config.typicality, sides)

    def _doubts(self) -> Tensor:
        """Rate at which each modality shows something else than the whole, ``(M, 1, 1)``."""
        return self.dissent.sigmoid()[:, None, None]

    def _noisy(self, said: Tensor) -> Tensor:
        """Label of the whole as each modality alone predicts it, ``(M, B, K)``: what it shows, less its dissent."""
        return (1 - self._doubts()) * said + self._doubts() * (1 - said) / (self.labels - 1)

    def _consensus(self, said: Tensor, present: Tensor) -> Tensor:
        """Log posterior of the label, ``(B, K)``, were modalities independent and dissent as rare as learned."""
        ratio = (self._noisy(said) + TINY).log() - self.label_prior.log()
        return (ratio * present[..., None]).sum(0) + self.label_prior.log()

    def _scores(self, said: Tensor, present: Tensor) -> Tensor:
        """Mean score of the modalities that are there, ``(B,)``, in the units of the target."""
        each = (said * self.bin_centres).sum(-1)
        return (each * present).sum(0) / present.sum(0).clamp_min(1)

    def _as_distribution(self, fused: Tensor) -> Tensor:
        return fused if self.inputs.target != "score" else self._distribution(fused)

    def _conflict(self, seen: "_Seen") -> Tensor:
        said = torch.where(seen.present[..., None], seen.said, torch.nan)
        if self.inputs.target == "distribution" or self.config.typicality_in == "weight":
            weight = seen.typicality if self.config.typicality_in == "weight" else None
            return measure.conflict(said, weight=weight)
        return measure.conflict(said, prior=self.label_prior, dissent_rate=self.dissent_rate())

    def forward(self, batch: Batch) -> Output:
        seen = self._see(batch)
        missing = ~seen.present
        with torch.no_grad():
            guess = self._as_distribution(seen.fused).argmax(-1)[None]
            whole = self._by_anchors(slice(-1, None), seen.points[-1:], guess, batch.keys.sum(1)[None])
        anything = seen.present.any(0, keepdim=True)
        everywhere = torch.cat([missing, ~anything])
        return Output(
            fused=seen.fused,
            q=seen.said.masked_fill(missing[..., None], torch.nan),
            scores=(seen.said * self.bin_centres).sum(-1).masked_fill(missing, torch.nan)
            if self.inputs.target == "score"
            else None,
            points=self.space.shown(seen.points).masked_fill(everywhere[..., None], torch.nan),
            typicality=torch.cat([seen.typicality, whole]).masked_fill(everywhere, torch.nan),
            conflict=self._conflict(seen),
        )

    def pseudo(self, batch: Batch) -> Tensor:
        seen, target = self._see(batch), self._distribution(batch.target)
        if self.pseudo_rule == "noise":
            # Bayes' rule for each label the whole may have: what the modality says, times how often it then shows that.
            dissent = self._doubts() / (self.labels - 1)
            passed = torch.eye(self.labels, device=target.device) * (1 - self._doubts() - dissent) + dissent
            joint = seen.said[..., None] * passed[:, None]
            shown = (joint / joint.sum(-2, keepdim=True).clamp_min(TINY) * target[:, None]).sum(-1)
        elif self.pseudo_rule == "memory":
            new = self._blend(seen.head, seen.points[:-1])
            left = math.prod(map(self._keep, range(max(1, self._anchors_from), int(self.epoch) + 1)))
            shown = recalled(self.memory, batch.rows, left * target + (1 - left) * new)
        else:
            shown = target.expand_as(seen.said)
        known = seen.present & ~batch.target.isnan().reshape(len(target), -1).any(1)
        return torch.where(known[..., None], shown, torch.nan)

    # Losses.

    def loss(self, batch: Batch) -> Tensor:
        seen = self._see(batch)
        target = self._distribution(batch.target)
        consistency = 1 - torch.nan_to_num(self._conflict(seen).detach())
        config = self.config
        total = config.unimodal * self._unimodal(seen, batch, target, consistency)
        if config.stages != "schedule" or self.epoch >= 2 * config.phase:
            weight = self._weights(consistency)
            total = total + (weight * self._task(seen.members, batch.target).mean(0)).mean()
        if config.hyperbolic:
            total = total + config.hyperbolic * self._pull(seen, target, consistency)
        return total

    def _task(self, answers: Tensor, target: Tensor) -> Tensor:
        """How wrong each answer is, ``(E, B)``: absolute error, nats, or a divergence in nats."""
        if self.inputs.target == "score":
            return (answers - target).abs()
        if self.inputs.target == "class":
            return -(target * answers).sum(-1)
        share = {"jsd": 0.0, "kl": 1.0, "mix": self.config.mix}[self.config.loss]
        apart = torch.zeros_like(answers[..., 0])
        if share > 0:
            apart = apart + share * divergence.kl(target, answers.exp().clamp_min(TINY))
        if share < 1:
            apart = apart + (1 - share) * divergence.jsd(answers.exp(), target)
        return apart

    def _weights(self, consistency: Tensor) -> Tensor:
        if self.config.weight == "none":
            return torch.ones_like(consistency)
        floor = self.config.weight_floor
        raw = floor + (1 - floor) * consistency if self.config.weight == "down" else 2 - consistency
        return raw / raw.mean()

    def _unimodal(self, seen: "_Seen", batch: Batch, target: Tensor, consistency: Tensor) -> Tensor:
        if self.pseudo_rule == "noise":
            each = -(target * (self._noisy(seen.said) + TINY).log()).sum(-1)
        else:
            logs = (seen.said + TINY).log()
            each = -(target * logs).sum(-1)
            if self.pseudo_rule == "memory" and len(self.memory) and self.epoch >= self._anchors_from:
                moved = -(self.memory[batch.rows].transpose(0, 1) * logs).sum(-1)
                each = consistency * each + (1 - consistency) * seen.typicality.detach() * moved
        return (each * seen.present).sum() / seen.present.sum().clamp_min(1)

    def _pull(self, seen: "_Seen", target: Tensor, consistency: Tensor) -> Tensor:
        """Cross-entropy of the softmax over distances to the prototypes that all sides share."""
        gap = self.space.distance(seen.points[:, :, None], self.centres)
        each = -(target * (-gap / self.config.temperature).log_softmax(-1)).sum(-1) * consistency
        there = torch.cat([seen.present, torch.ones_like(seen.present[:1])])
        return (each * there).sum() / there.sum()

    def validate(self, output: Output, target: Tensor) -> Tensor:
        answers = output.fused if self.inputs.target == "score" else (output.fused + TINY).log()
        return self._task(answers[None], target)[0]

    def optimizers(self) -> list[torch.optim.Optimizer]:
        flat = [parameter for name, parameter in self.named_parameters() if name != "centres"]
        return [
            torch.optim.AdamW(flat, lr=self.config.lr, weight_decay=self.config.weight_decay, fused=True),
            geoopt.optim.RiemannianAdam([self.centres], lr=self.config.lr),
        ]

    # What the rest of emoviz asks of a trained model.

    def prototypes(self) -> Tensor:
        # Samples are pushed on beyond the centres that the loss pulls at; the memory bank's prototypes lie among them.
        return self.space.shown(self.bank.prototypes[-1] if self.bank.ready else self.centres.detach())

    @torch.no_grad()
    def rotate(self, rotation: Tensor) -> None:
        # Tangent vectors and points turn alike: the exponential map at the origin knows no direction.
        turned = [self.centres, self.bank.points, self.bank.prototypes]
        turned += [tensor for layer in (self.tangents, self.tangent) for tensor in (layer.weight, layer.bias)]
        for tensor in turned:
            tensor.copy_(tensor @ rotation.T)

    def prior(self) -> Tensor:
        return self.label_prior

    def dissent_rate(self) -> float:
        # Each modality's own rate is learned slowly, and modalities do not dissent independently: they are counted.
        return float(self.dissenting or 1 - (1 - self.dissent.detach().sigmoid()).prod())


@dataclass(frozen=True)
class _Seen:
    """Inside a model: everything about a batch before it is shown."""

    head: Tensor  # (M, B, K), by the heads alone
    said: Tensor  # (M, B, K), as conflict reads it; the prior where missing
    typicality: Tensor  # (M, B)
    points: Tensor  # (M + 1, B, D), in the model's own space
    members: Tensor  # (E, B, K) log probabilities, or (E, B) scores
    fused: Tensor  # (B, K) or (B,)
    present: Tensor  # (M, B)


@dataclass(frozen=True)
class _Whole:
    """Inside a model: all training samples at once, the fused side last."""

    head: Tensor  # (M, N, K)
    said: Tensor  # (M + 1, N, K)
    points: Tensor  # (M + 1, N, D)
    target: Tensor  # (N, K)
    keys: Tensor  # (M + 1, N)
    rows: Tensor  # (N,)
    present: Tensor  # (M + 1, N)


def _unique_mode(distribution: Tensor) -> Tensor:
    """Index of the largest entry, -1 where it is shared or unknown, ``(N,)``."""
    top = distribution.nan_to_num(-1).max(-1, keepdim=True).values
    tied = (distribution >= top).sum(-1) != 1
    return distribution.nan_to_num(-1).argmax(-1).masked_fill(tied, -1)
