"""Logs and metrics of all processes of a run: see docs/metrics.md."""
