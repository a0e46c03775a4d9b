"""An environment of a benchmark's own, in _build, made anew for each text of its requirements."""
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def python(name, requirements, install) -> Path:
    """The Python of _build/`name`; where there is none yet for the text of the file `requirements`, `install(pip, folder)` fills it.

    `pip`: the beginning of a command that installs into the environment, which lies in `folder`.
    """
    folder = ROOT / "_build" / name / hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    made, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install([made, "-m", "pip", "install", "--quiet"], folder)
        ready.touch()
    return made
