"""From a file to a `Batch`."""
