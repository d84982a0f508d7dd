"""The core: values and decisions. It cannot touch the world."""
