"""Enter a pod's own view of the file system, then become its program.

Run as a file with the path of a JSON specification; standard library only, so that it starts in a few milliseconds.
The view is a fresh tmpfs with the system's libraries, the program, the pod's volumes and a small /etc in it: the same
paths as in a container, without touching a file of the machine.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_PRIVATE = 1 << 18
_SYSTEM = ("/bin", "/dev", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr", "/etc/ssl", "/etc/pki")

_libc = ctypes.CDLL(None, use_errno=True)


def main(specification: Path) -> None:
    """Fields of the specification: root, binds [[source, target]], files {path: text}, argv, environment."""
    wanted = json.loads(specification.read_text())
    root = Path(wanted["root"])
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    _mount("none", Path("/"), None, _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", root, "tmpfs", 0)
    for folder in ("tmp", "etc", "run", "var"):
        (root / folder).mkdir()
    (root / "var/run").symlink_to("/run")
    for path in _SYSTEM:
        _show(Path(path), root)
    for source, target in wanted["binds"]:
        _bind(Path(source), _inside(root, target))
    for path, text in wanted["files"].items():
        target = _inside(root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        if text.startswith("#!"):
            target.chmod(0o755)
    os.chroot(root)
    os.chdir("/")
    os.execve(wanted["argv"][0], wanted["argv"], wanted["environment"])


def _inside(root: Path, path: str) -> Path:
    # /var/run is a link to /run, which outside the new root would lead to the machine's own.
    inner = "/run" + path.removeprefix("/var/run") if path.startswith("/var/run/") else path
    return root / inner.lstrip("/")


def _show(path: Path, root: Path) -> None:
    target = root / path.relative_to("/")
    if path.is_symlink():
        target.symlink_to(path.readlink())
    elif path.exists():
        _bind(path, target)


def _bind(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(str(source), target, None, _MS_BIND | _MS_REC)


def _mount(source: str, target: Path, kind: str | None, flags: int) -> None:
    type_name = kind.encode() if kind else None
    _check(_libc.mount(source.encode(), str(target).encode(), type_name, flags, None), f"mount {source} on {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        raise SystemExit(f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
