"""Every error of the deployed code, sorted by what the caller must do.

RearmError
├── ConfigError           refuse at start: all problems at once, in the operator's words
├── InvalidNotification   give it to the dead-letter queue: a retry cannot help
├── ActionGone            end quietly: completed, timed out or deleted by somebody else
├── LimitSpent            the cloud extends this wait no further: keep looking until the known lapse
└── TryAgain              a passing fault: raise it, so that the platform delivers again
"""


class RearmError(Exception):
    """Base of the tree. `str(error)` is one line for the operator."""


class ConfigError(RearmError):
    """The configuration, or the function's environment, cannot be used."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class InvalidNotification(RearmError):
    """A lifecycle notification that is broken, or a message that nobody knows."""


class ActionGone(RearmError):
    """The lifecycle action is no longer active."""


class LimitSpent(RearmError):
    """No further heartbeat is allowed. `code` is the cloud's own."""

    def __init__(self, message: str, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class TryAgain(RearmError):
    """A call failed in a way that may pass: throttling, 5xx, a time-out."""


def in_one_line(error: Exception, what: str) -> str:
    """An error as a log may tell it. Of one that is not of the tree the name only: its text may quote a header or a signed URL."""
    return str(error) if isinstance(error, RearmError) else f"{what} broke: {type(error).__name__}"
