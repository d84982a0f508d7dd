"""Parts for tests, public so that others can test what they build on runbatch.

`FakeClock` stands in for time, `FakeCluster` for a cluster whose names are unique, `QueueCluster`
for one whose names are not; `runbatch.testing.contract` holds
`ClusterContract`, which any adapter's tests inherit (it needs pytest).
"""

from runbatch.testing.clock import FakeClock
from runbatch.testing.cluster import FakeCluster
from runbatch.testing.queue import QueueCluster

__all__ = ["FakeClock", "FakeCluster", "QueueCluster"]
