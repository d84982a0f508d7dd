"""The reference pages, made from the code: `make reference` writes them."""
