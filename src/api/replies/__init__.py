"""Answers: from a language model where one is configured, from the knowledge base otherwise, always one."""
