"""Parquet files of strangers: damaged ones, and those that make much of little."""

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lead.files.tables import read_foreign_table


@pytest.fixture
def path(tmp_path):
    rows = {"id": ["a", "b"], "caption": ["a person walks", "someone runs"]}
    pq.write_table(pa.table(rows), tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


def test_the_columns_asked_for_are_read_where_they_are_there(path):
    assert read_foreign_table(path).num_columns == 2
    assert read_foreign_table(path, ["id", "other"]).to_pydict() == {"id": ["a", "b"]}


def test_no_changed_byte_ends_the_process(path):
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :])
        if (child := os.fork()) == 0:
            try:
                read_foreign_table(path)
            except ValueError:
                pass
            except BaseException:
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0, f"byte {place}"


def test_a_table_that_repeats_one_number_a_million_times_is_refused(path):
    frames = [[0.0] * 263] * 40_000
    pq.write_table(pa.table({"id": ["a"], "motion": [frames]}), path, compression="zstd")
    assert path.stat().st_size < 2_000
    with pytest.raises(ValueError, match=r"10,520,00[01] values"):
        read_foreign_table(path)
