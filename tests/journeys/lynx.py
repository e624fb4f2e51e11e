"""The text browser lynx, at a terminal of its own, driven by keys as a person drives it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

# Links and fields get numbers, and a number is a key that goes there.
CONFIGURATION = """
ACCEPT_ALL_COOKIES:TRUE
DEFAULT_KEYPAD_MODE:LINKS_AND_FIELDS_ARE_NUMBERED
CHARACTER_SET:utf-8
"""
ROWS, COLUMNS = 50, 120
PATIENCE = 15.0  # seconds
PAUSE = 0.06  # seconds without a change on the screen, after which it is drawn
AT_THE_TOP = "NORMAL LINK|press space for next page"
AT_A_PLACE = f"{AT_THE_TOP}|Checkbox Field|Radio Button|submit|Text entry|Textarea"
ACTIVE = "Enter text"
CLEAR_LINE = "\x15"


class Lynx:
    """One session. What is on the page, `page()` reads whole, with a number before each link and field."""

    def __init__(self, path: str, address: str, folder: Path) -> None:
        self.printed = folder / "page.txt"
        configuration = folder / "lynx.cfg"
        configuration.write_text(CONFIGURATION)
        environment = {"PATH": os.environ["PATH"], "TERM": "vt100", "LANG": "C.UTF-8", "HOME": str(folder)}
        # -tna: a letter is a command until a text field is activated.
        command = [path, f"-cfg={configuration}", "-tna", "-nopause", address]
        self.terminal, its_end = pty.openpty()
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command, env=environment, stdin=its_end, stdout=its_end, stderr=its_end, start_new_session=True
        )
        os.close(its_end)
        self._arrive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def page(self) -> str:
        """The whole page, as lynx prints it into a file, without the list of addresses at its end."""
        self.printed.unlink(missing_ok=True)
        self._press("p", "Save to a local file")
        self._press("\r", "Enter a filename")
        self._press(f"{CLEAR_LINE}{self.printed}\r", AT_A_PLACE)
        return self.printed.read_text().split("\nReferences\n")[0]

    def follow(self, link: str) -> None:
        """Follow the first link with these words."""
        self._press(self._number(rf"\[(\d+)\]{re.escape(link)}"), "Follow link")
        os.write(self.terminal, b"\r")
        self._arrive()

    def tick(self, label: str) -> None:
        """Tick the box, or choose the choice, before these words. (Lynx itself chooses the first of some.)"""
        if not re.search(rf"[\[(][X*][\])] {re.escape(label)}", self.numbered):
            self._go_to(self._number(rf"\[(\d+)\][\[(] [\])] {re.escape(label)}"))
            self._press("\r", r"[X*]")

    def type(self, label: str, *lines: str) -> None:
        """Type into the first text field after these words."""
        self._go_to(self._number(rf"{re.escape(label)}[^\[]*\[(\d+)\]_"))
        self._press("\r", ACTIVE)
        self._press("\r".join(lines) + "\t", AT_A_PLACE)

    def press(self, button: str) -> None:
        """Press the button with these words, and wait for the answer."""
        self._go_to(self._number(rf"\(\[(\d+)\][^)]*\) {re.escape(button)}"))
        os.write(self.terminal, b"\r")
        self._arrive()

    def _arrive(self) -> None:
        """A new page begins at its first link: the one to the main content."""
        self._wait_for(AT_THE_TOP)
        self.numbered = self.page()

    def _number(self, pattern: str) -> str:
        found = re.search(pattern, self.numbered)
        assert found, f"no {pattern} on the page:\n{self.numbered}"
        return found[1]

    def _go_to(self, number: str) -> None:
        """To the field of this number."""
        self._press(number, "Follow link")
        self._press("\r", AT_A_PLACE)

    def _press(self, keys: str, until: str) -> None:
        os.write(self.terminal, keys.encode())
        self._wait_for(until)

    def _wait_for(self, pattern: str) -> None:
        """Until the terminal has been told something like this and has come to rest."""
        told = ""
        deadline = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < deadline, f"lynx does not show {pattern!r}: {told[-500:]!r}"
            if select.select([self.terminal], [], [], PAUSE)[0]:
                told += os.read(self.terminal, 65_536).decode(errors="replace")
            elif re.search(pattern, told):
                return
