"""The seed tree."""

from lead.files.seeds import Seeds


def test_a_child_does_not_depend_on_its_siblings():
    alone = Seeds(7).child("evaluate", "mld", 3).value
    tree = Seeds(7)
    for repeat in range(3):
        tree.child("evaluate", "mld", repeat).numpy().random(10)
    assert tree.child("evaluate", "mld", 3).value == alone


def test_children_of_children_equal_one_long_path():
    assert Seeds(7).child("a").child("b", 1).value == Seeds(7).child("a", "b", 1).value


def test_names_are_kept_apart():
    assert Seeds(7).child("a", "bc").value != Seeds(7).child("ab", "c").value


def test_another_root_gives_other_seeds():
    assert Seeds(7).child("a").value != Seeds(8).child("a").value


def test_torch_and_numpy_accept_every_seed():
    for number in range(200):
        child = Seeds(1234).child(number)
        assert 0 <= child.value < 2**63
        child.numpy().random()
        child.torch()


def test_the_tree_is_the_same_in_every_release():
    assert Seeds(1234).child("evaluate", 0).value == 5264683058681542221
