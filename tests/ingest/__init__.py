"""Tests of `data_platform.ingest`."""
