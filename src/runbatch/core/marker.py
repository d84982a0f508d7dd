"""The marker: the log line that says that a mount was missing, where no exit code is known.

A wrong answer here retries a configuration error. So a line counts only if it is what the exit-code
contract prints (docs/reference/exit-code-contract.md): at the end of the log, at the level of an
error, for a mount of this batch, and with no later line that tells another end.
"""

import re
from dataclasses import dataclass

from runbatch.core.batch import Batch

_LAST_LINES = 20
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TAG = re.compile(r"^\[[A-Z]+\]\s+")
_NO_MOUNT = " is not a mount point"
# A level below an error; a folder may have such a name.
_NO_ERROR = re.compile(r"(?<![/\w.-])(?:warn(?:ing)?|info|notice|debug|trace)\b", re.IGNORECASE)
_CODE = re.compile(r"\bexit(?:ed)?(?: with)?(?: code| status)[ :=]*([0-9]{1,3})\b", re.IGNORECASE)
# The level of an error, the name of an exception, or what R and the shell say last.
_ERROR = re.compile(
    r"\b(?:ERROR|FATAL|CRITICAL)\b|\w(?:Error|Exception)\b|^(?i:error|fatal)\b"
    r"|^Traceback|^Execution halted|^Killed|Segmentation fault"
)


@dataclass(frozen=True, slots=True)
class Markers:
    """Which texts are markers, of which mounts, and which exit codes mean the same."""

    texts: tuple[str, ...]
    mounts: tuple[str, ...]
    exit_codes: tuple[int, ...]

    @classmethod
    def of(cls, batch: Batch) -> "Markers":
        """Return the markers of this batch."""
        mounts = tuple(mount.path.rstrip("/") for mount in batch.run.mounts)
        return cls(batch.retry.log_markers, mounts, batch.retry.exit_codes)

    def found_in(self, log: str) -> str | None:
        """Return the marker that the log ends with, for people to read; None if there is none.

        Of several in a row it is the first. Colours and a tag such as `[ERROR]` in front are left
        out, since they vary.
        """
        found = None
        for line in _last_lines(log):
            text = next((text for text in self.texts if text in line), None)
            if text is None:
                found = None if self._tells_another_end(line) else found
            elif found is None and self._is_marker(line, text):
                found = _TAG.sub("", line)
        return found

    def _is_marker(self, line: str, text: str) -> bool:
        """Whether the line says so of this batch. One that goes on after it is no last word."""
        if _NO_ERROR.search(line.partition(text)[0]) is not None:
            return False
        return _NO_MOUNT not in line or any(self._names(mount, line) for mount in self.mounts)

    def _names(self, mount: str, line: str) -> bool:
        said = rf"(?:^|[\s'\"`:=(]){re.escape(mount)}/?['\"`]?{_NO_MOUNT}[ .!]*$"
        return re.search(said, line) is not None

    def _tells_another_end(self, line: str) -> bool:
        code = _CODE.search(line)
        if code is not None:
            return int(code[1]) not in self.exit_codes
        return _ERROR.search(line) is not None


def goes_on(marker: str) -> bool:
    """Whether a line that was taken for a marker says more: such a job may have gone on."""
    _, found, rest = marker.partition(_NO_MOUNT)
    return bool(found and rest.strip(" .!"))


def _last_lines(log: str) -> list[str]:
    lines = (_COLOUR.sub("", line).strip() for line in log.splitlines())
    return [line for line in lines if line][-_LAST_LINES:]
