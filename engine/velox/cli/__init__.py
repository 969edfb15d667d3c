"""The command line: `velox COMMAND`; each command is a module of its own, loaded when it is called."""

import sys


def main() -> None:
    """Run the command line."""
    sys.exit(2)
