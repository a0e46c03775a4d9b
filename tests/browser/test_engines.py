"""Firefox and WebKit: the core of what the other tests try in Chromium, by smoke.mjs. At length only: `make test-long`.

Not run there, for want of a way to drive it: Safari itself and iOS; in WebKit, what the page's console says (its driver does not
tell), touch, and the print view; in both, forced colours, axe, JupyterLite.
"""
import json
import shutil
import subprocess
from pathlib import Path

import built
import playwright
import pytest

NODE = Path(playwright.__file__).parent / "driver" / "node"
SMOKE = Path(__file__).with_name("smoke.mjs")
NEEDED = {"firefox": ("firefox-esr",), "webkit": ("WebKitWebDriver", "xvfb-run")}


def facts():
    """What Python says of each chapter's first explorer and first stage, and of the introduction's."""
    told = []
    for page in built.PAGES:
        explorer = next((one for one in built.EXPLORERS if one.page == page), None)
        stage = next((one for one in built.STAGES if one.page == page), None)
        if explorer is None:
            continue
        last = tuple(size - 1 for size in explorer.sizes)
        form = next((form for form in built.FORMS if form.page == page), None)
        told.append({"page": page, "form": form and form.name, "explorer": explorer.selector, "last": ",".join(map(str, last)),
                     "sentence": explorer.states()[last].sentence, "query": f"{explorer.name}?{explorer.query(last)}",
                     "stage": stage and stage.selector, "readout": stage and stage.header["recordings"][0]["readouts"][-1]})
    return told


@pytest.mark.parametrize("engine", NEEDED)
def test_another_engine_reads_the_book(engine, origins, at_length):
    lacking = [name for name in NEEDED[engine] if not shutil.which(name)]
    if lacking or not (built.ROOT / "node_modules").is_dir():
        pytest.fail(f"needs {', '.join(lacking) or 'node_modules'}: run `make engines`", pytrace=False)
    done = subprocess.run([NODE, SMOKE, engine, origins["http"]], input=json.dumps(facts()), capture_output=True, text=True,
                          check=False, timeout=1800, cwd=built.ROOT)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [line for line in lines[:-1] if not line["ok"]] == []
    assert len(lines) > 40
    print(lines[-1])
