"""AdamW in one fused kernel a parameter, and the gradient's norm.

Not `torch.optim`: that imports torch's compiler, which takes a second or two before the first step.
"""

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.99)
EPSILON = 1e-8
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    Args:
        network: its parameters are adjusted; each needs a gradient at every step.
        weight_decay: of matrices; vectors, such as biases, have none.
    """

    def __init__(self, network: nn.Module, weight_decay: float) -> None:
        self._parameters = dict(network.named_parameters())
        parameters = list(self._parameters.values())
        self._averages = [torch.zeros_like(parameter) for parameter in parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in parameters]
        self._steps = [parameter.new_zeros((), dtype=torch.float32) for parameter in parameters]
        self._decays = [weight_decay if parameter.dim() > 1 else 0.0 for parameter in parameters]

    def clip(self, most: float, value: float | None = None) -> float:
        """Make the gradient smaller where it is too large.

        Args:
            most: the norm that it is scaled down to (Pascanu et al. 2013).
            value: what each of its numbers is cut to instead, to both sides of 0.

        Returns:
            The norm over all parameters before that; where it is no finite number, the gradient
            is left as it is.
        """
        gradients = self._gradients()
        norms = torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients])
        norm = float(torch.linalg.vector_norm(norms))
        for gradient in gradients if norm < float("inf") else ():
            if value is not None:
                gradient.clamp_(-value, value)
            elif norm > most:
                gradient.mul_(most / norm)
        return norm

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One update with the learning rate `lr`; the gradients are used up."""
        gradients = self._gradients()
        for parameter, gradient, average, square, step, decay in zip(
            self._parameters.values(),
            gradients,
            self._averages,
            self._squares,
            self._steps,
            self._decays,
            strict=True,
        ):
            step += 1
            torch._fused_adamw_(
                [parameter],
                [gradient],
                [average],
                [square],
                [],
                [step],
                lr=lr,
                beta1=BETAS[0],
                beta2=BETAS[1],
                weight_decay=decay,
                eps=EPSILON,
                amsgrad=False,
                maximize=False,
            )
        self.forget_gradients()

    def forget_gradients(self) -> None:
        """Begin the next step from nothing."""
        for parameter in self._parameters.values():
            parameter.grad = None

    def tensors(self) -> dict[str, Tensor]:
        """What is remembered between steps, by the name of the quantity and of the parameter."""
        values = (self._steps, self._averages, self._squares)
        return {
            f"{moment}.{name}": tensor
            for moment, tensors in zip(MOMENTS, values, strict=True)
            for name, tensor in zip(self._parameters, tensors, strict=True)
        }

    def _gradients(self) -> list[Tensor]:
        gradients = [parameter.grad for parameter in self._parameters.values()]
        return [gradient for gradient in gradients if gradient is not None]
