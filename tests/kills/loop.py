"""The kill loop: start commands, kill them at random moments, start again, until all has ended."""

import random
import subprocess
import time
from collections.abc import Callable, Sequence, Set
from contextlib import ExitStack

from tests.kills.scene import Scene, check_promises, check_status
from tests.kills.strike import Killer, Toll

SUBMIT = ("submit", "--yes", "--wait", "--poll-interval", "0.2", "--submit-interval", "0")
RETRY = ("retry", "--yes", "--poll-interval", "0.2", "--submit-interval", "0")
STARTS = ((SUBMIT,), (RETRY,), (SUBMIT, RETRY), (SUBMIT, SUBMIT))
# From the first instruction of the interpreter until so many times what one look takes.
LATEST_KILL = 3
LOOK_AGAIN_S = 0.3
LONGEST_S = 400.0
SOME_JOBS_FAILED = 3


def play(make: Callable[[int], Scene], kills: int, *, waits: bool) -> Toll:
    """Kill so many times, over as many batches as that takes; assert that all promises held.

    With `waits` also that jobs in doubt come to their end, however many minutes that takes.
    """
    toll = Toll()
    with ExitStack() as stack:
        scenes = []
        while toll.kills < kills:
            toll.batches += 1
            scene = make(toll.batches)
            stack.callback(scene.close)
            scenes.append(scene)
            try:
                _haunt(scene, random.Random(toll.batches), kills, toll)
            except BaseException as error:
                error.add_note(f"in batch {toll.batches}, after {toll.kills} kills")
                raise
        for scene in scenes if waits else ():
            _go_on(scene, waits=True)
        toll.runs = sum(len(codes) for each in scenes for codes in each.record().codes.values())
    return toll


def _haunt(scene: Scene, chance: random.Random, kills: int, toll: Toll) -> None:
    """Kill until the batch is through, or often enough; then let it come to its end."""
    killer = Killer(scene, chance, toll)
    latest_s = LATEST_KILL * _look_s(scene)
    while toll.kills < kills and scene.record().unfinished:
        _start_and_kill(killer, latest_s)
        check_promises(scene)
    toll.in_doubt += len(_go_on(scene, waits=False))


def _start_and_kill(killer: Killer, latest_s: float) -> None:
    """Start one command or two, at once, and strike each at its own moment until it is dead."""
    chance, began = killer.chance, time.monotonic()
    starts = [
        killer.scene.shell.start(*words, env=killer.scene.env) for words in chance.choice(STARTS)
    ]
    doomed = [(chance.uniform(0, latest_s), process) for process in starts]
    while doomed:
        after_s, process = min(doomed, key=lambda each: each[0])
        doomed.remove((after_s, process))
        time.sleep(max(0.0, began + after_s - time.monotonic()))
        if killer.strike(process):
            doomed.append((after_s + chance.uniform(0, latest_s), process))
        else:
            process.communicate()


def _look_s(scene: Scene) -> float:
    """Return how long it takes, on this machine and now, to start and to look at the cluster."""
    began = time.monotonic()
    scene.shell.run("status", env=scene.env)
    return time.monotonic() - began


def _go_on(scene: Scene, *, waits: bool) -> Set[str]:
    """Let both commands work unharmed until all has ended; return the jobs left in doubt."""
    deadline = time.monotonic() + LONGEST_S
    working: dict[tuple[str, ...], subprocess.Popen[str]] = {}
    while (left := scene.record().unfinished) - (set() if waits else scene.in_doubt()):
        assert time.monotonic() < deadline, f"the jobs {sorted(left)} never come to their end"
        for words in (SUBMIT, RETRY):
            working[words] = _at_work(scene, words, working.get(words))
        time.sleep(LOOK_AGAIN_S)
    for process in working.values():
        if left:
            process.terminate()
        process.communicate(timeout=LONGEST_S)
    if not left:
        last = scene.shell.run(*SUBMIT, env=scene.env)
        assert last.code == SOME_JOBS_FAILED, last.err
    check_promises(scene)
    check_status(scene, left)
    return left


def _at_work(
    scene: Scene, words: Sequence[str], before: subprocess.Popen[str] | None
) -> subprocess.Popen[str]:
    """Return the command as it is, or started again if it has ended."""
    if before is not None and before.poll() is None:
        return before
    if before is not None:
        before.communicate()
    return scene.shell.start(*words, env=scene.env)
