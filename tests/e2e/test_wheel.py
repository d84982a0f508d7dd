"""What `pip install .` gives people: the wheel holds all that the commands need."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.e2e.shell import Shell

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(
        [*build, "--directory", folder], cwd=ROOT, check=True, capture_output=True, timeout=120
    )
    (made,) = folder.glob("*.whl")
    return made


def test_it_holds_each_file_of_the_package_and_its_commands(wheel: Path) -> None:
    package = ROOT / "src" / "runbatch"
    files = {each for each in package.rglob("*") if each.is_file() and each.suffix != ".pyc"}
    with ZipFile(wheel) as made:
        held = {name for name in made.namelist() if name.startswith("runbatch/")}
        (commands,) = (name for name in made.namelist() if name.endswith("entry_points.txt"))
        said = made.read(commands).decode()
    assert held == {str(each.relative_to(package.parent)) for each in files}
    for name in ("runbatch", "submit-all-traits-runai", "retry-failed-traits"):
        assert f"{name} = " in said


def test_a_batch_goes_from_init_to_its_report(shell: Shell, wheel: Path) -> None:
    """Jobs on `local` are wrapped, and the page is made, by files of the package."""
    installed = shell.folder / "installed"
    with ZipFile(wheel) as made:
        made.extractall(installed)
    env = {"PYTHONPATH": str(installed)}
    python = Path(sys.executable)
    where = shell.run("-c", "import runbatch; print(runbatch.__file__)", env=env, program=python)
    assert where.out == f"{installed}/runbatch/__init__.py\n"
    for words in (("init",), ("submit", "--yes", "--wait"), ("report",), ("audit",)):
        done = shell.run("-m", "runbatch", *words, env=env, program=python)
        assert done.code == 0, done.err
    assert "uPlot" in (shell.folder / "report.html").read_text("utf-8")
