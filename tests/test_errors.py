"""What a user is told of an error."""

import pickle

from lead.errors import LeadError


def test_an_error_keeps_every_field_on_its_way_from_a_worker_process():
    error = LeadError("No.", "a.npy", found=ValueError("cut off"), expected="a file", fix="Try.")
    again = pickle.loads(pickle.dumps(error))
    assert (
        str(again)
        == str(error)
        == ("No.\n  file: a.npy\n  found: cut off\n  expected: a file\n  fix: Try.")
    )
