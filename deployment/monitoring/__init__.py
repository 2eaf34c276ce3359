"""Rules, routes, dashboards. `python -m deployment.monitoring` writes what is generated of them."""
