"""What the platforms of one machine (local, Compose) share: state folder, files, the proxy's settings."""
