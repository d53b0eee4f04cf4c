"""Findings of invented votes, small enough to count by hand."""

from emoviz.analysis.findings import Findings, analyze
from tests.furnished import voted


def findings() -> Findings:
    return analyze(voted(raters=12))
