"""Shared by adapters: what a workload's own process leaves on a disk."""
