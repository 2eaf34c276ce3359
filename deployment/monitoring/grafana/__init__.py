"""Dashboards as code: each module describes one, `build.py` makes Grafana's JSON of it."""
