"""Milestone 06: make trained models smaller and faster, and measure what that costs.

It is meant to be read, in this order:

1. `training`: a model of TinyTorch is trained, and its weights are taken out; `profiling`: where its time goes
2. `pieces` and `network`: the same function on bare arrays, without the graph; later levels exchange its pieces
3. `acceleration`: explicit loops, and steps that are fused
4. `quantisation`: weights and activations as int8; `pruning`: fewer weights, then fewer neurons
5. `milestones.generation` and `kv_cache`: a GPT that does not read again what it has read
6. `levels`: every level for images and for texts; `matrix`: all of them measured beside each other
"""

from tinytorch_hf.milestones.optimisation.matrix import Matrix, Row, problems, run, table

__all__ = ["Matrix", "Row", "problems", "run", "table"]
