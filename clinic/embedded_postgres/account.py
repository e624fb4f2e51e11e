"""Whose rights the server has. PostgreSQL refuses root, so for root it runs as `nobody`.

`nobody` often cannot reach a project under root's home. Then what it needs goes to REFUGE instead: a link in
the project points to the data, and the programs are copied. No directory but our own gets other permissions.
Known weak point: any other process of `nobody` on the machine can reach the server too.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

if os.name == "posix":
    import pwd

REFUGE = Path("/var/lib/clinic-postgres")


@dataclass(frozen=True)
class Account:
    """A user of this machine; `is_switch` when it is not the one that we are already."""

    uid: int
    gid: int
    is_switch: bool

    @classmethod
    def for_data(cls, data: Path) -> Self:
        """Ourselves; for root the owner of an existing database, else `nobody`.

        Raises LookupError when there is no such user, and OSError when the directory cannot be seen.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), is_switch=False)
        owner = data.stat().st_uid if (data / "PG_VERSION").exists() else 0
        user = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
        return cls(user.pw_uid, user.pw_gid, is_switch=True)

    @property
    def process_options(self) -> dict[str, Any]:
        """For subprocess: run as this user, without our environment (locale, PG*), folder and session."""
        switch = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_switch else {}
        environment = {"LC_ALL": "C", "PATH": os.defpath}
        apart = {"stdin": subprocess.DEVNULL, "cwd": "/", "start_new_session": True}
        return {"env": environment, **apart, **switch}

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program as this user and wait for it. Raises OSError when it may not be run at all."""
        options = {"capture_output": True, "text": True, "errors": "replace", **self.process_options}
        return subprocess.run(command, check=False, **options)

    def can(self, *command: str | Path) -> bool:
        """Whether this user can run that and it succeeds. Asks the system, which knows of ACLs and mounts."""
        with suppress(PermissionError):
            return self.run(*command).returncode == 0
        return False

    def own(self, path: Path) -> None:
        """Give this user a file or directory that we have just made."""
        os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def shelter(self, path: Path) -> None:
        """Where this user cannot reach the folder of `path`, make `path` a link to a directory that it can.

        The link goes when the project goes, so that a fresh clone at the same place starts with no old data.
        Does nothing for a database that exists. Raises OSError when `path` holds something else.
        """
        if not self.is_switch or path.is_symlink() or (path / "PG_VERSION").exists():
            return
        if self.can("test", "-x", path.parent):
            return
        with suppress(FileNotFoundError):
            path.rmdir()  # at most an empty directory
        path.symlink_to(tempfile.mkdtemp(prefix=f"data-{_key(path)}-", dir=_refuge()))

    def programs(self, bindir: Path) -> Path:
        """`bindir`, or where this user cannot run what is in it, a copy that it can (22 MB, made once)."""
        if not self.is_switch or self.can(bindir / "postgres", "--version"):
            return bindir
        install, package = bindir.parent, bindir.parent.parent
        built = (bindir / "postgres").stat()
        copy = _refuge() / f"programs-{_key(bindir, built.st_size, built.st_mtime_ns)}"
        if not copy.exists():
            draft = Path(tempfile.mkdtemp(dir=_refuge()))
            # The programs find their libraries by relative path: beside the package, or on macOS inside it.
            for part in (install, package.with_name(f"{package.name}.libs"), package / ".dylibs"):
                if part.exists():
                    target = draft / part.relative_to(package.parent)
                    shutil.copytree(part, target, ignore=shutil.ignore_patterns("include", "pgxs"))
            subprocess.run(["chmod", "-R", "a+rX", draft], check=True)
            with suppress(FileExistsError):  # another start was first
                draft.rename(copy)
            shutil.rmtree(draft, ignore_errors=True)
        return copy / install.relative_to(package.parent) / bindir.name


def _refuge() -> Path:
    """REFUGE, made when it is missing."""
    with suppress(FileExistsError):
        REFUGE.mkdir(parents=True)
        REFUGE.chmod(0o755)  # whatever root's umask
    return REFUGE


def _key(*parts: object) -> str:
    """A short name for these things."""
    return hashlib.sha256(repr(parts).encode(errors="surrogateescape")).hexdigest()[:12]
