"""Tests of `data_platform.credits`."""
