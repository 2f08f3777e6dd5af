"""Measures secure-lint on trees made of copies of one example, each copy a repository part of its own."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

BINARY, WORK = sys.argv[1], Path(sys.argv[2])
EXAMPLE = Path("testdata/worlds/public-service")
RUNS = 5


def tree(name: str, files: int) -> Path:
    """A folder with at least so many files that are read."""
    folder = WORK / name
    if folder.exists():
        shutil.rmtree(folder)
    per_copy = sum(1 for path in EXAMPLE.rglob("*") if path.is_file() and not path.name.startswith("expected"))
    for number in range(-(-files // per_copy) if files else 0):
        shutil.copytree(EXAMPLE, folder / f"part{number:04}", ignore=shutil.ignore_patterns("expected*", "secure-lint.toml"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def measure(folder: Path, threads: int) -> tuple[float, float, float]:
    """Least CPU seconds, least wall seconds, and peak MiB of several runs."""
    cpu, wall, peak = [], [], []
    for _ in range(RUNS):
        start = time.perf_counter()
        process = subprocess.Popen(
            [BINARY, "check", str(folder), "--root", str(folder), "-qq", "--threads", str(threads), "--fail-on", "never"]
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"secure-lint failed on {folder}")
        cpu.append(usage.ru_utime + usage.ru_stime)
        wall.append(time.perf_counter() - start)
        peak.append(usage.ru_maxrss / 1024)
    return min(cpu), min(wall), max(peak)


def main() -> None:
    missed = []

    def line(name: str, folder: Path, cpu_limit: float | None, memory_limit: float | None) -> float:
        cpu, wall, peak = measure(folder, 1)
        _, wall_two, _ = measure(folder, 2)
        print(f"{name:<18} {cpu * 1000:8.1f} ms CPU {wall * 1000:8.1f} ms wall {wall_two * 1000:8.1f} ms on two {peak:7.1f} MiB")
        if cpu_limit and cpu > cpu_limit:
            missed.append(f"{name}: {cpu * 1000:.0f} ms CPU, at most {cpu_limit * 1000:.0f}")
        if memory_limit and peak > memory_limit:
            missed.append(f"{name}: {peak:.0f} MiB, at most {memory_limit:.0f}")
        return cpu

    start = line("start-up", tree("empty", 0), 0.010, 25)
    line("200 files", tree("small", 200), 0.100, None)
    line("5,000 files", tree("large", 5000), 1.0, 300)
    one = line("1,000 files (1x)", tree("one", 1000), None, None) - start
    eight = line("8,000 files (8x)", tree("eight", 8000), None, None) - start
    print(f"growth from 1x to 8x: {eight / one:.2f}")
    if eight / one > 8 * 1.15:
        missed.append(f"cost grows {eight / one:.2f} times from 1x to 8x, at most {8 * 1.15:.2f}")
    for text in missed:
        print(f"missed: {text}")
    sys.exit(bool(missed))


main()
