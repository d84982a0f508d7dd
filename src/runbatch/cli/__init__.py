"""The command line: arguments, wiring to the terminal, exit codes."""
