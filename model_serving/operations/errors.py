"""What can't be done, in a sentence with the way out."""


class OperationError(Exception):
    """A command that can't go on; the text is for the one who typed it."""
