"""What people and programs are shown, from a `Snapshot`."""
