"""Law: papers are set in DejaVu Sans, which has every letter of a name and the euro sign; the system brings it."""

from pathlib import Path
from typing import Final

from clearing.books.layout import Fonts

FOLDERS: Final = (
    "/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu-sans-fonts", "/usr/share/fonts/dejavu",
    "/usr/share/fonts/TTF", "/usr/local/share/fonts/dejavu", "/Library/Fonts",
)  # fmt: skip
"""Where Debian, Fedora, Arch, BSD and macOS keep it."""
_NAMES: Final = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")


class FontMissing(Exception):
    """No paper can be made; the text says what to install."""


def find_fonts(folders: tuple[str, ...] = FOLDERS) -> Fonts:
    """Raises FontMissing."""
    for folder in folders:
        regular, bold = (Path(folder) / name for name in _NAMES)
        if regular.is_file() and bold.is_file():
            return Fonts(regular, bold)
    raise FontMissing("PDF papers need the font DejaVu Sans, which is not on this machine: on Debian or Ubuntu run "
                      "'apt install fonts-dejavu-core', on Fedora 'dnf install dejavu-sans-fonts'. CSV files need none.")
