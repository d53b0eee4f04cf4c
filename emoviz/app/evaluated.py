"""What a benchmark measured: which one is read, what it comes to, and the table of all its numbers."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from emoviz.analysis import words as sentences
from emoviz.app import cache, guard, state
from emoviz.app.parts import copy_link, save
from emoviz.app.parts import scores as part
from emoviz.benchmark import scores as measures
from emoviz.benchmark import table as tables
from emoviz.benchmark.results import About, Results
from emoviz.benchmark.scores import LabelScore, Score
from emoviz.plots import benchmark as charts
from emoviz.plots import scores as forms
from emoviz.plots.scores import Column

MOST = len(charts.SHADES)  # models that a figure can tell apart
SHOWN = 6  # models in figures at first
COSTS = (
    Column("seconds", "seconds", "Seconds of one training, on the clock; the median.", None, 1),
    Column("pace", "samples a second", "Training samples that are learned from in a second.", True, 0),
    Column("epochs", "epochs", "How often training went through all samples.", None, 0),
    Column("parameters", "parameters", "Numbers that are learned.", None, 0),
    Column("megabytes", "MB", "Most memory that the training process held, in megabytes.", False, 0),
)
KINDS = {
    "shares": "people's shares",
    "answer": "their answers",
    "conflict": "conflict they see",
    "labels": "labels they give single modalities",
    "cost": "what they cost",
}
VERDICT = re.compile(r"^((?:Not p|P)roven)")
CLAIM = re.compile(r"^(Claim of the plan)")
BETTER = {"higher": True, "lower": False, "neither": None}
WHOLE = {"conflict": tables.ALL, "labels": tables.TRAINING}  # the only samples on which these are measured


@dataclass(frozen=True)
class Reading:
    """What the page reads.

    Attributes:
        results: the benchmark
        about: one of its datasets
        score: what figures show
        stratum: which samples
        titles: of the models that answered, in the order of the plan
        compared: those of them in figures
        key: names the benchmark in caches
    """

    results: Results
    about: About
    score: Score
    stratum: str
    titles: tuple[str, ...]
    compared: tuple[str, ...]
    key: str

    @property
    def colours(self) -> dict[str, str]:
        return charts.shades(self.compared)

    @property
    def table(self) -> pd.DataFrame:
        """The tidy rows of the dataset."""
        rows = cache.measured(self.key, self.results)
        return rows[rows["dataset"] == self.about.title]

    @property
    def strata(self) -> tuple[str, ...]:
        """Which samples answers are measured on."""
        return tuple(dict.fromkeys(one for one in self.table["stratum"] if one != tables.TRAINING))

    @property
    def higher(self) -> bool:
        return self.score.better != "lower"


def reading() -> Reading:
    """Draw what is read into the side bar and give it; ends the page where no benchmark was run yet."""
    names, view = cache.benchmarks(), state.view()
    if not names:
        st.title("Nothing is measured yet")
        st.info(
            "`emoviz benchmark PLAN.toml` trains models on datasets and measures them; what it finds shows here.",
            icon=":material/leaderboard:",
        )
        st.stop()
    name = view.benchmark if view.benchmark in names else names[0]
    with st.sidebar:
        if view.benchmark and view.benchmark not in names:
            st.warning(f"There is no benchmark '{sentences.plain(view.benchmark)}' here. This is another one.")
        _select("Benchmark", "benchmark", names, name)
    with guard.explained():
        results = cache.benchmark(name)
    datasets = {about.title: about for about in results.datasets if _models(results, about)}
    with st.sidebar:
        if not datasets:
            st.warning("None of its trainings has ended well yet.")
            st.stop()
        title = view.measured if view.measured in datasets else next(iter(datasets))
        about = datasets[title]
        _select("Dataset", "measured", tuple(datasets), title)
        if about.simulated:
            st.badge("simulated, no real people", icon=":material/science:", color="violet")
        known = (*measures.of_answers(about), *measures.of_conflict(about))
        score = measures.named(view.metric or results.plan.metric, about)
        by_name = {one.name: one.title for one in known}
        _select("Figures show", "metric", tuple(by_name), score.name, by_name.__getitem__)
        titles = _models(results, about)
        compared = tuple(one for one in titles if one in view.compared)[:MOST] or titles[:SHOWN]
        st.session_state["evaluate.compared"] = list(compared)
        st.multiselect(
            "Models in figures",
            titles,
            key="evaluate.compared",
            max_selections=MOST,
            on_change=lambda: state.change(compared=tuple(st.session_state["evaluate.compared"])),
        )
        copy_link.show("sidebar.copy_link")
    found = Reading(results, about, score, tables.ALL, titles, compared, cache.benchmark_key(results))
    return replace(found, stratum=view.stratum) if view.stratum in found.strata else found


def _models(results: Results, about: About) -> tuple[str, ...]:
    """Titles of the models that answered, ablations apart."""
    return tuple(variant.title for variant in results.variants(about.title) if not variant.of)


def _select(label: str, name: str, options: Sequence[str], current: str, shown: Callable[[str], str] = str) -> None:
    key = f"evaluate.{name}"
    st.session_state[key] = current
    st.selectbox(
        label, options, format_func=shown, key=key, on_change=lambda: state.change(**{name: st.session_state[key]})
    )


def verdict(read: Reading) -> None:
    """What is proven and what is not, with what it rests on."""
    said = cache.proven(read.key, read.about.title, read.results)
    told = [sentences.plain(sentence) for sentence in said]
    claims = [CLAIM.sub(r"- **\1**", one) for one in told if CLAIM.match(one)]
    told = [one for one in told if not CLAIM.match(one)]
    first = [place == 0 or bool(VERDICT.match(sentence)) for place, sentence in enumerate(told)]
    st.markdown(" ".join(VERDICT.sub(r"**\1**", one) for one, chief in zip(told, first, strict=True) if chief))
    if claims:
        st.markdown("\n".join(claims))
    rest = [one for one, chief in zip(told, first, strict=True) if not chief]
    plan = read.results.plan
    if plan.search > 1:
        rest.append(f"{plan.search} settings of each model were tried on validation groups before anything was tested.")
    rest.append(f"{sentences.plain(read.results.machine)}, {read.results.created[:10]}.")
    st.caption(" ".join(rest))
    failed = tables.failures(read.results)
    if len(failed):
        with st.expander(f"{len(failed):,} trainings failed", icon=":material/error:"):
            st.dataframe(failed, hide_index=True, key="evaluate.failed")


def table(read: Reading) -> None:
    """All models against all metrics, for the samples and the kind of metric that the visitor chooses."""
    kinds = _kinds(read)
    if st.session_state.get("evaluate.kind") not in kinds:  # another dataset may have other numbers
        st.session_state["evaluate.kind"] = "shares" if read.about.target == "distribution" else "answer"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("Table shows", kinds, required=True, key="evaluate.kind", format_func=KINDS.__getitem__)
        parts = st.toggle("with ablations", key="evaluate.parts") if _parts(read) else False
    kind = st.session_state["evaluate.kind"]
    if kind in ("answer", "shares") and len(read.strata) > 1:
        st.session_state["evaluate.stratum"] = read.stratum
        st.pills(
            "Samples",
            read.strata,
            required=True,
            key="evaluate.stratum",
            format_func=sentences.plain,  # a kind of samples is a word of the dataset
            on_change=lambda: state.change(stratum=st.session_state["evaluate.stratum"]),
        )
    given = scores(read, kind, parts)
    if not given.columns:
        st.info("Nothing of this kind is measured on these samples.", icon=":material/info:")
        return
    part.show(given, read.colours, _notes(read), f"{read.about.title}: {KINDS[kind]}", "evaluate.table")
    if kind != "cost":
        seeds = len(read.results.plan.seeds)
        drawn = "groups of speakers" if read.about.groups < read.about.tested else "samples"
        st.caption(
            f"Means over {seeds} seed{'' if seeds == 1 else 's'}, in small print 95\u00a0% intervals over new {drawn}; "
            "bold leads its column. Point at a head to read what it measures, click it to sort."
        )
    export(read, given, kind)


def scores(read: Reading, kind: str, parts: bool = False) -> forms.Scores:
    """Models against the metrics of one kind."""
    titles = [*read.titles, *(_parts(read) if parts else ())]
    if kind == "cost":
        costs = cache.costs(read.key, read.results)
        costs = costs[costs["dataset"] == read.about.title].assign(megabytes=lambda t: t["memory"] / 1e6)
        rows = costs.melt("title", [column.name for column in COSTS], "metric")
        return forms.scores(rows.assign(low=float("nan"), high=float("nan")), titles, COSTS)
    rows = read.table[read.table["stratum"] == WHOLE.get(kind, read.stratum)]
    if kind == "conflict" and tables.OBSERVER in set(rows["title"]):
        titles.append(tables.OBSERVER)
    columns = [Column(one.name, one.title, one.meaning, BETTER[one.better]) for one in _measures(read, kind)]
    return forms.scores(rows, titles, columns)


def _measures(read: Reading, kind: str) -> Sequence[Score | LabelScore]:
    answers = measures.of_answers(read.about)
    classes = read.about.target != "score"  # a score has one kind of numbers only
    if kind == "shares":
        return [one for one in answers if classes and one not in measures.CLASSES]
    if kind == "answer":
        return [one for one in answers if not classes or one in measures.CLASSES]
    return measures.LABELS if kind == "labels" else measures.of_conflict(read.about)


def _kinds(read: Reading) -> list[str]:
    """What can be shown of the dataset."""
    labels = (read.table["stratum"] == tables.TRAINING).any()
    return [kind for kind in KINDS if kind == "cost" or (labels if kind == "labels" else _measures(read, kind))]


def _parts(read: Reading) -> tuple[str, ...]:
    """Titles of the ablations."""
    return tuple(variant.title for variant in read.results.variants(read.about.title) if variant.of)


def _notes(read: Reading) -> dict[str, str]:
    notes = {variant.title: f"of {variant.of}" for variant in read.results.plan.variants if variant.of}
    failed: dict[str, int] = {}
    for cell in read.results.failed:
        if cell.dataset == read.about.title:
            failed[cell.title] = failed.get(cell.title, 0) + 1
    return notes | {title: f"{n} failed" for title, n in failed.items()}


def export(read: Reading, given: forms.Scores, kind: str) -> None:
    """Take the table home, or everything."""
    name = f"{read.results.name}-{kind}"
    caption = f"{read.results.plan.title}: {read.about.title}, {KINDS[kind]}" + (
        f" ({WHOLE.get(kind, read.stratum)} samples), means over {len(read.results.plan.seeds)} seeds."
        if kind != "cost"
        else "."
    )
    forms_ = (
        ("CSV", "csv", "text/csv", lambda: forms.csv(given)),
        ("LaTeX", "tex", "application/x-tex", lambda: forms.latex(given, caption).encode()),
        ("Markdown", "md", "text/markdown", lambda: forms.markdown(given).encode()),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_export"):
        st.caption("Take this table home:", width="content")
        for label, suffix, mime, make in forms_:
            save.show(label, f"{name}.{suffix}", mime, make, f"evaluate.save.{suffix}")
        save.show(
            "All numbers",
            f"{read.results.name}.zip",
            "application/zip",
            lambda: archive(read),
            "evaluate.save.zip",
            "Every number of every dataset and stratum as one long table, and the plan's cost",
        )


def archive(read: Reading) -> bytes:
    """Every number of the benchmark as spreadsheets in one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in (
            ("table.csv", cache.measured(read.key, read.results)),
            ("costs.csv", cache.costs(read.key, read.results)),
            ("failures.csv", tables.failures(read.results)),
        ):
            archive.writestr(name, rows.to_csv(index=False))
    return file.getvalue()
