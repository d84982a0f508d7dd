"""`python -m runbatch` is the command `runbatch`."""

from runbatch.cli.main import main

main()
