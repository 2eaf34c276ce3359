"""Settings: defaults < xiong.toml < XIONG_* < flags."""
