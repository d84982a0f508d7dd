"""Break the core in hundreds of ways, one at a time; a unit test must notice each.

`make mutate MODULE=planner` (all of the core without MODULE) works on a copy in `.mutants`, so a
kill leaves no source broken. Property tests have no say: each rule is to have an example that shows
it. Exits with 1 if anything went unnoticed, and shows what.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

CORE = Path("src/runbatch/core")
COPY = Path(".mutants")
CONFIG = """
[cosmic-ray]
module-path = "{path}"
timeout = 60.0
test-command = "pytest tests/unit/core {options}"

[cosmic-ray.distributor]
name = "local"

# One or two ways to break an operator are enough; most of the others are not even valid.
[cosmic-ray.filters.operators-filter]
exclude-operators = [
    'core/ReplaceBinaryOperator_(?!Add_Sub|Sub_Add|Mul_FloorDiv|Pow_Mul|BitOr_BitAnd)',
    'core/ReplaceComparisonOperator_(?!Is_IsNot|IsNot_Is|Eq_NotEq|NotEq_Eq|[LG]tE?_[LG]tE?)',
    'core/ReplaceUnaryOperator_USub_',
]
"""
OPTIONS = (
    "-x --tb=no --assert=plain -p no:cacheprovider --ignore=tests/unit/core/test_properties.py"
)


def main() -> int:
    known = sorted(each.stem for each in CORE.glob("[!_]*.py"))
    modules = sys.argv[1:] or known
    if not set(modules) <= set(known):
        sys.exit(f"mutate: no such module of the core; write some of: {' '.join(known)}")
    shutil.rmtree(COPY, ignore_errors=True)
    for folder in ("src", "tests"):
        shutil.copytree(folder, COPY / folder)
    shutil.copy("pyproject.toml", COPY)
    write_config(CORE)
    run("cosmic-ray", "baseline", "config.toml")
    unnoticed = sum(try_to_break(module) for module in modules)
    print(f"{unnoticed} unnoticed in all")
    return 1 if unnoticed else 0


def try_to_break(module: str) -> int:
    """Return how many breaks of this module went unnoticed; each is shown."""
    session = f"{module}.sqlite"
    write_config(CORE / f"{module}.py")
    run("cosmic-ray", "init", "config.toml", session)
    run("cr-filter-operators", session, "config.toml")
    run("cosmic-ray", "exec", "config.toml", session)
    results = [json.loads(line)[1] for line in run("cosmic-ray", "dump", session).splitlines()]
    tried = [result for result in results if result["worker_outcome"] != "skipped"]
    unnoticed = [result["diff"] for result in tried if result["test_outcome"] != "killed"]
    slow = sum(result["output"] == "timeout" for result in tried)
    report = f"{module}: {len(tried)} breaks, {slow} of them timed out, {len(unnoticed)} unnoticed"
    print("\n".join((report, *unnoticed)), flush=True)
    return len(unnoticed)


def write_config(path: Path) -> None:
    (COPY / "config.toml").write_text(CONFIG.format(path=path, options=OPTIONS))


def run(*words: str) -> str:
    """Return what the program said; the copy's source stands before the installed one."""
    env = os.environ | {"PYTHONPATH": "src"}
    done = subprocess.run(words, cwd=COPY, env=env, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
