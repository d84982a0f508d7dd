"""The clusters: the protocol, and one folder for each kind."""
