"""The command `escalated-workbench`, also as `python -m escalated_workbench`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit."""
    try:
        # Only here: it takes long enough to be interrupted, which is no error.
        from escalated_workbench.cli.main import main as run

        run()
    except KeyboardInterrupt:
        if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison] - pythonw has none
            sys.stderr.write("Interrupted.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
