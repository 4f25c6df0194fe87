"""The programs that compiling is measured beside; each makes the same objects, from values that are computed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.process import BenchmarkFailed
from localcluster.tools import cache_dir, tool_path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "cdk8s.lock"
Object = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Objects to make.

    Fields: `folder`: scratch; `template`: one app's objects, with `@name@` and `@revision@` in them; `values`: these
    two for every app.
    """

    folder: Path
    template: Sequence[Object]
    values: Sequence[dict[str, str]]

    @property
    def output(self) -> Path:
        """What the command writes to standard output."""
        return self.folder / "stdout"


class Cdk8s:
    """cdk8s for Python, whose constructs live in a Node.js process."""

    name = "cdk8s"
    environment = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"}

    def __init__(self) -> None:
        """Installs the pinned cdk8s into an environment of its own. Raises BenchmarkFailed where that cannot be."""
        if shutil.which("node") is None:
            raise BenchmarkFailed("cdk8s needs Node.js, and there is no `node` on PATH")
        self._folder = cache_dir() / "benchmarks" / "cdk8s"
        done = self._folder / "lock"
        if not done.is_file() or done.read_bytes() != LOCK.read_bytes():
            _run([sys.executable, "-m", "venv", "--clear", self._folder])
            _run([self._python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", LOCK])
            done.write_bytes(LOCK.read_bytes())

    @property
    def _python(self) -> Path:
        return self._folder / "bin" / "python"

    def prepare(self, task: Task) -> list[str | Path]:
        """Writes what the program reads, and gives the command to measure."""
        (task.folder / "template.json").write_text(json.dumps(task.template))
        (task.folder / "values.json").write_text(json.dumps(task.values))
        return [self._python, HERE / "cdk8s_program.py", "template.json", "values.json", "cdk8s"]

    def made(self, task: Task, wanted: set[str]) -> tuple[int, list[Object]]:
        """How many objects there are, and those of the wanted apps."""
        return objects_in(task.folder / "cdk8s", wanted)


class Helm:
    """One `helm template` of one chart with a loop over all apps, into one stream."""

    name = "helm template"
    environment: dict[str, str] = {}

    def prepare(self, task: Task) -> list[str | Path]:
        """Writes the chart, and gives the command to measure."""
        chart = task.folder / "chart"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: apps\nversion: 0.0.1\n")
        (chart / "values.yaml").write_text(json.dumps({"apps": task.values}))
        (chart / "templates" / "apps.yaml").write_text("".join(self._template(task.template)))
        return [tool_path("helm"), "template", "apps", chart]

    def _template(self, objects: Iterable[Object]) -> Iterator[str]:
        yield "{{- range .Values.apps }}\n"
        for one in objects:
            text = yaml.dump(one, Dumper=yaml.CSafeDumper, sort_keys=False, width=10_000)
            text = text.replace("{{", '{{ "{{" }}')
            yield "---\n" + text.replace("@name@", "{{ .name }}").replace("@revision@", "{{ .revision }}")
        yield "{{- end }}\n"

    def made(self, task: Task, wanted: set[str]) -> tuple[int, list[Object]]:
        """How many objects there are, and those of the wanted apps."""
        documents = [text for text in task.output.read_text().split("\n---\n") if text.strip()]
        chosen = [text for text in documents if _namespace(text) in wanted]
        return len(documents), [yaml.load(text, Loader=yaml.CSafeLoader) for text in chosen]


def objects_in(folder: Path, wanted: set[str]) -> tuple[int, list[Object]]:
    """How many YAML files lie in a tree, and the objects of the wanted apps; their folders carry the apps' names."""
    files = sorted(folder.rglob("*.yaml"))
    chosen = [file for file in files if wanted.intersection(file.relative_to(folder).parts[:-1])]
    return len(files), [yaml.load(file.read_text(), Loader=yaml.CSafeLoader) for file in chosen]


def _namespace(document: str) -> str:
    found = next(line for line in document.splitlines() if line.startswith("  namespace: "))
    return found.removeprefix("  namespace: ").strip("'\"")


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BenchmarkFailed(f"cdk8s could not be installed: {said}")
