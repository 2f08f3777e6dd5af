"""The program on a terminal of its own: how wide it writes, when it colours, what it says while it works."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time

BINARY = os.environ["BINARY"]
TREE = "testdata/terraform/systems/4-described"
ESCAPES = re.compile(rb"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\")
# What differs between two runs of one tree on a busy machine: how long it took, and whether it said that it works.
PACE = re.compile(rb" in \d+ ms|\rchecking[. ]{3}|\r {11}\r")
failures: list[str] = []


def run(columns: int, arguments: list[str], environment: dict[str, str]) -> tuple[bytes, int]:
    """What a terminal of so many columns shows."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    surroundings = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment}
    child = subprocess.Popen(
        [BINARY, *arguments], stdin=follower, stdout=follower, stderr=follower, env=surroundings, close_fds=True
    )
    os.close(follower)
    shown = all_of(leader)
    return shown, child.wait()


def all_of(leader: int) -> bytes:
    """Everything that is written to a terminal until its last writer is gone."""
    shown = b""
    while True:
        try:
            read = os.read(leader, 65536)
        except OSError:
            break
        if not read:
            break
        shown += read
    os.close(leader)
    return shown


def expect(what: str, holds: bool) -> None:
    if not holds:
        failures.append(what)


check = ["check", TREE, "--root", TREE]
for columns in (120, 80, 50):
    shown, code = run(columns, check, {})
    expect(f"{columns}: exit code 1", code == 1)
    expect(f"{columns}: colours", b"\x1b[" in shown)
    for line in ESCAPES.sub(b"", shown).decode().splitlines():
        # A single path, address or name may be longer than the terminal.
        words = [word for word in line.split() if len(word) > 20]
        if len(line) > columns and len(words) != 1:
            failures.append(f"{columns}: {len(line)} columns: {line}")
    bare, _ = run(columns, check, {"NO_COLOR": "1"})
    expect(f"{columns}: no escape byte with NO_COLOR", b"\x1b" not in bare)
    same, _ = run(columns, [*check, "--color", "never"], {})
    expect(f"{columns}: --color never is the same", PACE.sub(b"", same) == PACE.sub(b"", bare))
    expect(f"{columns}: colour changes no word", PACE.sub(b"", ESCAPES.sub(b"", shown)) == PACE.sub(b"", bare))
    frames = "╭─▸".encode() in shown
    expect(f"{columns}: frames from 60 columns on", frames == (columns >= 60))

shown, _ = run(80, check, {"COLUMNS": "120"})
expect("COLUMNS beats the terminal", max(len(line) for line in ESCAPES.sub(b"", shown).decode().splitlines()) > 80)
shown, _ = run(80, check, {"TERM": "dumb"})
expect("a dumb terminal has no colours", b"\x1b" not in shown)
shown, _ = run(80, [*check, "--max-findings", "3"], {})
expect("the rest is announced", b"more; --all shows them" in shown)

# Links stand only where the terminal shows them.
shown, _ = run(80, check, {"TERM_PROGRAM": "WezTerm"})
expect("links on a terminal that knows them", b"\x1b]8;;https://" in shown)
shown, _ = run(80, check, {"TERM_PROGRAM": "WezTerm", "CI": "true"})
expect("no links in CI", b"\x1b]8;;" not in shown)



def said_while_waiting(seconds: float) -> bytes:
    """What the other stream shows on a terminal while the program waits so long for its input."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [BINARY, "check", "-", "--stdin-filename", "main.tf", "--root", "."], cwd=TREE,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=follower, env={"PATH": os.environ["PATH"], "TERM": "xterm"},
    )
    os.close(follower)
    time.sleep(seconds)
    child.stdin.close()
    shown = all_of(leader)
    child.wait()
    return shown


# One line while it takes its time, wiped before anything else is said.
shown = said_while_waiting(2.0)
expect("a long run says that it works", b"\rchecking." in shown)
expect("and wipes that", b"\r           \r" in shown and shown.rfind(b"checking") < shown.rfind(b"\r           \r") < shown.rfind(b"Checked"))

if failures:
    print("\n".join(failures))
    sys.exit(1)
print("120, 80 and 50 columns")
