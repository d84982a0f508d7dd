"""A stand-in for the command-line program `runai` of NVIDIA Run:ai, with a cluster behind it.

One folder holds one simulated cluster: nodes, mount tables, other people's workloads, and what
goes wrong. `StandIn` makes such a folder and installs the program; `Truth` tells afterwards what
really happened. Everything follows docs/explanation/runai-facts.md; what is unconfirmed there is a
field of `Switches`.

    standin = StandIn.create(folder, Settings(seed=7, outcomes={"gwas-37": (2, 0)}))
    standin.install(bin_folder)             # put it on PATH, run the tool
    standin.advance(600)                    # ten minutes later
    assert standin.truth().max_active() <= 50
"""

from .call import Answer
from .cluster import Change, Deed, Plot
from .memory import MemoryStore
from .settings import Delays, Others, Settings
from .standin import ClientHung, ClientKilled, StandIn
from .store import CallMade
from .switches import Chatter, Fault, JsonShape, Switches, Trouble, WorkspaceEnd
from .truth import Truth
from .workload import Phase

__all__ = [
    "Answer",
    "CallMade",
    "Change",
    "Chatter",
    "ClientHung",
    "ClientKilled",
    "Deed",
    "Delays",
    "Fault",
    "JsonShape",
    "MemoryStore",
    "Others",
    "Phase",
    "Plot",
    "Settings",
    "StandIn",
    "Switches",
    "Trouble",
    "Truth",
    "WorkspaceEnd",
]
