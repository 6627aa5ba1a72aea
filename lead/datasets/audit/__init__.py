"""The audit: checks of every recording, and the table and page that report them."""
