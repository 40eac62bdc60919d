"""Law: the environment is read once, here; the rest of the program is told what it says."""

import sys
from pathlib import Path
from clearing.config import Settings
from clearing.demo.run import play_day


def main() -> int:
    return play_day(Path(sys.argv[2]) if len(sys.argv) > 2 else None, once="--once" in sys.argv[1:], settings=Settings())


if __name__ == "__main__":
    sys.exit(main())
