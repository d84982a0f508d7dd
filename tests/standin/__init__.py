"""Tests of the stand-in for runai."""
