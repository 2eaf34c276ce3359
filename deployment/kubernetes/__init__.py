"""What the manifests take over from the monitoring: see __main__."""
