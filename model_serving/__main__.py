"""`python -m model_serving`, the same as `model-serving`."""

import sys


def _run() -> int:
    try:
        from model_serving.cli.main import main  # noqa: PLC0415  its packages may be missing

        return main()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("model_serving"):
            raise
        print(  # noqa: T201  an error message
            f'{sys.executable} has no package "{error.name}". Use the project\'s own Python, which `make setup`'
            " installs: .venv/bin/python -m model_serving",
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    sys.exit(_run())
