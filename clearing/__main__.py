"""Law: the environment is read once, here; a person's mistake is answered with one sentence and exit code 2, never a trace."""

import inspect
import os
import sys
from collections.abc import Sequence
from typing import Final

import uvloop

from clearing.cli.desk import Desk, NobodyReads
from clearing.cli.parser import read_words
from clearing.config import Settings
from clearing.installation.home import Home
from clearing.postgres import default_home

INTERRUPTED: Final = 130
UNREAD: Final = 141


def main(words: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 something does not hold, 2 a mistake that a person can put right."""
    arguments = read_words(words)
    for name in ("by", "passphrase_file"):
        if not hasattr(arguments, name):
            setattr(arguments, name, None)
    try:
        settings, xdg = Settings.from_environment(os.environ), os.environ.get("XDG_DATA_HOME", "")
        home = Home(arguments.home if arguments.home is not None else default_home("home", xdg_data_home=xdg))
        done = arguments.entry.run(Desk(arguments, settings, home, xdg))
        return (uvloop.run(done) if inspect.iscoroutine(done) else done) or 0
    except NobodyReads:
        return UNREAD
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            print(file=sys.stderr)  # the terminal has just shown ^C
        return _said("Interrupted; what was acknowledged is recorded", INTERRUPTED)
    except Exception as fault:
        from clearing.cli.mistakes import told

        known = told(fault)
        if known is None:
            raise
        return _said(*known)


def _said(what: str, code: int) -> int:
    print(f"clearing: {what}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
