"""What a user can put right. Nothing else is caught."""


class UserError(Exception):
    """A mistake, or something that is missing. The text is a sentence with the way out, and holds no secret."""
