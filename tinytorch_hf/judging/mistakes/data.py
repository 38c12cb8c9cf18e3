"""Mistakes in datasets, loaders and tokenizers."""

from __future__ import annotations

from tinytorch_hf.judging.mistakes.mistake import Mistake

MISTAKES = (
    Mistake(
        "LOADER-LAST-BATCH",
        "the last, smaller batch is left out",
        "Go on until every sample was given; the last batch may be smaller.",
    ),
    Mistake(
        "LOADER-SAMPLES",
        "some samples are left out or given twice in an epoch",
        "Go through a permutation of all indices.",
    ),
    Mistake(
        "LOADER-LABELS",
        "images and labels are not in the same order",
        "Shuffle indices, and use the same indices for every tensor.",
    ),
    Mistake(
        "LOADER-NOT-SHUFFLED",
        "shuffle=True keeps the order",
        "Shuffle the indices at the beginning of __iter__.",
    ),
    Mistake(
        "LOADER-ORDER-REPEATS",
        "every epoch has the same order",
        "Shuffle again in __iter__, not in __init__.",
    ),
    Mistake(
        "LOADER-SHUFFLES-ALWAYS",
        "without shuffle the order changes",
        "Go through the indices in order unless shuffle is True.",
    ),
    Mistake(
        "LOADER-ONE-PASS",
        "a second pass over the loader gives nothing",
        "Make a new iterator in each __iter__.",
    ),
    Mistake(
        "LOADER-NO-TENSORS",
        "a batch holds something else than tensors",
        "Stack the samples and wrap them in Tensor.",
    ),
    Mistake(
        "TOKENIZER-ROUND-TRIP",
        "encoding and decoding a text does not give it back",
        "decode must be the inverse of encode for every known character.",
    ),
    Mistake(
        "TOKENIZER-UNKNOWN",
        "a character that is not in the vocabulary is not encoded as the id 0",
        "Use .get(character, 0).",
    ),
    Mistake(
        "LOADER-BATCH-SIZE",
        "the batches have other sizes than batch_size",
        "Take batch_size samples at a time; only the last batch may be smaller.",
    ),
    Mistake(
        "LOADER-LENGTH",
        "len() of the loader is not the number of its batches",
        "Divide the number of samples by batch_size and round up.",
    ),
    Mistake(
        "LOADER-GOES-ON",
        "after an interrupted pass, the next one resumes there instead of starting from the beginning",
        "Begin at the first sample in each __iter__; keep no position in the loader.",
    ),
    Mistake(
        "LOADER-CHANGES-DATASET",
        "shuffling changes the dataset itself",
        "Shuffle a list of indices, not the tensors.",
    ),
    Mistake(
        "DATASET-INDEX",
        "a sample of the dataset is not what stands at its index in the tensors",
        "Return tensor[index] of every tensor, counted from 0.",
    ),
    Mistake(
        "TOKENIZER-LENGTH",
        "a text is not encoded as one id for each character",
        "Return a list with the id of every character, in order.",
    ),
    Mistake(
        "TOKENIZER-KNOWN-UNKNOWN",
        "characters of the texts that the vocabulary was built from are encoded as the id 0",
        "Give ids from 1 on to all characters of all texts; 0 is for unknown ones.",
    ),
    Mistake(
        "TOKENIZER-SHARED-ID",
        "different characters share an id",
        "Number the sorted set of all characters.",
    ),
    Mistake(
        "TOKENIZER-SIZE",
        "vocab_size does not count the id of unknown characters",
        "vocab_size is the number of characters plus one.",
    ),
)
