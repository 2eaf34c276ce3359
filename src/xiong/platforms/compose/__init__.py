"""The Compose platform: the service as containers of one Docker engine, described by deployment/docker."""
