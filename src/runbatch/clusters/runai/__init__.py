"""The cluster `runai`: NVIDIA Run:ai, through the user's own `runai` program."""
