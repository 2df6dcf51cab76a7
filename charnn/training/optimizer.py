"""AdamW, and clipping of the gradient.

An optimizer object of `torch.optim` imports torch's compiler, which takes a second or two before
the first step. The function `torch.optim.adamw.adamw` computes the same update without that import.
With this function, the first step comes after 1.9 s instead of 3.1 s (benchmarks/RESULTS.md).
"""

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

# The mean squares follow the last 100 steps, as in nanoGPT's recipe for characters. With the usual
# 0.999 they follow the last 1,000, much of a run of a few thousand steps. After 3,050 steps on
# tinyshakespeare the loss is 1.492 with 0.99, 1.506 with 0.999 and 1.503 with 0.95
# (benchmarks/quality.md).
BETAS = (0.9, 0.99)
EPSILON = 1e-8
# The quantities of a parameter in a checkpoint, with the names of torch.optim.AdamW.
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).

    No method makes the host wait for a GPU.

    Args:
        network: the module to train; each parameter needs a gradient at every step.
        weight_decay: the weight decay of matrices. Vectors, such as biases, are not decayed.
    """

    def __init__(self, network: nn.Module, weight_decay: float) -> None:
        self._parameters = dict(network.named_parameters())
        parameters = list(self._parameters.values())
        self._averages = [torch.zeros_like(parameter) for parameter in parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in parameters]
        self._steps = [parameter.new_zeros((), dtype=torch.float32) for parameter in parameters]
        self._decays = [weight_decay if parameter.dim() > 1 else 0.0 for parameter in parameters]
        # The numbers of the parameters that have the same decay, so that they share a call.
        self._groups = {
            decay: [number for number, each in enumerate(self._decays) if each == decay]
            for decay in sorted(set(self._decays))
        }

    def clip(self, max_norm: float, max_value: float | None = None) -> Tensor:
        """Limit the gradient in place, by its norm or else by its single values.

        Args:
            max_norm: a gradient of a larger norm is scaled to this norm (Pascanu et al. 2013).
            max_value: if given, `max_norm` is not used, and each number of the gradient is clamped
                to [-max_value, max_value].

        Returns:
            The norm of the gradient over all parameters before clipping, on the device. If it is
            not finite, the gradient is of no use, see `step`.
        """
        gradients = self.gradients()
        norms = torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients])
        norm: Tensor = torch.linalg.vector_norm(norms)
        if max_value is not None:
            for gradient in gradients:
                gradient.clamp_(-max_value, max_value)
            return norm
        # MPS has no float64, which spares a second rounding.
        precise = norm if norm.device.type == "mps" else norm.double()
        scale = (max_norm / precise).clamp(max=1)
        # A CPU knows the norm at once, and need not multiply by 1.
        if norm.device.type != "cpu" or not norm <= max_norm:
            for gradient in gradients:
                gradient.mul_(scale)
        return norm

    def gradients(self) -> list[Tensor]:
        """Return the gradients of all parameters, in a fixed order."""
        gradients = [parameter.grad for parameter in self._parameters.values()]
        return [gradient for gradient in gradients if gradient is not None]

    @torch.no_grad()
    def step(self, lr: float, skip: Tensor | None = None) -> None:
        """Update the parameters with the learning rate `lr`, and discard the gradients.

        Args:
            lr: the learning rate.
            skip: 1.0 on the device if nothing may be updated, because a gradient is not finite,
                else 0.0. None updates.
        """
        parameters, gradients = list(self._parameters.values()), self.gradients()
        for decay, numbers in self._groups.items():
            adamw(
                [parameters[number] for number in numbers],
                [gradients[number] for number in numbers],
                [self._averages[number] for number in numbers],
                [self._squares[number] for number in numbers],
                [],
                [self._steps[number] for number in numbers],
                fused=True,
                found_inf=skip,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=lr,
                weight_decay=decay,
                eps=EPSILON,
                maximize=False,
            )
        self.discard_gradients()

    def discard_gradients(self) -> None:
        """Remove the gradients of all parameters."""
        for parameter in self._parameters.values():
            parameter.grad = None

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of the optimizer for a checkpoint, by the name "MOMENT.PARAMETER"."""
        values = (self._steps, self._averages, self._squares)
        return {
            f"{moment}.{name}": tensor
            for moment, tensors in zip(MOMENTS, values, strict=True)
            for name, tensor in zip(self._parameters, tensors, strict=True)
        }
