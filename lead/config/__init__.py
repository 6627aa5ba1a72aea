"""Settings of a study: pydantic models without torch."""
