"""Parts for tests, public so that others can test what they build on runbatch.

`FakeClock` and `FakeCluster` stand in for time and a cluster; `runbatch.testing.contract` holds
`ClusterContract`, which any adapter's tests inherit (it needs pytest).
"""

from runbatch.testing.clock import FakeClock
from runbatch.testing.cluster import FakeCluster

__all__ = ["FakeClock", "FakeCluster"]
