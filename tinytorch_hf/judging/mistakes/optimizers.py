"""Mistakes in optimizers."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "LR-TWICE",
        "the learning rate is applied twice",
        "Multiply by lr once.",
    ),
    Mistake(
        "LR-IGNORED",
        "the learning rate has no effect",
        "Multiply the step by lr.",
    ),
    Mistake(
        "STEP-UPHILL",
        "the step goes up the gradient, not down",
        "Subtract lr times the gradient.",
    ),
    Mistake(
        "STEP-NOTHING",
        "the parameter does not change at all",
        "Write the new values into parameter.data.",
    ),
    Mistake(
        "DECAY-AFTER-STEP",
        "weight decay is applied after the update instead of before it",
        "Apply the decay to the weights from before the step.",
    ),
    Mistake(
        "DECAY-IGNORED",
        "weight decay has no effect",
        "SGD and Adam add weight_decay * w to the gradient; AdamW subtracts lr * weight_decay * w.",
    ),
    Mistake(
        "DECAY-PAST-VELOCITY",
        "weight decay is applied to the weights alone, past the velocity",
        "Add weight_decay * w to the gradient before the velocity.",
    ),
    Mistake(
        "DECAY-NOT-TIMES-LR",
        "the decay is not multiplied by the learning rate",
        "AdamW subtracts lr * weight_decay * w.",
    ),
    Mistake(
        "ADAM-IS-ADAMW",
        "the decay is decoupled from the gradient: that is AdamW",
        "Adam adds weight_decay * w to the gradient.",
    ),
    Mistake(
        "ADAMW-IS-ADAM",
        "the decay enters the gradient: that is Adam",
        "AdamW subtracts lr * weight_decay * w from the weights and leaves the gradient as it is.",
    ),
    Mistake(
        "MOMENTUM-STALE",
        "the step uses the velocity from before this gradient",
        "Update the velocity first, then take the step with it.",
    ),
    Mistake(
        "MOMENTUM-IGNORED",
        "momentum has no effect",
        "Keep the velocity between steps: v = momentum * v + gradient.",
    ),
    Mistake(
        "MOMENTUM-DAMPED",
        "the gradient enters the velocity with the factor 1 - momentum",
        "PyTorch's velocity is momentum * v + gradient.",
    ),
    Mistake(
        "MOMENTUM-NESTEROV",
        "it is Nesterov's momentum",
        "The step is lr * v, without the gradient added once more.",
    ),
    Mistake(
        "MOMENTUM-SHARED",
        "all parameters share one velocity",
        "Keep a velocity for each parameter.",
    ),
    Mistake(
        "ADAM-BIAS-CORRECTION",
        "the bias correction is missing",
        "Divide the moments by 1 - beta ** t.",
    ),
    Mistake(
        "ADAM-BIAS-CORRECTION-FIRST",
        "the bias correction of the first moment is missing",
        "Divide the first moment by 1 - beta1 ** t.",
    ),
    Mistake(
        "ADAM-BIAS-CORRECTION-SECOND",
        "the bias correction of the second moment is missing",
        "Divide the second moment by 1 - beta2 ** t.",
    ),
    Mistake(
        "ADAM-STEP-LATE",
        "the bias correction counts one step too many",
        "t is 1 in the first step.",
    ),
    Mistake(
        "ADAM-STEP-PER-PARAMETER",
        "the step is counted once for each parameter instead of once for each call of step()",
        "Add 1 to t before the loop over the parameters.",
    ),
    Mistake(
        "ADAM-MOMENTS-SHARED",
        "all parameters share one pair of moments",
        "Keep two moments for each parameter.",
    ),
    Mistake(
        "ADAM-MOMENTS-STORED-CORRECTED",
        "the corrected moments are stored, so that they are corrected again in the next step",
        "Keep the moments as they are, and correct copies of them.",
    ),
    Mistake(
        "ADAM-EPS-INSIDE",
        "eps is added inside the root instead of after it",
        "Divide by sqrt(v) + eps.",
    ),
    Mistake(
        "ADAM-NO-ROOT",
        "the root of the second moment is left out",
        "Divide by sqrt(v) + eps.",
    ),
    Mistake(
        "ADAM-NO-SQUARE",
        "the second moment is of the gradient, not of its square",
        "v = beta2 * v + (1 - beta2) * g * g.",
    ),
    Mistake(
        "ADAM-BETAS-EXCHANGED",
        "the two betas are exchanged",
        "beta1 = 0.9 belongs to the gradient, beta2 = 0.999 to its square.",
    ),
    Mistake(
        "OPTIMIZER-ZERO-GRAD",
        "the optimizer's zero_grad does not reset the gradients",
        "Set grad of every parameter to None.",
    ),
    Mistake(
        "OPTIMIZER-FROZEN",
        "a parameter without a gradient is changed",
        "Skip parameters whose grad is None.",
    ),
    Mistake(
        "OPTIMIZER-STOPS-AT-NONE",
        "parameters after one without a gradient are not updated",
        "Skip that parameter with continue; do not return or break.",
    ),
    Mistake(
        "OPTIMIZER-FIRST-ONLY",
        "only some of the parameters are updated",
        "Loop over all parameters.",
    ),
    Mistake(
        "OPTIMIZER-CHANGES-GRADIENT",
        "step() changes the gradients",
        "Compute into new arrays; leave parameter.grad as it is.",
    ),
    Mistake(
        "OPTIMIZER-KEEPS-THE-GRADIENT",
        "it keeps the gradient's own array, which changes under it when the next gradient is written there",
        "Keep a copy: gradient.copy(), or what a first multiplication gives.",
    ),
    Mistake(
        "OPTIMIZER-STATE-SHARED",
        "two optimizers share what they keep between steps",
        "Make velocities and moments in __init__, as attributes of self, not in the class or in a default.",
    ),
    Mistake(
        "OPTIMIZER-GENERATOR",
        "parameters that come from a generator are lost, as it is walked through twice",
        "Write self.params = list(params) first, and use self.params from then on.",
    ),
    Mistake(
        "DECAY-SIGN",
        "weight decay has the wrong sign: weights grow by it",
        "Add weight_decay * w to the gradient; AdamW subtracts lr * weight_decay * w from the weights.",
    ),
    Mistake(
        "ADAM-NO-EPS",
        "eps is left out, so that 0 is divided by 0 where every gradient was 0",
        "Divide by sqrt(v) + eps.",
    ),
    Mistake(
        "MOMENTUM-SHARES-GRADIENT",
        "the velocity is the gradient's own array, so that it changes when the gradient is reset or added to",
        "Copy the gradient when the velocity starts: velocity = gradient.copy().",
    ),
    Mistake(
        "ADAM-ARGUMENTS-IGNORED",
        "betas and eps that are given have no effect",
        "Keep betas and eps in __init__, and use them in step().",
    ),
    Mistake(
        "DECAY-AFTER-NOT-TIMES-LR",
        "weight decay is applied after the update, and not multiplied by the learning rate",
        "Subtract lr * weight_decay * w, with the weights from before the step.",
    ),
)
