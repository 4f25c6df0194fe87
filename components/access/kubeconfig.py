"""Kubeconfig files: which are read, and how they become one configuration. Source: client-go, tools/clientcmd."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..spec.kubeconfig import Kubeconfig
from .connection import AccessError, Config

_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def load(kubeconfig: Kubeconfig | None) -> Config:
    """The given configuration, else that of $KUBECONFIG, else of ~/.kube/config. Raises AccessError."""
    if kubeconfig is not None and kubeconfig.contents:
        return merged([_parsed(kubeconfig.contents, "that is set as a secret", Path())])
    if kubeconfig is not None and kubeconfig.is_encrypted:
        raise AccessError("the stack's kubeconfig is encrypted, and only Pulumi can open it: use one in a file")
    return merged([read(path) for path in paths(kubeconfig.path if kubeconfig else None)])


def paths(given: str | None) -> list[Path]:
    """The kubeconfig files: the given one, else those of $KUBECONFIG that exist, else ~/.kube/config."""
    if given:
        return [Path(given).expanduser()]
    named = [Path(name) for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    candidates = named or [Path.home() / ".kube" / "config"]
    return [path for path in candidates if path.is_file()] or candidates[:1]


def read(path: Path) -> Any:
    """One file, its paths made absolute. Raises AccessError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        advice = 'start the local cluster and `eval "$(coalmine local env)"`, or set KUBECONFIG'
        raise AccessError(f"the kubeconfig {path} cannot be read ({reason}): {advice}") from None
    except UnicodeDecodeError:
        raise AccessError(f"the kubeconfig {path} is not valid YAML") from None
    return _parsed(text, str(path), path.parent)


def _parsed(text: str, which: str, folder: Path) -> Any:
    """A kubeconfig's text as data. The reader's own message is not passed on: it quotes the text."""
    try:
        found = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        raise AccessError(f"the kubeconfig {which} is not valid YAML") from None
    if isinstance(found, dict):
        _make_absolute(found, folder)
    return found


def merged(configs: Sequence[Any]) -> Config:
    """Several kubeconfigs as one: all of their entries, and the first current context."""
    known = [config for config in configs if isinstance(config, Mapping)]
    current = next((config["current-context"] for config in known if config.get("current-context")), None)
    entries = {
        section: [entry for config in known for entry in config.get(section) or []]
        for section in ("contexts", "clusters", "users")
    }
    return {"current-context": current, **entries}


def _make_absolute(config: Config, folder: Path) -> None:
    """Files that a kubeconfig names stand beside it."""
    for section, key in (("clusters", "cluster"), ("users", "user")):
        entries = config.get(section)
        for entry in entries if isinstance(entries, list) else []:
            inner = entry.get(key) if isinstance(entry, Mapping) else None
            for name in _FILES:
                if isinstance(inner, dict) and inner.get(name):
                    inner[name] = str(folder / str(inner[name]))
