"""Shared by adapters: running a program, what it printed, and the guard in plain `sh`."""
