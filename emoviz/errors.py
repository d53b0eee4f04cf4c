"""Everything emoviz raises on purpose.

The message of an :class:`EmovizError` is written for the person at the screen: what is
wrong, which value, what would be accepted. Pages and the command line show it as it is.
Any other exception is a bug and must reach the traceback untouched.
"""

from collections.abc import Iterable


class EmovizError(Exception):
    """Base class; catch this one at the edge of the app or the command line and nowhere else."""


class UnknownNameError(EmovizError, ValueError):
    """A dataset, checkpoint, model or option was asked for by a name that nobody registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        listed = ", ".join(sorted(known)) or "none yet"
        super().__init__(f"Unknown {kind} '{name}'. Known: {listed}.")


class BadNameError(EmovizError, ValueError):
    """A name that cannot be the name of a folder."""

    def __init__(self, kind: str, name: str):
        super().__init__(
            f"'{name[:80]}' cannot name a {kind}: use 1 to 64 lower-case letters, digits, '-' and '_', "
            "beginning with a letter or digit."
        )


class DatasetError(EmovizError):
    """A dataset, or a file that was to become one, cannot be used as it is."""


class ConfigError(EmovizError, ValueError):
    """A setting has a value that its field does not accept."""


class CheckpointError(EmovizError):
    """A checkpoint cannot be used as its card describes it."""

    def __init__(self, name: str, why: str):
        super().__init__(f"Checkpoint '{name}' cannot be used: {why}")


class DivergedError(EmovizError, ArithmeticError):
    """Training produced a loss that is not finite."""

    def __init__(self, epoch: int, step: int):
        super().__init__(
            f"The loss stopped being finite at epoch {epoch}, step {step}. Lower the learning rate (--set lr=...)."
        )


class CancelledError(EmovizError):
    """Somebody asked for the work to stop."""


class JobError(EmovizError):
    """A job, or the list of them, cannot be used."""


class ClipError(EmovizError):
    """A clip cannot be read, or asks for more than the limits allow."""
