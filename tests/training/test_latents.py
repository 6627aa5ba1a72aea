"""Cached posteriors and captions drawn from them."""

import torch

from lead.text.cache import CaptionTable, TextCache
from lead.training.latents import Posteriors


def test_samples_follow_the_posterior_of_the_row_asked_for():
    mean = torch.tensor([0.0, 10.0]).view(2, 1, 1, 1).expand(2, 3, 1, 4)
    logvar = torch.tensor([0.0, -4.0]).view(2, 1, 1, 1).expand(2, 3, 1, 4)
    posteriors = Posteriors(mean, logvar)
    rows = torch.tensor([0, 1]).repeat_interleave(4000)
    sample = posteriors.sample(rows, torch.Generator().manual_seed(0)).flatten(1)
    first, second = sample[:4000], sample[4000:]
    assert abs(first.mean()) < 0.05 and abs(first.std() - 1) < 0.05
    assert (
        abs(second.mean() - 10) < 0.05 and abs(second.std() - torch.exp(torch.tensor(-2.0))) < 0.05
    )


def test_every_crop_is_drawn():
    mean = torch.arange(5.0).view(1, 5, 1, 1)
    posteriors = Posteriors(mean, torch.full_like(mean, -60.0))
    sample = posteriors.sample(torch.zeros(200, dtype=torch.long), torch.Generator().manual_seed(0))
    assert set(sample.flatten().round().tolist()) == {0.0, 1.0, 2.0, 3.0, 4.0}


class FakeCache(TextCache):
    """Pooled vectors that say which caption they belong to."""

    def __init__(self):
        """Without a file."""

    def pooled(self, captions):
        return torch.tensor([[float(len(caption))] for caption in captions])


def test_a_clip_gets_only_its_own_captions_and_all_of_them():
    table = CaptionTable.of([("a",), ("bb", "ccc", "dddd")], FakeCache())
    generator = torch.Generator().manual_seed(0)
    first = table.draw(torch.zeros(100, dtype=torch.long), generator)
    second = table.draw(torch.ones(100, dtype=torch.long), generator)
    assert set(first.flatten().tolist()) == {1.0}
    assert set(second.flatten().tolist()) == {2.0, 3.0, 4.0}
