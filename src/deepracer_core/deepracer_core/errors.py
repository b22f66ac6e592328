"""Errors that a person can mend: each says what was expected, what came, and what to do."""


class ConfigurationError(ValueError):
    """A file, a field or an address that the user gave cannot be used.

    Raised before anything starts. The message names the file and the field, what was expected and
    what came; the command line prints it without a traceback.
    """
