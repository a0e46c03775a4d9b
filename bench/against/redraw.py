"""A slider's step in a live kernel until the new picture is with the reader: a two-panel figure by `explore`, and by plain `interact`.

Both draw the same marks in a kernel of the book's own environment (the peers' has none), on one core. It is the clock that counts, from the
widget's message to the kernel's word that it is done: the messages are a part of it.
"""
import time

import numpy as np
from jupyter_client.manager import start_new_kernel
from race import faster, verdict

ROUNDS, STEPS, MOST = 21, 5, 0.060  # seconds

DRAW = '''
import numpy as np

loads = np.linspace(0, 0.4, 41)
overlaps = 1 / (1 + np.exp((loads - [[0.1], [0.14], [0.2]]) * 60))
shares = np.random.default_rng(1).random((41, 11))

def drawn(left, right, k):
    for line in overlaps:
        left.plot(loads, line)
    left.plot(loads[k], overlaps[1, k], "o")
    left.set(xlim=(0, 0.4), ylim=(0, 1.03))
    right.bar(range(11), shares[k])
    right.set(xlim=(-1, 11), ylim=(0, 1))
'''
KERNELS = {
    "book": DRAW + '''
from helpers import figures
from helpers.explore import explore

@explore(k=(0, 40))
def overlap(k=0):
    """Overlap with a memory."""
    (first, left), (second, right) = figures.panel("load", "overlap"), figures.panel("neuron", "share")
    drawn(left, right, k)
    return [first, second], f"At a load of {loads[k]:.2f} the overlap is {overlaps[1, k]:.2f}."

slider = overlap.widget.children[0]
''',
    "interact": DRAW + '''
%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import interactive

def overlap(k=0):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.6), dpi=192)
    left.set(xlabel="load", title="overlap")
    right.set(xlabel="neuron", title="share")
    drawn(left, right, k)
    plt.show()
    print(f"At a load of {loads[k]:.2f} the overlap is {overlaps[1, k]:.2f}.")

shown = interactive(overlap, k=(0, 40))
display(shown)
slider = shown.children[0]
'''}


class Slider:
    """A kernel with a figure and its slider."""

    def __init__(self, code):
        self.manager, self.client = start_new_kernel(extra_arguments=["--log-level=ERROR"])
        reply = self.client.execute_interactive(code, user_expressions={"comm": "slider.comm.comm_id"},
                                                 output_hook=lambda message: None)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))
        self.comm = reply["content"]["user_expressions"]["comm"]["data"]["text/plain"].strip("'")
        self.at = 0

    def step(self):
        """Moves it by one; returns the seconds until the kernel is done, after at least one picture."""
        self.at = (self.at + 1) % 41
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": {
            "method": "update", "state": {"value": self.at}, "buffer_paths": []}})
        start, pictures = time.perf_counter(), 0
        self.client.shell_channel.send(message)
        while True:
            said = self.client.get_iopub_msg(timeout=60)
            if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            pictures += said["msg_type"] == "display_data"
            if said["content"].get("execution_state") == "idle":
                assert pictures, "no picture came"
                return time.perf_counter() - start

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def rows():
    sliders = {name: Slider(code) for name, code in KERNELS.items()}
    try:
        times = {name: np.empty(ROUNDS) for name in sliders}
        for turn in range(ROUNDS):
            for name, slider in sliders.items():
                slider.step()  # off the clock
                times[name][turn] = np.median([slider.step() for _ in range(STEPS)])
    finally:
        for slider in sliders.values():
            slider.close()
    row = faster("a slider's step in a live kernel, two panels", "interact", times, None)
    yield *row[:-1], verdict(np.median(times["book"]) <= MOST, f"the book at most {1000 * MOST:.0f} ms")
