"""Every error a user can meet, with the exit code of the command line.

AffectstreamError            70  internal: a fault of ours
├── UsageError                2  the command or its options
│   ├── ConfigError           2  a configuration file or key
│   ├── NotARunError          2  a folder holds no run that this version can read
│   └── MissingExtraError     2  an optional package is absent; holds the pip line
├── SourceError               3  a source cannot be opened
├── ModelError                3  a model file cannot be loaded or has another shape
├── PolicyError               4  refused by policy
├── IncompleteError           5  a source ended early or is corrupt; what was decoded is kept
├── SinkError                 5  an output could not be written; the others are complete
└── StageError               70  a stage raised something that is none of the above
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_SIGINT = 130
EXIT_SIGTERM = 143


class AffectstreamError(Exception):
    """Base of all errors; the text names the thing and the remedy."""

    exit_code = 70


class UsageError(AffectstreamError):
    """The command or one of its options makes no sense."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file or key is wrong."""


class NotARunError(UsageError):
    """A folder holds no run that this version can read."""


class MissingExtraError(UsageError):
    """An optional package is needed and absent."""

    def __init__(self, what: str, extra: str) -> None:
        """Name the thing that needs the package, and the extra that brings it."""
        super().__init__(f'{what} needs: pip install "affectstream[{extra}]"')
        self.extra = extra


class SourceError(AffectstreamError):
    """A source cannot be opened."""

    exit_code = 3


class ModelError(AffectstreamError):
    """A model cannot be loaded, or its inputs and outputs are not what its manifest says."""

    exit_code = 3


class PolicyError(AffectstreamError):
    """The request is refused by policy."""

    exit_code = 4


class IncompleteError(AffectstreamError):
    """A source ended early or is corrupt; everything decoded until then is kept."""

    exit_code = 5


class SinkError(AffectstreamError):
    """An output could not be written."""

    exit_code = 5


class StageError(AffectstreamError):
    """A stage failed with an error that has no type of its own."""
