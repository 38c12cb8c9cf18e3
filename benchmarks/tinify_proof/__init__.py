"""What the choice of `tinify` is worth, and which look-alikes it finds: measured on sources that someone has.

``python -m benchmarks.tinify_proof MNIST=mnist "part of CIFAR-10=cifar.npz" utterances=utterances.jsonl --root ROOT``
chooses from each source, 10 and 100 samples a class, and lets the judges of the proof learn from the choice and from 20
random subsets. A source is whatever `tinytorch-hf tinify` takes. ``--seeds 0 1 2`` measures several seeds,
``--per-class 10`` one size. It goes on where it was ended, and ``--write`` puts the numbers into the page.
``python -m benchmarks.tinify_proof.look_alikes`` measures which copies are found.
"""
