"""Batches in the words of somebody's pipeline; the tool itself knows none of their names."""
