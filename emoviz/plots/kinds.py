"""How samples disagree: how many of each kind of conflict."""

from emoviz.analysis.summary import Kinds
from emoviz.analysis.words import TYPES
from emoviz.plots.html import percent, text, width

COLOURS = {
    "agreement": "#22a07a",
    "complement": "#3b8fd9",
    "dominance": "#e08a1e",
    "conflict": "#d6455d",
    "unclear": "#8a8f9e",
}


def bars(kinds: Kinds) -> str:
    """One line a kind, with what it means for those who point at it."""
    total = max(1, sum(kinds.counts.values()))
    rows = "".join(
        f'<div class="ev-row" title="{text(TYPES[name])}" style="--colour:{COLOURS[name]}"><span>{text(name)}</span>'
        f'<span class="ev-bar"><b style="width:{width(count / total)}"></b></span>'
        f"<em>{count:,} <small>{percent(count / total, 1)}</small></em></div>"
        for name, count in kinds.counts.items()
    )
    return f'<div class="ev ev-kinds">{rows}</div>'
