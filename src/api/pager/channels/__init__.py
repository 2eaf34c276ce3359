"""The ways to reach a person: SMTP, signed webhook, Slack, LINE."""
