"""What goes wrong with a local AWS."""


class LocalAwsError(RuntimeError):
    """The local AWS did not start, or is not running."""
