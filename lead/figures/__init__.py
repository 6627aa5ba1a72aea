"""The figures of a study, as PDF and PNG in one style."""
