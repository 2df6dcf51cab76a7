"""Tests of `charnn.insight`."""
