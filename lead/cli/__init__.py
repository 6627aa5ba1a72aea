"""The `lead` command."""
