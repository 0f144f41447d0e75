"""Partitions: one per crawl or snapshot, never one per file. Names are added by runs and by the sensor."""

from __future__ import annotations

import dagster as dg

snapshots = dg.DynamicPartitionsDefinition(name="snapshots")
