"""The parts of the reference that are made of the code: `python -m docs.generate.errors`."""
