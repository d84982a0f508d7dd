"""Shared by adapters: what `kubectl` tells, where the user may ask it."""
