"""The Kubernetes platform: one namespace of a cluster, by the API server alone."""
