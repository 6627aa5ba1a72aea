"""What checks shapes and types of every call in the tests (see addopts in pyproject.toml)."""

from beartype import BeartypeConf, beartype

# As for other type checkers, an int may stand for a float.
check = beartype(conf=BeartypeConf(is_pep484_tower=True))
