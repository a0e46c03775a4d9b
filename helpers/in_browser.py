"""A notebook in the reader's browser: a cell that needs what its Python lacks says so in one line, and the notebook goes on.

Pyodide has no torch, no xgboost and no processes. `settle` is called by the first cell of a chapter in JupyterLite.
From then on, a cell that fails for want of one of them prints a line instead of a traceback, and counts as run. The
names that it would have made are forgotten: a later cell that asks for one of them says the same, rather than go on
with what an earlier cell left under that name.
"""
import ast
import sys
import warnings

from IPython import get_ipython

LACKING = {"torch": "torch", "xgboost": "xgboost", "_multiprocessing": "processes"}  # modules, and what a reader calls them


def lacked(error: BaseException, forgotten: dict[str, str]) -> str | None:
    """What `error`, or an error behind it, wanted in vain: torch, xgboost or processes; None if anything else failed.

    `forgotten`: {name: what it lacked} of the names that earlier cells would have made.
    """
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and str(error.name).split(".")[0] in LACKING:
            return LACKING[error.name.split(".")[0]]
        if isinstance(error, OSError) and "does not support processes" in str(error):
            return "processes"
        if isinstance(error, NameError) and error.name in forgotten:
            return forgotten[error.name]
        error = error.__cause__ or error.__context__
    return None


def made(statements: list[ast.stmt]) -> set[str]:
    """The names that statements make at their own level: what they assign, define, import and count with."""
    names = set()
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names.add(statement.name)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.alias):
                names.add((node.asname or node.name).split(".")[0])
    return names


def settle(elsewhere: str | None = None):
    """From now on, say in one line what a cell lacks. `elsewhere`: the address at which the whole chapter runs."""
    sys.path.sort(key=lambda folder: folder == "")  # beside the notebook last: each look there goes through the browser's storage
    warnings.filterwarnings("ignore", "JsProxy.as_object_map")  # of threadpoolctl's own making, whenever scikit-learn asks it
    shell = get_ipython()
    plain, forgotten, running = shell.showtraceback, {}, []
    where = f"The whole chapter runs on Binder: {elsewhere}" if elsewhere else "The whole chapter runs in Jupyter on a computer."

    def say(exc_tuple=None, *args, **options):
        wanted = lacked(exc_tuple[1] if exc_tuple else sys.exc_info()[1], forgotten)
        if wanted is None:
            plain(exc_tuple, *args, **options)
            return
        for source in running:  # none if a slider was moved after its cell had run
            for name in made(ast.parse(shell.transform_cell(source)).body):
                shell.user_ns.pop(name, None)
                forgotten[name] = wanted
        print(f"This cell needs {wanted}, which a browser's Python does not have. {where}")

    shell.events.register("pre_run_cell", lambda info: running.append(info.raw_cell))
    shell.events.register("post_run_cell", lambda result: running.clear())
    shell.showtraceback = say
