"""Where this copy of the book comes from: read from git, so that a fork's buttons open the fork."""
import re
import subprocess
from pathlib import Path

HOSTS = {"github.com": "gh", "gitlab.com": "gl"}  # what Binder calls them


def origin(root: Path) -> tuple[str, str] | None:
    """(host, owner/name) of the remote `origin`, or of the only remote; None if Binder could not fetch it."""
    def git(*words):
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
        return done.stdout.split() if done.returncode == 0 else []

    try:
        remotes = git("remote")
    except FileNotFoundError:  # no git here
        return None
    if "origin" not in remotes and len(remotes) != 1:
        return None
    return parsed(" ".join(git("remote", "get-url", "origin" if "origin" in remotes else remotes[0])))


def parsed(url: str) -> tuple[str, str] | None:
    """(host, owner/name) of a remote's address, whichever way it is written and whoever's key stands in it."""
    found = re.fullmatch(r"(?:(?:https?|ssh|git)://(?:[^@/]*@)?|[\w.-]+@)([\w.-]+)(?::\d+/|[:/])([\w./-]+?)(?:\.git)?/?", url)
    if found is None or found[1] not in HOSTS or found[2].count("/") < 1:
        return None
    return found[1], found[2]


def binder(place: tuple[str, str] | None, chapter: str) -> str | None:
    """The address at which Binder opens the notebook book/`chapter`.ipynb of `place`; None if that is unknown."""
    if place is None:
        return None
    host, name = place
    slug = name if HOSTS[host] == "gh" else name.replace("/", "%2F")
    return f"https://mybinder.org/v2/{HOSTS[host]}/{slug}/HEAD?urlpath=lab/tree/book/{chapter}.ipynb"
