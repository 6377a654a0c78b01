"""A module of the program itself. Its folder has the same name as `model_serving.components` and is another package."""


def display_name(team: str) -> str:
    """Return the display name of a team's service principal."""
    return f"{team}-app"
