"""Random numbers that depend on a seed and a purpose, never on the order of the questions.

A generator with a hidden state would give other numbers as soon as one more call is made. Here
the same seed and the same purpose give the same number, so a simulated cluster behaves the same
however often it is asked. Written by hand because importing `random` doubles the start-up time.
"""

from dataclasses import dataclass
from functools import lru_cache

_MASK = (1 << 64) - 1
_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3


@lru_cache(maxsize=4096)
def _hashed(text: str) -> int:
    """Return 64 well-mixed bits of a text: FNV-1a, then the finaliser of splitmix64."""
    bits = _FNV_OFFSET
    for byte in text.encode():
        bits = ((bits ^ byte) * _FNV_PRIME) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


@dataclass(frozen=True, slots=True)
class Chance:
    """All random numbers of one seed, each named by its purpose."""

    seed: int

    def bits(self, *purpose: object) -> int:
        """Return 64 random bits for a purpose."""
        return _hashed("\x1f".join(map(str, (self.seed, *purpose))))

    def share(self, *purpose: object) -> float:
        """Return a number from 0 up to, not including, 1."""
        return (self.bits(*purpose) >> 11) / (1 << 53)

    def happens(self, rate: float, *purpose: object) -> bool:
        """Tell whether something with this rate (0 never, 1 always) happens."""
        return self.share(*purpose) < rate

    def between(self, span: tuple[float, float], *purpose: object) -> float:
        """Return a number within a span, to the millisecond so that sums stay readable."""
        low, high = span
        return round(low + (high - low) * self.share(*purpose), 3)

    def uuid(self, *purpose: object) -> str:
        """Return a text shaped like a random UUID (version 4)."""
        text = f"{self.bits('a', *purpose):016x}{self.bits('b', *purpose):016x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"
