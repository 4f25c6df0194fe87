"""What a measurement was made on."""

import os
import platform
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    """The machine as data for a result file."""
    model = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return {
        "cpu": model[0] if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1024 / 1024),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def in_words(machine: dict[str, Any]) -> str:
    """The machine as half a sentence; `load` counts the processes that wanted to run in the minute before."""
    beside = "beside other work, " if is_busy(machine) else ""
    busy = f", {beside}load {machine['load']} at the start" if "load" in machine else ""
    return (
        f"on {machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB, Linux {machine['kernel']}, "
        f"Python {machine['python']}{busy}"
    )


def is_busy(machine: dict[str, Any]) -> bool:
    """Whether other work kept every core busy when the measurement began."""
    return bool(machine.get("load", 0) >= (machine["cores"] or 1))


def judged(machine: dict[str, Any]) -> tuple[str, str]:
    """The figure of process.Usage that promises are held against, and its unit.

    Seconds; but where other work kept every core busy, they tell of that work, and the processors' seconds count.
    """
    return ("cpu_seconds", "CPU seconds") if is_busy(machine) else ("seconds", "seconds")


def _lines(file: str) -> list[str]:
    return Path(file).read_text().splitlines()
