"""The figures of updates, read late: they are those of each step, in order."""

import torch

from charnn.training.unread_steps import Step, UnreadSteps


def test_figures_are_read_once_and_in_order() -> None:
    unread = UnreadSteps()
    assert unread.read() == []
    steps = [Step(number, 0.1, 64, 60, 0.5) for number in (1, 2)]
    for step in steps:
        unread.add(step, torch.tensor([step.number, 10.0 * step.number]))
    read = unread.read()
    assert [(each.step.number, each.loss, each.grad_norm) for each in read] == [
        *((1, 1.0, 10.0), (2, 2.0, 20.0))
    ]
    assert read[0].step.seconds == 0.5 <= read[1].step.seconds
    assert unread.read() == []
