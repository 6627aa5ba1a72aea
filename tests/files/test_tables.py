"""Tables in Parquet: what was written is read, and what is no table of ours is refused."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lead.errors import LeadError
from lead.files.tables import read_table, write_table

COLUMNS = [("name", pa.string()), ("value", pa.float64())]
ROWS = [{"name": "a", "value": 1.5}, {"name": "b", "value": None}]


def test_rows_and_metadata_are_read_back(tmp_path):
    write_table(tmp_path / "t.parquet", ROWS, {"stage": "x", "count": 2}, COLUMNS)
    table, metadata = read_table(tmp_path / "t.parquet", "a test", COLUMNS)
    assert (table.to_pylist(), metadata) == (ROWS, {"stage": "x", "count": 2})


def test_a_table_of_no_rows_keeps_its_columns(tmp_path):
    write_table(tmp_path / "t.parquet", [], {}, COLUMNS)
    assert read_table(tmp_path / "t.parquet", "a test")[0].column_names == ["name", "value"]


def test_notes_stand_beside_the_metadata(tmp_path):
    write_table(tmp_path / "t.parquet", ROWS, {}, COLUMNS, findings=["one"])
    assert pq.read_schema(tmp_path / "t.parquet").metadata[b"findings"] == b'["one"]'


def test_what_is_missing_truncated_or_another_table_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    with pytest.raises(LeadError, match="damaged"):
        read_table(path, "a test")
    write_table(path, ROWS, {}, COLUMNS)
    with pytest.raises(LeadError, match="damaged"):
        read_table(path, "a test", [("other", pa.string())])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LeadError, match="damaged") as error:
        read_table(path, "a test")
    assert "a test" in str(error.value.expected)
    pq.write_table(pa.table({"name": ["a"]}), path)
    with pytest.raises(LeadError, match="damaged"):
        read_table(path, "a test")
